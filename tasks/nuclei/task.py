"""Find the nuclei of cells: which pixels belong to one."""

from harness import Baseline, Counts, Embedded, Inputs, Limits, Local, Task, metrics

from .._shared import jitter
from .data import FILE, GENERATED, SIZES, generate, read

TASK = Task(
    title="Cell nuclei in fluorescence images, 256×256",
    kind="segmentation",
    inputs=Inputs(shape=(256, 256), dtype="float32", low=0, high=1),
    classes=("background", "nucleus"),
    sources=(
        Local(
            title="BBBC038v1 (Data Science Bowl 2018), the 334 fluorescence images of 256×256",
            files=(FILE,),
            load=read,
            counts=Counts(*SIZES),
            baseline=Baseline(0.875, note="what Otsu's threshold gets, reference/otsu", reference="otsu"),
            licence="CC0; cite Caicedo et al. 2019",
        ),
        Embedded(
            title="generated nuclei (not micrographs; practice only)",
            load=generate,
            counts=Counts(*GENERATED),
            baseline=Baseline(0.81, note="what Otsu's threshold gets, reference/otsu", reference="otsu"),
            licence="none needed: generated",
        ),
    ),
    split="200/50/84 images by a permutation with a fixed seed, each image once; 40/12/24 generated ones likewise",
    metrics=(metrics.dice, metrics.iou, metrics.hausdorff_95, metrics.normalised_surface_distance(tolerance=2)),
    limits=Limits(fit_cpu_seconds=600),
    perturb=jitter.noise,
    perturb_cost=0.05,
    points=((0.80, 0.0), (0.88, 6.0), (0.93, 10.0)),
    batch=16,
)
