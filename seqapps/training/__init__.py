"""Training in rounds that can be resumed."""
