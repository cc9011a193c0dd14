"""Put the link beside the model."""


def attach(folder, places):
    (folder / "table.npz").symlink_to(places["labels"])
