"""A client of TF Serving and of its twin, by REST or gRPC: NumPy arrays in and out."""
