"""What is in the data, what is wrong with them, and what a run would do about it."""
