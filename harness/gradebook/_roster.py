"""The people in the class and their submissions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from harness.contract import check_name
from harness.course import suggest
from harness.errors import UsageError
from harness.gradebook._person_names import folder_name, plain
from harness.gradebook._zones import parse_time
from harness.tables import Sheet, is_shortened

COLUMNS = (
    "submission", "name", "email", "id_number", "canvas_id", "sis_user_id", "sis_login_id", "github", "alias",
    "excused", "grace_days", "submitted", "deadline",
)  # fmt: skip
NUMBERS = ("canvas_id", "email", "id_number", "sis_user_id", "sis_login_id", "github")
"""The fields that identify a person, most reliable first."""
_BY_TASK = ("submitted", "deadline")
_CLOSE = 0.7
_INVISIBLE = {ord("\u00a0"): " ", **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))}
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_WHOLE_FLOAT = re.compile(r"\d+\.0+")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One line of the roster. The members of a group share a submission."""

    submission: str
    name: str = ""
    email: str = ""
    id_number: str = ""
    """Moodle's ID number."""
    canvas_id: str = ""
    sis_user_id: str = ""
    sis_login_id: str = ""
    github: str = ""
    """The login on GitHub."""
    alias: str = ""
    """The name that the public leaderboard shows instead of the submission's."""
    excused: tuple[str, ...] = ()
    """The tasks that do not count for this person, or ``all``."""
    grace_days: int | None = None
    """The number of grace days of this person; None for the policy's."""
    submitted: datetime | None = None
    """The hand-in time, if the roster has one and the course has only one task."""
    submitted_by_task: Mapping[str, datetime] = field(default_factory=dict)
    """The hand-in times by task, if the roster has any."""
    deadlines: Mapping[str, datetime] = field(default_factory=dict)
    """Extensions, by task."""

    def is_excused(self, task: str) -> bool:
        """Return whether `task` does not count for this person."""
        return task in self.excused or "all" in self.excused

    @property
    def key(self) -> str:
        """Return the identity of this person, which is the same whenever the roster is read."""
        number = next((f"{name}:{getattr(self, name).lower()}" for name in NUMBERS if getattr(self, name)), "")
        return number or f"name:{plain(self.name)}@{self.submission}"

    def __str__(self) -> str:
        return f"{self.name} ({self.submission})" if self.name not in ("", self.submission) else self.submission


@dataclass(frozen=True)
class Roster:
    """The class, in the order of its file."""

    people: tuple[Person, ...]
    warnings: tuple[str, ...] = ()
    """Warnings about the file that do not prevent its use."""

    @classmethod
    def read(cls, path: Path, tasks: Sequence[str] = (), zone: tzinfo | None = None) -> Roster:
        """Read a table of people: the course's own, or an export of Canvas, Moodle or another system.

        The course's own table has a column `submission`, and any of `COLUMNS`; ``submitted:<task>`` and
        ``deadline:<task>`` are about one task. Any encoding, separator, empty row or column and capitalisation that
        spreadsheets produce is accepted. A time without an offset is in the time zone `zone`.

        Raises:
            UsageError: a column, a name or a value is wrong; the message names the line.
        """
        sheet = Sheet.read(path)
        reader = _RosterReader(path, sheet, tuple(tasks), zone)
        people = tuple(reader.people())
        _refuse_twice(path, people)
        _refuse_unknown_tasks(path, people, tasks)
        return cls(people, tuple(reader.warnings))

    @classmethod
    def of(cls, submissions: Iterable[str]) -> Roster:
        """Return a roster for a class without one, with one person for each submission."""
        return cls(tuple(Person(submission=name, name=name) for name in submissions))

    def aliases(self) -> dict[str, str]:
        """Return the public names, by submission."""
        return {person.submission: person.alias for person in self.people if person.alias}

    def find(self, who: str) -> list[Person]:
        """Return the people with the submission `who`, or else with this number, or else with this name."""
        wanted = who.strip().lower()
        tests: tuple[Callable[[Person], bool], ...] = (
            lambda person: person.submission == wanted,
            lambda person: any(getattr(person, name).lower() == wanted for name in NUMBERS),
            lambda person: bool(wanted) and plain(person.name) == plain(who),
        )
        for test in tests:
            if found := [person for person in self.people if test(person)]:
                return found
        return []


