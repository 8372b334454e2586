"""A development twin of TF Serving: the same addresses, requests, answers and refusals."""
