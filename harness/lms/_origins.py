"""Remember who handed in each imported submission, by the other system's own numbers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from harness.course import Course
from harness.errors import InfrastructureError
from harness.files import write_atomically
from harness.gradebook import Person


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a submission's files."""

    system: str
    who: str
    number: str
    files: tuple[str, ...] = ()
    """Their names in the download."""


class Origins:
    """The origins of a course's submissions, by submission and task."""

    def __init__(self, course: Course) -> None:
        self._path = course.private / "imports.json"
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Origin])
        except FileNotFoundError:
            self._kept = {}
        except (OSError, msgspec.DecodeError) as error:
            raise InfrastructureError(
                f"{self._path} cannot be read ({error}): it holds the owner of each submission; restore it or move it "
                "away"
            ) from error
        self._before = dict(self._kept)

    def of(self, submission: str, task: str) -> Origin | None:
        """Return the origin of a submission's files, if they were imported."""
        return self._kept.get(f"{submission}/{task}")

    def learn(self, submission: str, task: str, origin: Origin) -> None:
        """Remember the origin of a submission's files, until `save` stores it."""
        self._kept[f"{submission}/{task}"] = origin

    def submission_of(self, system: str, task: str, number: str) -> str | None:
        """Return the submission whose files came from the person with this number in `system`."""
        for place, origin in self._kept.items():
            submission, _, name = place.rpartition("/")
            if name == task and (origin.system, origin.number) == (system, number):
                return submission
        return None

    def save(self) -> None:
        """Store the origins."""
        if self._kept != self._before:
            content = msgspec.json.format(msgspec.json.encode(self._kept, order="deterministic"), indent=2)
            write_atomically(self._path, content + b"\n", 0o600)


def moodle_numbers(course: Course, task: str) -> Callable[[Person], str]:
    """Return a function that returns a person's number in Moodle; '' if no import of this assignment contained it."""
    origins = Origins(course)

    def number_of(person: Person) -> str:
        origin = origins.of(person.submission, task)
        return origin.number if origin is not None and origin.system == "moodle" else ""

    return number_of