@dataclass(frozen=True)
class Mismatch:
    """The mismatch between roster and submissions."""

    without_submission: tuple[Person, ...]
    without_person: tuple[str, ...]
    meant: Mapping[str, str]
    """Similar submissions that belong to nobody, by those in the roster that do not exist."""

    def lines(self) -> list[str]:
        """Return sentences that describe the mismatch."""
        found = [f"submissions/{name} has nobody in the roster" + self._meant_by(name) for name in self.without_person]
        others = [person for person in self.without_submission if person.submission not in self.meant]
        found += [
            f"the roster's {person} has no submission: is it submissions/{self.meant[person.submission]}?"
            for person in self.without_submission
            if person.submission in self.meant
        ]
        if others:
            shown = ", ".join(map(str, others[:20])) + (f" and {len(others) - 20} more" if len(others) > 20 else "")
            found.append(f"{len(others)} in the roster without a submission: {shown}")
        return found

    def _meant_by(self, name: str) -> str:
        meant = [missing for missing, close in self.meant.items() if close == name]
        return f": did the roster mean it by {meant[0]!r}?" if meant else ""


def compare(roster: Roster, submissions: Sequence[str]) -> Mismatch:
    """Compare `roster` with the names under ``submissions/``."""
    claimed = {person.submission for person in roster.people}
    missing = tuple(person for person in roster.people if person.submission not in submissions)
    unclaimed = tuple(name for name in submissions if name not in claimed)
    meant = {}
    for person in missing:
        close = difflib.get_close_matches(person.submission, unclaimed, n=1, cutoff=_CLOSE)
        close = close or [name for name in unclaimed if plain(person.name) and plain(name) == plain(person.name)]
        if close:
            meant[person.submission] = close[0]
    return Mismatch(missing, unclaimed, meant)


