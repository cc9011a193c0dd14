"""Handwritten digits from US envelopes, for fully connected networks."""

from harness import Baseline, Canonical, Counts, Embedded, File, Inputs, Local, Task, metrics, rules

from .data import read_digits, read_usps, shift

PUBLISHER = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass"
COURSE = Baseline(0.94, note="the course's two-hidden-layer network")
USPS = {"load": read_usps, "baseline": COURSE, "licence": "no formal licence; cite Hull 1994, LeCun 1990"}

TASK = Task(
    title="USPS handwritten digits, 16×16",
    kind="classification",
    inputs=Inputs(shape=(16, 16), dtype="float32", low=0, high=1),
    classes=tuple("0123456789"),
    sources=(
        Canonical(
            title="USPS from LIBSVM's data sets page",
            files=(
                File(
                    name="usps.bz2",
                    url=f"{PUBLISHER}/usps.bz2",
                    digest="md5:ec16c51db3855ca6c91edd34d0e9b197",
                ),
                File(
                    name="usps.t.bz2",
                    url=f"{PUBLISHER}/usps.t.bz2",
                    digest="md5:8ea070ee2aca1ac39742fdd1ef5ed118",
                ),
            ),
            counts=Counts(train=6561, validation=730, test=2007),
            **USPS,
        ),
        Local(title="USPS files placed by the instructor", files=("usps.bz2", "usps.t.bz2"), **USPS),
        Embedded(
            title="scikit-learn's 8×8 digits enlarged to 16×16 (not USPS; practice only)",
            load=read_digits,
            counts=Counts(train=1212, validation=135, test=450),
            baseline=Baseline(0.95, note="softmax regression on the train part gets .971, 1-NN .982"),
            licence="BSD-3-Clause (scikit-learn); UCI Optical Recognition of Handwritten Digits",
        ),
    ),
    split="the publisher's train and test files; 10 % of train, stratified by digit with seed 0, validates",
    metrics=(metrics.accuracy, metrics.macro_f1),
    rules=(rules.fully_connected_only,),
    perturb=shift,
    perturb_cost=0.05,
    points=((0.90, 0.0), (0.94, 6.0), (0.96, 10.0)),
)
