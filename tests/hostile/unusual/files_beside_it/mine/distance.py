"""How far it is."""


def distances(inputs, centres):
    return ((inputs[:, None] - centres) ** 2).sum(axis=2)
