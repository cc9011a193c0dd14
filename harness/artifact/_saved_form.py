"""The two files that the default `save` writes."""

ARRAYS = "arrays.safetensors"
"""Every number that sits in an array."""
STRUCTURE = "structure.pkl"
"""The file with the structure around the arrays; only a worker reads it back."""
ATTRIBUTES = "attributes"
"""In the header of `ARRAYS`: [name, first array, end, bytes of structure] of each attribute, as JSON. A claim."""
MAX_PATH_BYTES, MAX_DEPTH = 255, 16
"""Longest path of a file in an artifact, in bytes and in folders."""
MAX_FILES, MAX_FOLDERS = 1_000, 200
"""The most files in an artifact, and the most folders that they lie in: each is made on the host."""
