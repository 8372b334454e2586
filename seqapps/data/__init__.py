"""From a source to rows, splits, cases and batches."""
