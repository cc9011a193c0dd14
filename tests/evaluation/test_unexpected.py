"""An unexpected error is reported as a failure of the harness, with submission, task, phase and place."""

from __future__ import annotations

import pytest

from harness.errors import InfrastructureError, SubmissionError, TaskError
from harness.evaluation._unexpected import encodable, reported

pytestmark = pytest.mark.unit


def test_an_unexpected_error_names_its_place_and_not_the_submission() -> None:
    with (
        pytest.raises(InfrastructureError, match=r"bob on task blobs, phase weigh: ZeroDivisionError") as caught,
        reported("bob", "blobs", lambda: "weigh"),
    ):
        print(1 / 0)
    said = str(caught.value)
    assert f"({__file__}:" in said
    assert "no record was written and the submission is not to blame" in said
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    "error",
    [TaskError("t"), SubmissionError("fit_error", "fit", "s"), OSError(28, "full"), KeyboardInterrupt(), SystemExit(3)],
    ids=lambda error: type(error).__name__,
)
def test_known_errors_are_raised_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, reported("bob", "blobs", lambda: "fit"):
        raise error
    assert caught.value is error


def test_text_with_invalid_bytes_can_be_encoded() -> None:
    assert encodable("a\udcffb").encode() == b"a\\udcffb"
