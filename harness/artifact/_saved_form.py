"""The names of the two files that the default `save` writes, and the bounds on the files of any artifact."""

ARRAYS = "arrays.safetensors"
"""The file with all arrays."""
STRUCTURE = "structure.pkl"
"""The file with the structure around the arrays; only a worker reads it."""
ATTRIBUTES = "attributes"
"""A key of the metadata of `ARRAYS`: for each attribute [name, first array, end, bytes of structure], as JSON. The
worker writes it, so it is not reliable."""
MAX_PATH_BYTES, MAX_DEPTH = 255, 16
"""The longest path of a file in an artifact, in bytes and in parts of the path."""
MAX_FILES, MAX_FOLDERS = 1_000, 200
"""The largest numbers of files in an artifact and of folders that contain them: the host creates all of them."""
