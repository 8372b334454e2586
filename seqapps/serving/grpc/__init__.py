"""TF Serving's gRPC interface: predict, metadata, status, and gRPC's own health service."""
