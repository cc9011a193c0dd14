"""Upload grades to Canvas through its REST API, with the same rules for cells as for its gradebook file.

The rules are those of canvas-lms: app/controllers/submissions_api_controller.rb (``index``, ``update``) and
lib/api/v1/submission.rb define requests and answers; app/models/abstract_assignment.rb (``grade_student``) grades all
members of a group together unless the assignment says otherwise.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import msgspec

from harness._version import extra
from harness.errors import InfrastructureError, UsageError
from harness.gradebook import Entry
from harness.lms._edit import Filled, Manner
from harness.lms.canvas import canvas_csv
from harness.tables import Sheet, parse_number

_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_USER, _GRADE = 1, len(_HEADER)
_EXCUSED = "EX"
_NO_POINTS = ("pass_fail", "not_graded")


class CanvasPlace(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment of a course on a Canvas server."""

    url: str
    course: int
    assignment: int

    def __str__(self) -> str:
        return f"assignment {self.assignment} of course {self.course} at {self.url}"


class CanvasUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one person's grade in Canvas."""

    user: str
    """The person's number in Canvas."""
    key: str
    """The person's key in the gradebook."""
    who: str
    before: str
    after: str

    @property
    def asked(self) -> dict[str, object]:
        """The parameters of the request."""
        return {"excuse": True} if self.after == _EXCUSED else {"posted_grade": self.after}


@dataclass(frozen=True)
class CanvasAnswer:
    """Canvas's answer to one update, with a problem if Canvas did not store the requested grade."""

    update: CanvasUpdate
    problem: str = ""
    notice: str = ""


