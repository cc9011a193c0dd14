"""The rooms of docs/design.md: imports run one way, and the heavy ones only where they are needed."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import harness
from harness.kinds import KINDS

HOUSE = Path(harness.__file__).parent

PEOPLE = {"contract", "errors", "kinds", "_version"}  # what everybody may know
ARROWS = {
    "": PEOPLE | {"_start", "api", "interactive", "metrics"},  # harness/__init__.py
    "__main__": {"cli"},
    "_start": set(),
    "_version": set(),
    "artifact": set(),
    "kinds": set(),
    "contract": {"artifact", "errors", "kinds"},
    "metrics": {"_version", "contract", "errors", "kinds", "programs"},
    "errors": set(),
    "files": set(),
    "git": {"errors", "programs"},
    "interactive": {"contract", "course", "errors", "plugins", "programs", "wire"},
    "kernel": set(),
    "locks": set(),
    "sourcetext": set(),
    "notebooks": {"sourcetext"},
    "packages": set(),
    "plugins": {"errors"},
    "paths": set(),
    "places": {"errors"},
    "scratch": {"locks"},
    "pipes": set(),
    "programs": set(),
    "svg": {"text"},
    "text": set(),
    "versions": set(),
    "statistics": set(),
    "record": {"files", "locks"},
    "release": {"errors", "files", "locks", "record", "statistics", "text"},
    "timing": {"", "errors", "files", "locks", "record", "scratch", "statistics"},
    "wire": {"artifact", "contract"},
    "worker": {"artifact", "contract", "kinds", "packages", "pipes", "sourcetext", "wire"},
    "sandbox": PEOPLE | {"", "kernel", "forkserver", "locks", "paths", "programs", "scratch", "versions", "wire"},
    "diagnosis": PEOPLE
    | {"course", "data", "evaluation", "kernel", "packages", "sandbox", "text", "timing", "versions"},
    "forkserver": {"kernel", "worker"},
    "data": PEOPLE | {"files", "places", "programs"},
    "taskcode": set(),
    "tables": {"errors"},
    "course": PEOPLE | {"plugins", "sourcetext", "taskcode"},
    "leaderboard": {"files", "record", "statistics", "svg", "text"},
    "taskcheck": PEOPLE | {"course", "data", "git", "metrics", "sandbox", "statistics", "taskcode"},
    "evaluation": PEOPLE
    | {"artifact", "claims", "course", "data", "files", "git", "metrics", "notebooks", "record", "release"}
    | {"sandbox", "scratch", "statistics", "taskcheck", "text", "timing", "wire"},
    "grading": PEOPLE
    | {"course", "data", "evaluation", "files", "pipes", "plugins", "programs", "record", "sandbox", "scratch"},
    "gradebook": PEOPLE | {"course", "evaluation", "files", "git", "plugins", "record", "tables", "text"},
    "lms": PEOPLE
    | {"course", "data", "evaluation", "export", "files", "gradebook", "programs", "record", "sandbox"}
    | {"plugins", "release", "report", "scratch", "tables", "text", "wire"},
    "learning": PEOPLE | {"data", "record", "statistics"},
    "similarity": {"_version", "errors", "notebooks", "programs", "text"},
    "bundled": PEOPLE | {"course", "files", "plugins"},
    "scaffold": PEOPLE | {"bundled", "course", "files", "tables"},
    "report": PEOPLE | {"claims", "record", "statistics", "svg", "text"},
    "site": PEOPLE | {"files", "leaderboard", "record", "report", "svg", "text"},
    "export": PEOPLE | {"record", "text"},
    "ci": PEOPLE
    | {"course", "data", "evaluation", "export", "git", "gradebook", "leaderboard", "record", "sandbox"}
    | {"plugins", "report", "scratch", "statistics", "text"},
    "api": PEOPLE
    | {
        "bundled",
        "course",
        "data",
        "evaluation",
        "files",
        "gradebook",
        "grading",
        "leaderboard",
        "learning",
        "locks",
        "record",
    }
    | {"ci", "claims", "diagnosis", "lms", "plugins", "release", "report", "sandbox", "scaffold", "similarity", "site"}
    | {"bundled", "svg", "tables", "taskcheck", "text"},
    "claims": PEOPLE | {"notebooks", "record"},
    "terminal": PEOPLE
    | {"api", "claims", "evaluation", "gradebook", "grading", "leaderboard", "learning", "record", "sandbox", "text"},
    "cli": PEOPLE
    | {"api", "bundled", "ci", "course", "data", "diagnosis", "evaluation", "export", "files", "grading"}
    | {
        "gradebook",
        "interactive",
        "leaderboard",
        "learning",
        "lms",
        "places",
        "programs",
        "record",
        "sandbox",
        "scaffold",
    }
    | {"taskcheck", "terminal", "text"},
}


@cache
def files():
    return sorted(HOUSE.rglob("*.py"))


@cache
def house():
    """The syntax of every module, by its path below `harness/`; every test reads it and none changes it."""
    return {path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text()) for path in files()}


@cache
def nodes():
    """Every node of the syntax of every module."""
    return {name: list(ast.walk(tree)) for name, tree in house().items()}


def nodes_of(source):
    return list(ast.walk(ast.parse(source)))


def room_of(module):
    """``harness.data._load`` is of the room data; ``harness`` itself is the front door, ''."""
    return module.partition(".")[2].partition(".")[0]


def module_of(path):
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_room(name):
    return name and ((HOUSE / name).is_dir() or (HOUSE / f"{name}.py").exists())


def imported_rooms(found):
    """The rooms that a module's import statements name, wherever in it they stand."""
    for node in found:
        if isinstance(node, ast.Import):
            yield from (room_of(alias.name) for alias in node.names if alias.name.split(".")[0] == "harness")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute: `from harness.room import name`"
            if node.module == "harness":
                yield from (alias.name if is_room(alias.name) else "" for alias in node.names)
            elif node.module.startswith("harness."):
                yield room_of(node.module)


