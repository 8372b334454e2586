"""The SavedModel bundle, and the proof that it answers as the trained model does."""
