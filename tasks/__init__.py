"""The built-in tasks, one folder each; registered by entry point like anybody's."""
