"""Put the table where it belongs."""

import random


def attach(folder, places):
    (folder / "n").mkdir()
    for number in range(150):
        (folder / "n" / f"{number:03}{random.randbytes(100).hex()}").touch()
