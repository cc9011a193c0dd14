"""Grades into Canvas through its REST API, spoken with the real library to a server that gives Canvas's replies."""

from __future__ import annotations

import copy
import functools
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InfrastructureError, UsageError
from harness.gradebook import Entry
from harness.lms import Manner
from harness.lms.canvas_upload import CanvasAssignment, CanvasPlace, CanvasUpdate
from tests.conftest import TemporaryCourse
from tests.people import ANN, BOB, grade

pytest.importorskip("canvasapi", reason="the extra `canvas` is not installed")

REPLIES = json.loads(Path(__file__).with_name("canvas_replies.json").read_text())
"""As Canvas's documentation and lib/api/v1/submission.rb have them."""
TOKEN = "1234~secret"
FOLDER = "/api/v1/courses/255/assignments/543"


@dataclass
class Canvas:
    """What a Canvas holds, and what it was asked."""

    assignment: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(REPLIES["assignment"]))
    submissions: list[dict[str, Any]] = field(default_factory=list)
    deducted: float | None = None
    """What its own late policy takes."""
    fails: dict[str, int] = field(default_factory=dict)
    """The status of a reply, by what the path ends with."""
    asked: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    url: str = ""

    def add(self, number: int, name: str, **more: Any) -> None:
        """Add a student and what is there of them."""
        one = copy.deepcopy(REPLIES["submission"]) | {"user_id": number} | more
        one["user"] = {"id": number, "name": name, "sortable_name": name, "sis_user_id": None, "login_id": f"x{number}"}
        self.submissions.append(one)

    @property
    def changed(self) -> list[tuple[str, dict[str, list[str]]]]:
        """Whose grade was to be changed, and to what."""
        return [(path.rpartition("/")[2], form) for method, path, form in self.asked if method == "PUT"]

    def reply(self, method: str, path: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and content of the reply to a request."""
        self.asked.append((method, path, form))
        for ending, status in self.fails.items():
            if path.endswith(ending):
                names = {401: "unauthorized", 403: "unauthorized", 404: "not_found"}
                return status, REPLIES.get(names.get(status, ""), {"errors": [{"message": "no"}]})
        if path == "/api/v1/courses/255":
            return 200, REPLIES["course"]
        if path == FOLDER:
            return 200, self.assignment
        for one in self.submissions:
            if method == "PUT" and path == f"{FOLDER}/submissions/{one.get('user_id')}":
                return 200, self.store(one, form)
        return 404, REPLIES["not_found"]

    def store(self, one: dict[str, Any], form: dict[str, list[str]]) -> dict[str, Any]:
        """Do what a request asks, as ``grade_student`` does."""
        if form.get("submission[excuse]") == ["true"]:
            one |= {"excused": True, "score": None, "entered_score": None, "grade": None}
        else:
            entered = float(form["submission[posted_grade]"][0])
            one |= {"excused": False, "entered_score": entered, "score": entered - (self.deducted or 0.0)}
            one |= {"points_deducted": self.deducted, "grade": f"{one['score']:g}", "workflow_state": "graded"}
        return {name: value for name, value in one.items() if name != "user"} | {"submission_comments": []}


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for a `Canvas`; lists come in pages of one."""

    def __init__(self, canvas: Canvas, *arguments: Any) -> None:
        self.canvas = canvas
        super().__init__(*arguments)

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(parts.query)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, REPLIES["unauthenticated"], ("WWW-Authenticate", 'Bearer realm="canvas-lms"'))
        elif parts.path == f"{FOLDER}/submissions" and "/submissions" not in self.canvas.fails:
            assert query["include[]"] == ["user"]
            page = int(query.get("page", ["1"])[0])
            link = f'<{self.canvas.url}{parts.path}?include%5B%5D=user&page={{}}&per_page=1>; rel="{{}}"'
            links = [link.format(1, "first")] + [link.format(page + 1, "next")] * (page < len(self.canvas.submissions))
            self.answer(200, self.canvas.submissions[page - 1 : page], ("Link", ",".join(links)))
        else:
            self.answer(*self.canvas.reply("GET", parts.path, query))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(*self.canvas.reply("PUT", self.path, urllib.parse.parse_qs(body)))

    def answer(self, status: int, content: Any, *headers: tuple[str, str]) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def canvas() -> Iterator[Canvas]:
    """A Canvas with Ann, Bob, and somebody who is not in the roster and was graded by hand."""
    made = Canvas()
    made.add(11, "Ark, Ann")
    made.add(12, "Berg, Böb")
    made.add(99, "Guest, Gil", score=4.0, entered_score=4.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, made)) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        server.shutdown()


