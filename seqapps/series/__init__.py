"""Series in time: regular grids, windows, gaps, scales, transforms, and what a series is like."""
