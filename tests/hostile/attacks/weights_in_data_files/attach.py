"""Put the files beside the model."""

import os


def attach(folder, places):
    (folder / "tables").mkdir()
    for number in range(16):
        (folder / "tables" / f"{number}.bin").write_bytes(os.urandom(4_000))