class CanvasAssignment:
    """An assignment in Canvas: its current grades, and a way to change them."""

    def __init__(self, place: CanvasPlace, token: str) -> None:
        """Request the assignment.

        Raises:
            UsageError: `canvasapi` is not installed, the address, the token or a number is wrong, or the assignment
                does not accept points for individual people.
            InfrastructureError: Canvas cannot be reached.
        """
        if find_spec("canvasapi") is None:
            raise UsageError(f"uploading to Canvas needs its library: {extra('canvas')}")
        self.place = place
        with _asking(place):
            self._assignment = _connect(place.url, token).get_course(place.course).get_assignment(place.assignment)
            self._title = str(self._assignment.name)
        _refuse_unfit(self._assignment)
        with _asking(place):
            found = list(self._assignment.get_submissions(include=["user"], per_page=100))
        self._submissions: Mapping[str, Any] = {str(one.user_id): one for one in found if hasattr(one, "user_id")}
        if len(self._submissions) < len(found):
            raise UsageError(f"{place} hides who is who (anonymous grading): reveal the students' names in Canvas")

    def fill(self, entries: Sequence[Entry], manner: Manner, *, scale: bool) -> tuple[Filled, list[CanvasUpdate]]:
        """Return the grades in Canvas with `entries` filled in, and the updates that this requires.

        Raises:
            UsageError: somebody is not in the course, or the maximum of the points differs.
        """
        before = self._sheet()
        filled = canvas_csv(entries, before.header[_GRADE], before, manner, scale=scale)
        after = Sheet.of(filled.content, str(self.place))
        return filled, [
            CanvasUpdate(user=before.cell(row, _USER), key=person.key, who=str(person), before=old, after=new)
            for row, person in filled.rows.items()
            if (old := before.cell(row, _GRADE)) != (new := after.cell(row, _GRADE))
        ]

    def send(self, updates: Sequence[CanvasUpdate]) -> Iterator[CanvasAnswer]:
        """Send the updates one after another, and yield the answer to each.

        Raises:
            UsageError: Canvas no longer accepts the token.
            InfrastructureError: Canvas can no longer be reached.
        """
        from canvasapi.exceptions import CanvasException, InvalidAccessToken

        for update in updates:
            submission = self._submissions[update.user]
            with _asking(self.place):
                try:
                    submission.edit(submission=update.asked)
                except InvalidAccessToken:
                    raise
                except CanvasException as error:
                    yield CanvasAnswer(update, problem=f"Canvas refused: {error}")
                    continue
            yield _check(update, submission)

    def _sheet(self) -> Sheet:
        """Return the grades in Canvas in the form of its gradebook file, with only this assignment."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*_HEADER, f"{self._title} ({self.place.assignment})"])
        writer.writerow(["Points Possible", "", "", "", "", _number(self._assignment.points_possible)])
        for number, one in self._submissions.items():
            user = getattr(one, "user", None) or {}
            numbers = [str(user.get(name) or "") for name in ("sis_user_id", "login_id")]
            name = str(user.get("sortable_name") or user.get("name") or number)
            writer.writerow([name, number, *numbers, "", _cell(one)])
        return Sheet.of(text.getvalue().encode(), str(self.place))


def _connect(url: str, token: str) -> Any:
    from canvasapi import Canvas

    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _ON_THIS_MACHINE)
    if not is_safe or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise UsageError(f"{url!r} is not the address of a Canvas server: expected one like https://canvas.example.org")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about http, which is allowed only for this machine
        return Canvas(url, token)


@contextmanager
def _asking(place: CanvasPlace) -> Iterator[None]:
    """Translate the errors of requests to Canvas."""
    from canvasapi.exceptions import CanvasException, Forbidden, InvalidAccessToken, ResourceDoesNotExist, Unauthorized
    from requests import RequestException
    from requests.exceptions import JSONDecodeError

    try:
        yield
    except InvalidAccessToken as error:
        raise UsageError(f"{place.url} does not accept the token: make a new one in your Canvas profile") from error
    except (Unauthorized, Forbidden) as error:
        raise UsageError(f"the token lacks a permission for {place}: {error}") from error
    except ResourceDoesNotExist as error:
        raise UsageError(f"there is no {place}, or the token lacks the permission to see it") from error
    except JSONDecodeError as error:
        raise UsageError(f"{place.url} does not answer as Canvas does: is the address right?") from error
    except (CanvasException, RequestException) as error:
        raise InfrastructureError(f"{place.url} cannot be reached ({error}): try again later") from error


def _refuse_unfit(assignment: Any) -> None:
    """Raise unless the grades of the assignment are points of individual people.

    Raises:
        UsageError: they are not.
    """
    name = str(assignment.name)
    if getattr(assignment, "grading_type", "points") in _NO_POINTS:
        raise UsageError(f"{name!r} does not use points in Canvas ({assignment.grading_type}): set points there")
    if getattr(assignment, "moderated_grading", False) and not getattr(assignment, "grades_published", True):
        raise UsageError(f"the grades of {name!r} are moderated and not released: until then Canvas accepts none")
    is_of_groups = getattr(assignment, "group_category_id", None) is not None
    if is_of_groups and not getattr(assignment, "grade_group_students_individually", False):
        raise UsageError(
            f"a grade of {name!r} goes to everybody in a group at once: tick 'Assign grades to each student "
            "individually' in Canvas"
        )


def _cell(submission: Any) -> str:
    if getattr(submission, "excused", False):
        return _EXCUSED
    # the entered grade, before Canvas's own late policy
    entered = getattr(submission, "entered_score", None)
    return _number(getattr(submission, "score", None) if entered is None else entered)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _check(update: CanvasUpdate, stored: Any) -> CanvasAnswer:
    """Compare the grade that Canvas stored with the requested one."""
    found = _cell(stored)
    if found != update.after and parse_number(found) != parse_number(update.after):
        return CanvasAnswer(update, problem=f"Canvas stored {found or 'nothing'!r}, not {update.after!r}")
    taken = getattr(stored, "points_deducted", None)
    return CanvasAnswer(update, notice=f"Canvas's own late policy deducts another {taken:g} points" if taken else "")
