"""Scores as reductions of summed statistics, and the interval around any of them."""
