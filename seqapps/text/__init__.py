"""Text to tokens and back, inside the TensorFlow graph."""