def test_packages_import_each_other_in_one_direction():
    rooms = {room_of(module_of(path)) for path in files()}
    assert rooms == ARROWS.keys(), f"draw the arrows of new rooms: {sorted(rooms ^ ARROWS.keys())}"
    imported = {name: (room_of(module_of(HOUSE / name)), set(imported_rooms(found))) for name, found in nodes().items()}
    against = {
        name: sorted(rooms - ARROWS[room] - {room})
        for name, (room, rooms) in imported.items()
        if rooms - ARROWS[room] - {room}
    }
    assert against == {}


LAZY = {"": {"api", "interactive"}}  # what `harness.open_course` and the like import when they are asked for


def test_imports_between_packages_have_no_cycle():
    left = {room: arrows - {room} - LAZY.get(room, set()) for room, arrows in ARROWS.items()}
    while left:
        ends = {room for room, arrows in left.items() if not arrows & set(left)}
        assert ends, f"a circle among {sorted(left)}"
        left = {room: arrows for room, arrows in left.items() if room not in ends}


def compared_with(found):
    """The texts that a module compares something with: by an operator, or in a `match`."""
    for node in found:
        if isinstance(node, ast.Compare):
            sides = [one for side in (node.left, *node.comparators) for one in ast.walk(side)]
            yield from (one.value for one in sides if isinstance(one, ast.Constant))
        elif isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
            yield node.value.value


def test_only_kinds_compares_the_kind_of_a_task():
    elsewhere = {name: found for name, found in nodes().items() if not name.startswith("kinds/")}
    elsewhere |= {str(path): nodes_of(path.read_text()) for path in (HOUSE.parent / "tasks").rglob("*.py")}
    compared = {name: set(KINDS) & set(compared_with(found)) for name, found in elsewhere.items()}
    assert {name: kinds for name, kinds in compared.items() if kinds} == {}
    templates = (HOUSE / "scaffold" / "templates").rglob("*.jinja")
    assert [path.name for path in templates if re.search(r"{%.*\bkind\b", path.read_text())] == []