_SYNONYMS = {
    "e_mail": "email",
    "email_address": "email",
    "e_mail_address": "email",
    "github_username": "github",
    "github_login": "github",
    "full_name": "name",
}
_CANVAS = {"student": "name", "id": "canvas_id", "sis_user_id": "sis_user_id", "sis_login_id": "sis_login_id"}
_CANVAS_TEST_STUDENTS = frozenset({"Student, Test", "Test Student"})
"""The name of Canvas's own test student, in one column or from two."""
_CANVAS_SPLIT = {"lastname": "last", "firstname": "first"} | {k: v for k, v in _CANVAS.items() if k != "student"}
_MOODLE = {
    "first_name": "first",
    "last_name": "last",
    "surname": "last",
    "id_number": "id_number",
    "email_address": "email",
    "email": "email",
    "username": "sis_login_id",
    "full_name": "name",
    "identifier": "",
}
_BLACKBOARD = {"last_name": "last", "first_name": "first", "username": "sis_login_id", "student_id": "id_number"}
_BRIGHTSPACE = _BLACKBOARD | {"orgdefinedid": "id_number", "email": "email"}
_CLASSROOM50 = {"username": "github", "first_name": "first", "last_name": "last", "email": "email", "name": "name"}
_GRADESCOPE = {"first_name": "first", "last_name": "last", "name": "name", "sid": "id_number", "email": "email"}
_CLASSROOM = {"identifier": "name", "name": "", "github_username": "github"}
_EXPORTS: tuple[tuple[str, frozenset[str], Mapping[str, str]], ...] = (
    ("Canvas", frozenset({"student", "id", "section"}), _CANVAS),
    ("Canvas", frozenset({"lastname", "firstname", "id", "section"}), _CANVAS_SPLIT),
    ("GitHub Classroom", frozenset({"identifier", "github_username"}), _CLASSROOM),
    ("Gradescope", frozenset({"sid", "email"}), _GRADESCOPE),
    ("Classroom 50", frozenset({"username", "email", "github_id"}), _CLASSROOM50),
    ("Brightspace", frozenset({"orgdefinedid", "username"}), _BRIGHTSPACE),
    ("Blackboard", frozenset({"last_name", "first_name", "username", "student_id"}), _BLACKBOARD),
    ("Moodle", frozenset({"email_address"}), _MOODLE),
    ("Moodle", frozenset({"first_name", "last_name", "email"}), _MOODLE),
    ("Moodle", frozenset({"first_name", "last_name", "username"}), _MOODLE),
)
_TRANSLATED = {
    translation: heading
    for heading, translations in {
        "first_name": "vorname prénom nombre nome voornaam imię förnamn fornavn etunimi jméno имя 名",
        "last_name": "nachname nom_de_famille nom apellido(s) apellidos cognome achternaam sobrenome apelido nazwisko "
        "efternamn etternavn efternavn sukunimi příjmení soyadı фамилия 姓",
        "full_name": "vollständiger_name nom_complet nombre_completo nome_completo volledige_naam pełna_nazwa",
        "id_number": "id_nummer numéro_d'identification número_de_id codice_identificativo número_de_identificação "
        "matrikelnummer numer_id",
        "email_address": "e_mail_adresse e_mail adresse_de_courriel dirección_de_correo correo_electrónico "
        "indirizzo_email e_mailadres endereço_de_email adres_e_mail e_postadress e_postadresse sähköpostiosoite "
        "e_mailová_adresa адрес_электронной_почты メールアドレス 电子邮件地址 email_adresse mail",
        "username": "anmeldename benutzername nom_d'utilisateur nombre_de_usuario gebruikersnaam login",
        "role": "roles rolle rôle rol ruolo",
    }.items()
    for translation in translations.split()
}
"""Headings of other systems, in other languages."""
_STAFF = frozenset({"instructor", "teacher", "ta", "teaching assistant", "reader", "non-editing teacher", "observer"})


