"""Put the modules beside the model."""

NAMES = (
    "sitecustomize", "usercustomize", "harness", "msgspec", "safetensors", "numpy", "struct", "pickle", "torch",
    "site", "encodings", "contextlib", "cloudpickle",
)  # fmt: skip


def attach(folder, places):
    for name in NAMES:
        (folder / f"{name}.py").write_text("SHADOW = True\nraise RuntimeError('ESCAPED: a shadow was imported')\n")
