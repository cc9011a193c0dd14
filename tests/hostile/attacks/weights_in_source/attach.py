"""Put the modules beside the model."""

import random


def attach(folder, places):
    numbers = [random.random() for _ in range(5_000)]
    (folder / "table.py").write_text(f"NUMBERS = {numbers}\n")