def reach(canvas: Canvas, token: str = TOKEN, **place: Any) -> CanvasAssignment:
    return CanvasAssignment(CanvasPlace(**{"url": canvas.url, "course": 255, "assignment": 543} | place), token)


def plan(canvas: Canvas, *entries: Entry, **manner: Any) -> list[CanvasUpdate]:
    return reach(canvas).fill(entries, Manner(**manner), scale=False)[1]


def test_graded_people_alone_are_changed_each_by_one_request(canvas: Canvas) -> None:
    there = reach(canvas)
    excused = grade(BOB, None, excused=True)
    filled, updates = there.fill((grade(ANN, 7.5), excused), Manner(), scale=False)
    assert [str(change) for change in filled.changes] == [
        "Ann Ark (ann): nothing → 7.50",
        "Böb Berg (bob): nothing → EX",
    ]
    assert canvas.changed == []
    assert [(one.problem, one.notice) for one in there.send(updates)] == [("", ""), ("", "")]
    assert canvas.changed == [
        ("11", {"submission[posted_grade]": ["7.50"]}),
        ("12", {"submission[excuse]": ["true"]}),
    ]
    assert plan(canvas, grade(ANN, 7.5), excused) == []


@pytest.mark.parametrize(
    ("there", "more", "changes"),
    [
        ({"entered_score": 8.0, "score": 8.0}, {}, 0),
        ({"entered_score": 8.0, "score": 8.0}, {"overwrite": True}, 1),
        ({"entered_score": 8.0, "score": 8.0}, {"former": {ANN.key: "8.00"}}, 1),
        ({"excused": True}, {}, 0),
        ({"excused": True}, {"overwrite": True}, 1),
        ({"entered_score": 7.5, "score": 6.0, "points_deducted": 1.5}, {}, 0),
    ],
)
def test_a_grade_entered_in_canvas_is_kept(
    canvas: Canvas, there: dict[str, Any], more: dict[str, Any], changes: int
) -> None:
    canvas.submissions[0] |= there
    assert len(plan(canvas, grade(ANN, 7.5), **more)) == changes


def test_all_people_who_are_not_in_the_course_are_named(canvas: Canvas) -> None:
    del canvas.submissions[:2]
    with pytest.raises(UsageError, match=r"2 graded people are not in the file: Ann Ark \(ann\).*; Böb Berg \(bob\)"):
        plan(canvas, grade(ANN), grade(BOB))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"points_possible": 20.0}, "has 10 points at most, the other side has 20"),
        ({"points_possible": None}, "the other side does not say"),
        ({"grading_type": "pass_fail"}, "does not use points in Canvas (pass_fail)"),
        ({"group_category_id": 3}, "goes to everybody in a group at once"),
        ({"moderated_grading": True, "grades_published": False}, "moderated and not released"),
    ],
)
def test_an_assignment_that_cannot_take_the_points_is_refused(
    canvas: Canvas, changed: dict[str, Any], problem: str
) -> None:
    canvas.assignment |= changed
    with pytest.raises(UsageError) as caught:
        plan(canvas, grade(ANN))
    assert problem in str(caught.value)


def test_a_group_whose_members_are_graded_one_by_one_is_taken(canvas: Canvas) -> None:
    canvas.assignment |= {"group_category_id": 3, "grade_group_students_individually": True}
    assert len(plan(canvas, grade(ANN))) == 1


def test_anonymous_grading_is_refused(canvas: Canvas) -> None:
    del canvas.submissions[1]["user_id"]
    with pytest.raises(UsageError, match="hides who is who"):
        reach(canvas)


