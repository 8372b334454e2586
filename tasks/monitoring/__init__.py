"""Is the machine still well, since when not, and which sensor says so."""
