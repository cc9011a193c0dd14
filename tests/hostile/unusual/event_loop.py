"""Train in an event loop, which needs sockets and signals of its own.

Held: passed
Checked by: it is scored like any other submission.
"""

import asyncio

import numpy as np

import harness


class Model(harness.Model):
    async def learn(self, train):
        async def centre(label):
            await asyncio.sleep(0)
            return train.inputs[train.targets == label].mean(axis=0)

        return np.stack(await asyncio.gather(*map(centre, range(3))))

    def fit(self, train, validation):
        self.centres = asyncio.run(self.learn(train))

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