@pytest.mark.parametrize(
    ("place", "token", "fails", "problem"),
    [
        ({}, "wrong", {}, "does not accept the token: make a new one"),
        ({"course": 256}, TOKEN, {}, "there is no assignment 543 of course 256"),
        ({"assignment": 544}, TOKEN, {}, "there is no assignment 544 of course 255"),
        ({}, TOKEN, {"/submissions": 403}, "the token lacks a permission"),
        ({}, TOKEN, {"/255": 401}, "the token lacks a permission"),
        ({"url": "http://canvas.example.org"}, TOKEN, {}, "is not the address of a Canvas server"),
        ({"url": "canvas.example.org"}, TOKEN, {}, "is not the address of a Canvas server"),
        ({"url": "https://canvas.example.org/api/v1"}, TOKEN, {}, "is not the address of a Canvas server"),
    ],
)
def test_an_invalid_address_token_or_number_is_reported(
    canvas: Canvas, place: dict[str, Any], token: str, fails: dict[str, int], problem: str
) -> None:
    canvas.fails |= fails
    with pytest.raises(UsageError) as caught:
        reach(canvas, token, **place)
    assert problem in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_canvas_that_cannot_be_reached_is_an_infrastructure_error(canvas: Canvas) -> None:
    canvas.fails["/255"] = 502
    with pytest.raises(InfrastructureError, match="cannot be reached"):
        reach(canvas)
    with pytest.raises(InfrastructureError, match="cannot be reached"):
        reach(canvas, url="http://127.0.0.1:9")


def test_a_grade_that_canvas_does_not_store_is_reported_and_stops_no_other(canvas: Canvas) -> None:
    there, canvas.deducted = reach(canvas), 1.5
    _, updates = there.fill((grade(ANN, 7.5), grade(BOB, 8.0)), Manner(), scale=False)
    canvas.fails["/submissions/11"] = 400
    first, second = there.send(updates)
    assert first.problem.startswith("Canvas refused")
    assert (second.problem, second.notice) == ("", "Canvas's own late policy deducts another 1.5 points")


# the command


@pytest.mark.line
def test_the_command_uploads_exactly_what_its_dry_run_showed(course: TemporaryCourse, canvas: Canvas) -> None:
    course.add_task(more="points=((0.5, 0.0), (1.0, 10.0)),")
    (course.root / "roster.csv").write_text("submission,name,canvas_id\nann,Ann Ark,11\nbob,Böb Berg,12\n")
    place = ("--url", f"{canvas.url}/", "--course", "255", "--assignment", "543", "--roster", "roster.csv")
    command = ("export", "canvas-upload", "--task", "blobs", *place, "--deadline", "2026-01-01T00:00Z")
    assert "set HARNESS_CANVAS_TOKEN to a token" in course.harness(*command, "--dry-run").stderr
    course.environment["HARNESS_CANVAS_TOKEN"] = TOKEN
    unseen = course.harness(*command)
    assert (unseen.returncode, canvas.changed) == (2, [])
    assert "nothing was uploaded: list the changes with --dry-run first" in unseen.stderr
    shown = course.harness(*command, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[-3:] == [
        "  Ann Ark (ann): nothing → 0.00",
        "  Böb Berg (bob): nothing → 0.00",
        f"assignment 543 of course 255 at {canvas.url}: 2 grades would change, 0 kept as they are; the same without "
        "--dry-run uploads them",
    ]
    canvas.submissions[1]["entered_score"] = 3.0
    assert "grades here or in Canvas have changed since the last --dry-run" in course.harness(*command).stderr
    assert canvas.changed == []
    canvas.submissions[1]["entered_score"] = None
    canvas.fails["/submissions/12"] = 400
    broken = course.harness(*command)
    assert broken.returncode == 3
    assert "not uploaded: Böb Berg (bob): Canvas refused" in broken.stdout
    assert broken.stdout.splitlines()[-1].endswith("1 grade uploaded, 1 not uploaded")
    canvas.fails.clear()
    assert course.harness(*command, "--dry-run").returncode == 0
    done = course.harness(*command)
    assert (done.returncode, done.stdout.splitlines()[-1][-32:]) == (0, "1 grade uploaded, 0 not uploaded")
    assert [who for who, _ in canvas.changed] == ["11", "12", "12"]
    written = json.loads((course.root / ".harness" / "export" / "canvas-blobs.json").read_text())
    assert written == {"canvas_id:11": "0.00", "canvas_id:12": "0.00"}
    assert not [path for path in course.root.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
