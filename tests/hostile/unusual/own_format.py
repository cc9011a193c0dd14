"""Save the model in an SQLite database.

Held: passed
Checked by: it is scored like any other submission; whatever is not an array counts by its size in bytes.
"""

import sqlite3

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def save(self, folder):
        base = sqlite3.connect(folder / "model.db")
        base.execute("create table centres (x real, y real)")
        base.executemany("insert into centres values (?, ?)", self.centres.tolist())
        base.commit()
        base.close()

    def load(self, folder):
        base = sqlite3.connect(f"file:{folder}/model.db?immutable=1", uri=True)
        self.centres = np.array(base.execute("select x, y from centres").fetchall())
        base.close()

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
