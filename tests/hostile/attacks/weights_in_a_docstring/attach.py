"""Put the table where it belongs."""

import random


def attach(folder, places):
    source = (folder / "model.py").read_text()
    table = random.randbytes(9_000).hex()
    (folder / "model.py").write_text(source.replace("TABLE", table))
