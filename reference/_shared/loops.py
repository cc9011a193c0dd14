"""The training loop that references share: one-cycle AdamW over a fixed number of steps, whatever the data's size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

import harness


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How long and how fast to learn: at most `steps` of `batch` items each, whatever the size of the data."""

    steps: int
    epochs: int | None = None
    """On less data, no more passes than this."""
    batch: int = 64
    rate: float = 3e-3
    weight_decay: float = 0.05
    clip: float = 1.0
    log_every: int = 10

    def steps_for(self, items: int) -> int:
        """Return how many steps to take over `items`."""
        return self.steps if self.epochs is None else min(self.steps, self.epochs * -(-items // self.batch))


def train(
    net: nn.Module, step_loss: Callable[[Tensor], Tensor], items: int, recipe: Recipe, model: harness.Model
) -> None:
    """Minimise `step_loss`, which is called with the indices of one batch; leaves `net` in eval mode."""
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    steps = recipe.steps_for(items)
    optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=recipe.rate, total_steps=steps)
    net.train()
    order = torch.randperm(0)
    for step in range(steps):
        if len(order) < min(recipe.batch, items):
            order = torch.cat([order, torch.randperm(items)])
        chosen, order = order[: recipe.batch], order[recipe.batch :]
        loss = step_loss(chosen)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, recipe.clip)
        optimiser.step()
        schedule.step()
        if step % recipe.log_every == 0 or step + 1 == steps:
            model.log(step=step + 1, steps=steps, loss=loss.item())
    net.eval()


class Classifier(harness.Model):
    """A classifier by a network: give it `recipe` and `build()`; `prepare` and `augment` where they are needed."""

    recipe: Recipe
    smoothing = 0.0
    imbalance = 0.0
    """Weigh each class by its frequency to the power of minus this: 0 not at all, 1 all classes alike."""

    def build(self) -> nn.Module:
        """Return the network; `self.task` is there."""
        raise NotImplementedError

    def prepare(self, inputs) -> Tensor:
        """Make of a batch of inputs what the network takes."""
        return torch.tensor(inputs)

    def augment(self, batch: Tensor) -> Tensor:
        """Vary a prepared batch in training."""
        return batch

    def fit(self, train_part, validation):
        self.net = self.build()
        inputs, labels = self.prepare(train_part.inputs), torch.tensor(train_part.targets)
        loss = nn.CrossEntropyLoss(
            weight=class_weights(train_part.targets, len(self.task.classes), self.imbalance),
            label_smoothing=self.smoothing,
        )
        train(
            self.net,
            lambda chosen: loss(self.net(self.augment(inputs[chosen])), labels[chosen]),
            len(inputs),
            self.recipe,
            self,
        )

    def predict(self, inputs):
        return self.net(self.prepare(inputs))


def class_weights(labels: np.ndarray, classes: int, power: float) -> Tensor:
    """Return one weight a class, 1 on average over the items."""
    counts = np.bincount(labels, minlength=classes).clip(1)
    weights = counts**-power
    return torch.tensor(weights * len(labels) / (weights * counts).sum(), dtype=torch.float32)
