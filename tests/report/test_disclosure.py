"""What each audience may see of a result, independent of what the templates use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.record import Audit, Evidence, ExampleAnswers, Timeline
from harness.report import Audience, show
from tests.records import FOUR, TWO_CLOUDS, changed, material

pytestmark = pytest.mark.unit

EVIDENCE = Evidence(
    outcomes=np.ones(4, bool),
    predictions=np.array([0, 1, 0, 1]),
    scores=np.ones((4, 2)),
    draws=np.ones(9),
    drawn=np.arange(4),
    latencies=np.ones(4),
    timeline=Timeline(),
    curve=({"loss": 1.0, "my words": 2.0},),
    examples=ExampleAnswers(items=np.arange(2), values=np.zeros(2, int)),
)
OF_SCORED_PART = ("outcomes", "predictions", "scores", "draws", "latencies", "timeline")


def shown(audience: Audience, *, source: str = "local", labels: str = "public", restricted: bool = False):
    record = changed(task={"source": source, "test_labels": labels, "scored_on": "test"})
    task = replace(TWO_CLOUDS, restricted=restricted)
    return show(material(record, EVIDENCE, task=task, fit_validation=FOUR), audience)


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.STUDENT])
@pytest.mark.parametrize("secret", [{"labels": "private"}, {"restricted": True}])
def test_nothing_per_item_of_a_secret_part_is_shown(audience, secret) -> None:
    found = shown(audience, **secret)
    assert [getattr(found.evidence, name) for name in OF_SCORED_PART] == [None] * 6
    assert found.targets is None
    assert found.scored is None
    assert (found.evidence.curve == ()) is ("restricted" in secret)
    assert (found.evidence.examples is None) is (found.fit_validation is None) is ("restricted" in secret)


@pytest.mark.parametrize("audience", list(Audience))
def test_only_instructors_see_scored_and_timed_items(audience) -> None:
    found = shown(audience)
    assert (found.scored is None) is (found.evidence.drawn is None) is (audience is not Audience.INSTRUCTOR)
    assert found.targets is not None


def test_generated_data_in_place_of_restricted_data_may_be_shown() -> None:
    assert shown(Audience.PUBLIC, source="embedded", restricted=True).targets is not None


def test_a_task_that_does_not_load_is_treated_as_restricted() -> None:
    record = changed(task={"source": "local", "scored_on": "test"})
    found = show(material(record, EVIDENCE, task=None, fit_validation=FOUR), Audience.PUBLIC)
    assert found.targets is found.fit_validation is None


def test_the_public_gets_no_details_of_the_run() -> None:
    audit = Audit(name="secret", passed=False, severity="warn", detail="secret")
    record = changed(audits=(audit,), run={"packages": {"secret": "1"}, "id": "secret", "harness_version": "secret"})
    public, author = (show(material(record), audience).record for audience in (Audience.PUBLIC, Audience.STUDENT))
    assert "secret" not in repr(public)
    assert repr(author).count("secret") == 5
    assert len(public.audits) == 1