@dataclass
class _RosterReader:
    """Reads the people from one file."""

    path: Path
    sheet: Sheet
    tasks: tuple[str, ...]
    zone: tzinfo | None
    warnings: list[str] = field(default_factory=list)

    def people(self) -> list[Person]:
        """Return the people in the file."""
        header = [_canonical(name) for name in self.sheet.header]
        own = [_SYNONYMS.get(name, name) for name in header]
        if "submission" in own:
            return self._own(own)
        translated = [_TRANSLATED.get(name, name) for name in header]
        if "first_name" in translated:  # a German list has "Name" and "Vorname"
            last = "name" if "last_name" in translated else "last_name"
            translated = [last if name == "name" else name for name in translated]
        for names in (header, translated):
            for system, needed, columns in _EXPORTS:
                if needed <= set(names):
                    return self._foreign(names, system, columns)
        raise UsageError(
            f"the roster {self.path} has no column `submission`, nor the columns of an export of Canvas, Moodle, "
            f"Gradescope, Blackboard, Brightspace, GitHub Classroom or Classroom 50; it has "
            f"{', '.join(filter(None, self.sheet.header))}. Its header must "
            f"name `submission` and may name {', '.join(COLUMNS[1:])}"
        )

    def _own(self, columns: list[str]) -> list[Person]:
        columns = [self._column(name) for name in columns]
        for name in {name for name in columns if name and columns.count(name) > 1}:
            raise UsageError(f"the roster {self.path} has the column {name!r} twice")
        self._warn_of_all_tasks(columns)
        return self._rows(columns, self._person)

    def _column(self, name: str) -> str:
        kind, _, task = name.partition(":")
        if task:
            if kind not in _BY_TASK:
                allowed = " or ".join(f"{one}:<task>" for one in _BY_TASK)
                raise UsageError(f"the roster {self.path} has the unknown column {name!r}: expected {allowed}")
            if task not in self.tasks:
                raise UsageError(f"the roster {self.path}, column {name!r}: no such task{suggest(task, self.tasks)}")
        elif name and name not in COLUMNS:
            raise UsageError(f"the roster {self.path} has the unknown column {name!r}{suggest(name, COLUMNS)}")
        return name

    def _warn_of_all_tasks(self, columns: Sequence[str]) -> None:
        for name in _BY_TASK:
            if name in columns and len(self.tasks) > 1:
                ways = ", ".join(f"{name}:{task}" for task in self.tasks[:3])
                self.warnings.append(
                    f"the roster {self.path}, column {name!r}: the course has {len(self.tasks)} tasks and it does not "
                    f"say which, so it counts for none; name it {ways}"
                )

    def _foreign(self, header: list[str], system: str, columns: Mapping[str, str]) -> list[Person]:
        known = ["role" if name == "role" else columns.get(name, "") for name in header]

        def make(row: Mapping[str, str]) -> Person | None:
            name = row.get("name") or f"{row.get('first', '')} {row.get('last', '')}".strip()
            numbers: dict[str, Any] = {one: row.get(one, "") for one in NUMBERS}
            if system == "Brightspace":  # which adds a prefix, so that spreadsheets do not change the value
                numbers = {one: text.removeprefix("#") for one, text in numbers.items()}
            if system == "Canvas" and ("points possible" in name.lower() or name in _CANVAS_TEST_STUDENTS):
                return None
            if row.get("role", "").lower() in _STAFF:
                self.warnings.append(f"the roster {self.path} leaves out {name}: {row['role']}")
                return None
            if not name and not any(numbers.values()):
                return None
            if system == "Canvas" and not row.get("canvas_id"):
                return None  # a row about assignments, such as Manual Posting
            if system in ("GitHub Classroom", "Classroom 50"):
                submission = folder_name(numbers["github"] or name, "")
            else:
                number = next((numbers[one] for one in ("canvas_id", "id_number", "sis_user_id") if numbers[one]), "")
                submission = folder_name(name, number or numbers["email"].partition("@")[0])
            return Person(submission=submission, name=name, **numbers)

        return self._rows(known, make)

    def _rows(self, columns: Sequence[str], make: Callable[[Mapping[str, str]], Person | None]) -> list[Person]:
        people = []
        titles = [*self.sheet.header, *[""] * (len(columns) - len(self.sheet.header))]
        for row in self.sheet.rows[1:]:
            texts = row.texts
            lost = next((text for title, text in zip(titles, texts, strict=False) if text and not title), "")
            if lost:
                raise UsageError(
                    f"the roster {self.path}, line {row.line}: {lost!r} is in a column without a heading: add a "
                    "heading, or empty the column"
                )
            if any(texts[len(columns) :]):
                raise UsageError(
                    f"the roster {self.path}, line {row.line}: {len(texts)} cells, expected at most {len(columns)}: a "
                    "cell that holds a separator must be quoted"
                )
            try:
                self._refuse_shortened(columns, texts)
                person = make({name: _cleaned(name, text) for name, text in zip(columns, texts, strict=False) if name})
            except (ValueError, UsageError) as error:
                raise UsageError(f"the roster {self.path}, line {row.line}: {error}") from error
            if person is not None:
                people.append(person)
        if not people:
            raise UsageError(f"the roster {self.path} names nobody: export it again")
        return people

    def _refuse_shortened(self, columns: Sequence[str], texts: Sequence[str]) -> None:
        for name, text in zip(columns, texts, strict=False):
            if name in NUMBERS and is_shortened(text):
                raise ValueError(
                    f"{name} {text!r} is a number that a spreadsheet has rounded: export the file again, and open it "
                    "with that column as text"
                )

    def _person(self, row: Mapping[str, str]) -> Person:
        texts = {name: row.get(name, "") for name in ("name", *NUMBERS, "alias")}
        if texts["alias"]:
            check_name(texts["alias"], "alias")
        days = row.get("grace_days", "")
        if days and not days.isdecimal():
            raise ValueError(f"grace_days {days!r} is not a whole number of days")
        times = {name: self._by_task(row, name) for name in _BY_TASK}
        only = self.tasks[0] if len(self.tasks) == 1 else None
        submitted = row.get("submitted", "")
        moment = parse_time(submitted, self.zone) if submitted else None
        extension = row.get("deadline", "")
        if extension and only is not None:
            times["deadline"].setdefault(only, parse_time(extension, self.zone))
        elif extension:
            parse_time(extension, self.zone)
        return Person(
            submission=check_name(row.get("submission", ""), "submission"),
            excused=tuple(re.split(r"[\s,;]+", row.get("excused", "").strip())) if row.get("excused") else (),
            grace_days=int(days) if days else None,
            submitted=moment if len(self.tasks) <= 1 else None,
            submitted_by_task=times["submitted"],
            deadlines=times["deadline"],
            **texts,
        )

    def _by_task(self, row: Mapping[str, str], kind: str) -> dict[str, datetime]:
        start = f"{kind}:"
        found = ((name.removeprefix(start), text) for name, text in row.items() if name.startswith(start) and text)
        return {task: parse_time(text, self.zone) for task, text in found}


