"""Keras layers, written with keras.ops so that they run on every Keras backend."""
