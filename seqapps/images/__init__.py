"""Encoded pictures to tensors, and networks that read them."""
