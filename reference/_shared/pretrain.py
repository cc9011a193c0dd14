"""Make the weights that the transfer references begin with: networks that tell phantoms of patients from controls.

``python reference/_shared/pretrain.py [NAME…]``, in the course's root, writes ``pretrained.bin`` beside each
``reference/*-transfer/spect/model.py``, in half precision and without the last layer. The phantoms are drawn anew,
with another seed than the task's and another question.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

import harness

REFERENCE = Path(__file__).parents[1]
SEED = 7
PHANTOMS = 600


def phantoms():
    """Return slices and labels: 1 for patients, half of them, of any stage."""
    course = harness.open_course(REFERENCE.parent)
    declared = sys.modules[course.task("spect").sources[-1].load.__module__]
    generator = np.random.Generator(np.random.PCG64(SEED))
    module = sys.modules[declared.phantom.__module__]
    labels = np.arange(PHANTOMS) % 2
    stages = [generator.choice(len(module.STAGES)) for _ in labels]
    slices = [
        module.phantom(module.STAGES[stage] if label else module.CONTROL, generator)
        for label, stage in zip(labels, stages, strict=True)
    ]
    return np.stack(slices).astype(np.float32) / 1000, labels


def main(names):
    sys.path.insert(0, str(REFERENCE))
    from _shared.nets import ResNet18, vgg16, vit
    from _shared.spect import SIDE, Staging

    inputs, labels = phantoms()
    part = SimpleNamespace(inputs=inputs, targets=labels)
    nets = {"vgg16": vgg16(1, 2, 8), "resnet18": ResNet18(1, 2, 8), "vit": vit(SIDE, 10, 2)}
    for name in names or nets:
        net = nets[name]
        torch.manual_seed(SEED)
        model = Staging()
        model.task = SimpleNamespace(classes=("control", "patient"))
        model.build = lambda net=net: net
        model.fit(part, part)
        last = [key for key, module in net.named_modules() if isinstance(module, nn.Linear)][-1]
        kept = {
            key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
            for key, tensor in net.state_dict().items()
            if not key.startswith(f"{last}.")
        }
        path = REFERENCE / f"{name}-transfer" / "spect" / "pretrained.bin"
        save_file(kept, path)
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
