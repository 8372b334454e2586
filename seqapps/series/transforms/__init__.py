"""Transforms of windows of a fixed look-back: linear ones as matrices, scales, gaps.

A window is float [batch, lookback, channels]. A matrix is made once, by NumPy, SciPy or PyWavelets
in float64, and kept in the state; the graph needs one matrix product.
"""