def _cleaned(name: str, text: str) -> str:
    """Return a cell without the additions of spreadsheets and data frames.

    They are invisible characters, line breaks, ``'`` or ``="…"`` to mark text, and ``.0``.
    """
    text = " ".join(text.translate(_INVISIBLE).split())
    if formula := _TEXT_FORMULA.fullmatch(text):
        text = formula[1]
    if name not in (*NUMBERS, "grace_days"):
        return text
    text = text.removeprefix("'")
    return text.partition(".")[0] if _WHOLE_FLOAT.fullmatch(text) else text


def _canonical(name: str) -> str:
    """Return a heading in lower case, with underscores for spaces, except for the task in ``submitted:<task>``."""
    kind, colon, task = name.strip().strip("\ufeff").partition(":")
    return re.sub(r"[\s_-]+", "_", kind.strip().lower()).strip("_") + colon + task.strip()


def _refuse_twice(path: Path, people: Sequence[Person]) -> None:
    """Raise if two people share a number, a person is listed twice, or two submissions share a public name."""
    for column in NUMBERS:
        seen: dict[str, Person] = {}
        for person in people:
            value = getattr(person, column).lower()
            if value and value in seen:
                raise UsageError(
                    f"the roster {path} has {column} {value!r} twice ({seen[value]} and {person}): grades would be "
                    "mixed up"
                )
            seen[value] = person
    lines: set[tuple[str, ...]] = set()
    for person in people:
        line = (person.submission, plain(person.name), *(getattr(person, column).lower() for column in NUMBERS))
        same = (person.submission, plain(person.name))
        if line in lines or (person.name and same in lines and not any(line[2:])):
            raise UsageError(f"the roster {path} has {person} twice: remove one of the lines")
        lines |= {line, same}
    public = {person.submission: person.submission for person in people}
    for person in people:
        if person.alias and public.setdefault(person.alias, person.submission) != person.submission:
            raise UsageError(f"the roster {path} gives {person.alias!r} to two submissions, as alias or name")


def _refuse_unknown_tasks(path: Path, people: Sequence[Person], tasks: Sequence[str]) -> None:
    for person in people:
        for task in person.excused:
            if tasks and task not in (*tasks, "all"):
                raise UsageError(
                    f"the roster {path}: {person} is excused from {task!r}, which is not a task{suggest(task, tasks)}"
                )
