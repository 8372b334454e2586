"""Classic forecasters, one a file, and how they answer cases (`adapter`).

They learn from one series alone and need no network. NumPy is imported with them, so a task imports
them inside the functions that need them.
"""
