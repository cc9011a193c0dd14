"""Which stage of Parkinson's disease, on a slice of dopamine transporter SPECT."""

from harness import Baseline, Counts, Embedded, File, Inputs, Limits, Local, Task, metrics

from .._shared import jitter
from .data import generate, read
from .phantoms import HIGHEST, SHAPE
from .ppmi import IMAGES, TABLE

COURSE = Baseline(0.25, strict=True, note="the course's; three-way chance is .33")
IMAGENET = "BSD-3-Clause (torchvision); learned from ImageNet, whose terms are for research"
WEIGHTS = "https://download.pytorch.org/models"

TASK = Task(
    title="Parkinson's disease in three stages, DaTscan SPECT 91×109",
    kind="classification",
    inputs=Inputs(shape=SHAPE, dtype="float32", low=0, high=HIGHEST),
    classes=("stage 1", "stage 2", "stage 3"),
    sources=(
        Local(
            title="PPMI DaTscan images placed by the instructor",
            files=(TABLE, IMAGES),
            load=read,
            baseline=COURSE,
            licence="PPMI data use agreement: no image, and nothing made of one, may be passed on",
        ),
        Embedded(
            title="striatal phantoms (not patients; practice only)",
            load=generate,
            counts=Counts(312, 78, 130),
            baseline=COURSE,
            licence="none needed: generated",
        ),
    ),
    split="by subject: 25 % test, 20 % of the rest validate, stages in the same proportion, with a fixed seed",
    metrics=(metrics.accuracy, metrics.balanced_accuracy, metrics.quadratic_kappa),
    limits=Limits(shipped_bytes=512 << 10, artifact_bytes=512 << 20),
    perturb=jitter.shift_and_scale,
    points=((0.25, 0.0), (0.50, 6.0), (0.75, 10.0)),
    restricted=True,
    assets=(
        File(
            name="vgg16-397923af.pth",
            url=f"{WEIGHTS}/vgg16-397923af.pth",
            digest="sha256:397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            licence=IMAGENET,
        ),
        File(
            name="resnet18-f37072fd.pth",
            url=f"{WEIGHTS}/resnet18-f37072fd.pth",
            digest="sha256:f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
            licence=IMAGENET,
        ),
        File(
            name="vit_b_16-c867db91.pth",
            url=f"{WEIGHTS}/vit_b_16-c867db91.pth",
            digest="sha256:c867db91d3e12c6cbadabb610d73c24a546bf82d8c03a9fea34f43a712ddb0e9",
            licence=IMAGENET,
        ),
    ),
)