@pytest.mark.parametrize(
    "source",
    [
        "task.kind == 'detection'",
        "'detection' != kind",
        "kind in ('regression', 'detection')",
        "match kind:\n    case 'detection': pass",
        "match task:\n    case Task(kind='regression' | 'detection'): pass",
    ],
)
def test_every_comparison_with_a_kind_is_detected(source):
    assert "detection" in compared_with(nodes_of(source))


def test_no_class_name_means_two_things():
    classes = [node.name for tree in house().values() for node in tree.body if isinstance(node, ast.ClassDef)]
    names = [name.strip("_") for name in classes]
    assert {name for name in names if names.count(name) > 1} == set()


def test_no_package_imports_the_command_line():
    assert {room for room, arrows in ARROWS.items() if "cli" in arrows} == {"__main__"}


@pytest.mark.parametrize(
    "source", ["from harness import cli", "import harness.cli._evaluate", "from harness.cli import main"]
)
def test_every_way_to_import_a_package_is_detected(source):
    assert set(imported_rooms(nodes_of(f"def f():\n    {source}"))) == {"cli"}


def test_the_package_imports_nothing_of_the_course():
    course = {"tasks", "submissions", "reference", "leaderboard", "tests"}
    imported = {name: names_imported(found) for name, found in nodes().items()}
    assert {path: names & course for path, names in imported.items() if names & course} == {}


def names_imported(found):
    """The first part of every module's name that is imported, wherever."""
    return {
        name.split(".")[0]
        for node in found
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }


STARTS_PYTHON = {"programs.py"}  # all others ask it for a command
STARTS_WORKERS = {  # by the path of a file
    f"sandbox/_{level}.py" for level in ("bubblewrap", "portable", "rlimits", "root")
}
STARTS_PROGRAMS = {
    *(
        "data/_index.py",
        "lms/gradescope_bundle.py",
        "grading/_local.py",
        "interactive/_notebook_run.py",
    ),  # `programs.python_command`
    *("git.py", "sandbox/_bubblewrap.py"),  # `programs.find_program`
    "grading/_schedulers.py",  # sbatch, as Dask starts it
    *("sandbox/_box.py", "sandbox/_forkserver_process.py", "sandbox/_portable.py", "sandbox/_process.py"),  # by level
}


def values(arguments):
    return [node.value if isinstance(node, ast.Constant) else None for node in arguments]


def ways_to_start_python(found, name):
    """What in the lists of arguments of a module would have Python search the current folder."""
    for arguments in (node.elts for node in found if isinstance(node, ast.List | ast.Tuple)):
        if set(values(arguments[1:])) & {"-m", "-c"}:
            yield f"{name} runs a module by name: use `programs.python_command`"
        for position, node in enumerate(arguments):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable" and name not in STARTS_PYTHON:
                if name not in STARTS_WORKERS:
                    yield f"{name} starts Python: use `programs.python_command`"
                elif not set(values(arguments[position + 1 : position + 2])) & {"-I", "-P"}:
                    yield f"{name} starts Python without -I or -P"


def test_no_python_is_started_that_searches_the_current_folder():
    assert [problem for name, found in nodes().items() for problem in ways_to_start_python(found, name)] == []


@pytest.mark.parametrize(
    "source",
    [
        'run([sys.executable, "-m", "pip"])',
        "run((sys.executable, path))",
        '[*(sys.executable, "-c", code)]',
        '("python", "-m", "x")',
    ],
)
def test_every_way_to_start_python_is_detected(source):
    assert list(ways_to_start_python(nodes_of(source), "data/_index.py"))


def test_only_listed_modules_start_programs():
    def starts(found):
        return "subprocess" in {alias.name for node in found if isinstance(node, ast.Import) for alias in node.names}

    assert {name for name, found in nodes().items() if starts(found)} == STARTS_PROGRAMS


def test_no_program_is_looked_for_in_the_current_folder():
    texts = {path.relative_to(HOUSE).as_posix(): path.read_text() for path in files()}
    assert {name for name, text in texts.items() if "shutil.which" in text} == {"programs.py"}
    assert {name for name, text in texts.items() if '"git"' in text} == {"git.py"}


