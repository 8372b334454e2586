"""TF Serving's REST interface: JSON to tensors and back, addresses, status, metadata."""
