"""The two files that the default `save` writes."""

ARRAYS = "arrays.safetensors"
"""Every number that sits in an array."""
STRUCTURE = "structure.pkl"
"""What holds the arrays together; only a worker reads it back."""
MAX_PATH_BYTES = 255
"""Longest path of a file in an artifact."""