def test_scripts_and_workflows_start_python_isolated():
    scripts = [path for path in HOUSE.rglob("*") if path.suffix in {".sh", ".yml", ""} and path.is_file()]
    starts = [line for path in scripts for line in path.read_text().splitlines() if re.search(r"python\S* -", line)]
    assert len(starts) > 5
    assert [line for line in starts if not re.search(r"python\"? -I ", line)] == []


def test_no_module_name_means_two_things():
    """Of two modules of one name one is a command's, a room's own or the yardstick's, which is a submission."""
    names = [
        path.stem.strip("_")
        for path in files()
        if path.stem not in ("__init__", "__main__")
        and path.parent.name not in ("cli", "yardstick")
        and path.stem.strip("_") != path.parent.name
    ]
    names += [path.name for path in HOUSE.iterdir() if (path / "__init__.py").exists()]
    assert {name for name in names if names.count(name) > 1} == set()


def test_names_of_tests_have_at_most_70_characters():
    texts = [path.read_text() for path in Path(__file__).parent.rglob("*.py")]
    names = [name for text in texts for name in re.findall(r"^ *def (test_\w+)", text, re.MULTILINE)]
    assert len(names) > 1000
    assert [name for name in names if len(name) > 70] == []


def modules_after(code):
    """What a fresh interpreter has loaded after running `code`."""
    code = f"{code}\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.worker
def test_a_worker_loads_neither_torch_nor_a_package_of_the_host():
    loaded = modules_after("import harness.worker._loop")
    assert "harness.wire" in loaded
    assert not loaded & {"torch", "sklearn", "scipy"}
    rooms = {room_of(name) for name in loaded if name.startswith("harness.")}
    assert rooms <= {
        "",
        "_start",
        "_version",
        "artifact",
        "contract",
        "errors",
        "kinds",
        "metrics",
        "packages",
        "sourcetext",
        "wire",
        "worker",
    }


@pytest.mark.worker
def test_help_loads_no_torch():
    loaded = modules_after(
        "import sys; sys.argv = ['harness', '--help']\n"
        "from harness.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code"
    )
    assert "click" in loaded
    assert not loaded & {"torch", "sklearn", "scipy"}


@pytest.mark.worker
def test_a_command_starts_its_fork_servers_before_it_loads_numpy():
    loaded = modules_after(
        "import click, pathlib\n"
        "from harness.cli._ahead import start_ahead\n"
        "from harness.cli._common import CommonOptions\n"
        "nowhere = CommonOptions(directory=pathlib.Path('no-such-course'))\n"
        "start_ahead(click.Context(click.Command('harness')), nowhere, ['evaluate', 'submissions/bob'])"
    )
    assert "harness.sandbox" in loaded
    assert "numpy" not in loaded


@pytest.mark.worker
def test_statistics_for_intervals_load_no_scipy():
    loaded = modules_after(
        "import numpy as np\n"
        "from harness.statistics import binomial_p_value, mcnemar_p_value, quantile_bound_rank\n"
        "binomial_p_value(7, 9, 0.5), quantile_bound_rank(64), mcnemar_p_value(np.ones(9, bool), np.eye(9)[0] > 0)"
    )
    assert "harness.statistics" in loaded
    assert "scipy" not in loaded


@pytest.mark.worker
def test_importing_a_command_loads_no_torch():
    commands = ("evaluate", "tasks", "leaderboard", "doctor", "ci", "export", "new", "report")
    imports = "\n".join(f"import harness.cli._{command}; assert 'torch' not in sys.modules" for command in commands)
    assert "torch" not in modules_after(f"import sys\n{imports}")


@pytest.mark.worker
def test_importing_the_command_evaluate_loads_no_grading_packages():
    loaded = modules_after("import harness.cli._evaluate")
    rooms = {room_of(name) for name in loaded if name.startswith("harness.")}
    assert "evaluation" in rooms
    assert not rooms & {
        "ci",
        "diagnosis",
        "gradebook",
        "grading",
        "learning",
        "lms",
        "report",
        "scaffold",
        "similarity",
    }
    assert not loaded & {"jinja2", "requests", "rich.progress"}
