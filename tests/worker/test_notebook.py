"""The statements that make a model are found among a notebook's cells; none is run."""

from __future__ import annotations

import pytest

from harness.evaluation._model_source import assemble_model
from harness.notebooks import Notebook
from harness.wire import Extracted
from harness.worker._explain import ContractError
from harness.worker._notebook_model import find_model

MODEL = """class Model(harness.Model):
    def fit(self, train, validation):
        self.net = Net()

    def predict(self, inputs):
        return self.net(inputs)
"""


def taken(found: Extracted, cells: list[str]) -> list[str]:
    """Return the taken lines, what is blanked left out."""
    blanked = set(found.blanked)
    return [
        cells[cell - 1].split("\n")[line - 1]
        for cell, first, last in found.pieces
        for line in range(first, last + 1)
        if (cell, line) not in blanked
    ]


def model_of(*cells: str) -> str:
    return "\n".join(taken(find_model(cells), list(cells)))


def test_the_model_and_all_that_it_needs_is_extracted():
    text = model_of(
        "import harness, torch\nimport matplotlib.pyplot as plt",
        "WIDTH = 32\nDEPTH = 2\nfor step in range(10):\n    pass",
        "def block():\n    return torch.nn.Linear(WIDTH, WIDTH)",
        "class Net:\n    def __init__(self):\n        self.block = block()",
        MODEL,
        "model = Model()\nmodel.fit(1, 2)\nplt.plot([1])",
    )
    assert all(
        part in text for part in ("import harness, torch", "WIDTH = 32", "def block", "class Net", "class Model")
    )
    assert not any(part in text for part in ("matplotlib", "DEPTH", "for step", "model = Model", "plt.plot"))


def test_only_needed_statements_of_a_line_are_extracted() -> None:
    cells = [
        "import harness; harness.check(Model)",
        "größe = 'ä'; x = [\n    größe,\n]; plt.plot(x); y = 1",
        MODEL.replace("Net()", "Net(x)"),
    ]
    source = assemble_model(Notebook("x.ipynb", tuple(cells)), find_model(cells))
    assert source.text.split("\n")[2:8] == ["import harness", "", "# cell 2", "größe = 'ä'; x = [", "    größe,", "]"]
    assert source.lines[2:8] == ((1, 1), None, None, (2, 1), (2, 2), (2, 3))


def test_names_of_local_variables_extract_no_globals():
    cells = [
        "import harness",
        "x = train_on_everything()\nnet = build()\nloss = 1",
        "class Model(harness.Model):\n    def fit(self, train, validation):\n        x = 1; net = [x for x in train]\n"
        "        loss = lambda net: net\n    def predict(self, inputs):\n        loss = 2\n        return loss\n",
    ]
    assert "train_on_everything" not in model_of(*cells)
    assert find_model(cells).missing == ()


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nimport harness",
        "!pip install -q timm\nimport harness",
        "import harness\nharness.Model?\nfiles = !ls\nresult = %timeit -o 1\n%load_ext x",
        "%%time\nimport harness",
        "if 'google.colab' in str(get_ipython()):\n    !pip install harness\nimport harness",
        "import harness  # !x\ntext = '''\n%kept\n!kept\n'''",
    ],
)
def test_magics_and_shell_lines_do_not_matter(cell):
    text = model_of(cell, MODEL.replace("Net()", "1"))
    assert "import harness" in text


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile model.py", "%%html", "%%javascript"])
def test_cells_in_another_language_do_not_matter(magic):
    cells = ["import harness", f"{magic}\nfor x in; do\n", MODEL]
    assert find_model(cells).pieces[-1] == (3, 1, 6)


def test_a_magic_inside_an_extracted_range_is_blanked():
    cells = ["import harness", "try:\n    import Net\nexcept ImportError:\n    !pip install Net\n    Net = None", MODEL]
    found = find_model(cells)
    assert (2, 4) in found.blanked
    assert (2, 1, 5) in found.pieces


def test_the_last_of_several_models_is_extracted_with_its_helpers():
    models = ["class Model(harness.Model):\n    old = 1", "class Model(harness.Model):\n    new = RATE"]
    cells = ["import harness", "RATE = 1", *models, "RATE = 2"]
    text = model_of(*cells)
    assert "new = RATE" in text
    assert "old" not in text
    assert text.index("RATE = 1") < text.index("new") < text.index("RATE = 2")


def test_later_changes_of_a_value_are_extracted_too():
    cells = ["import harness, os", "config = {}", "config['rate'] = 3\nother['x'] = 1\nos.environ['A'] = 'b'",
             "class Model(harness.Model):\n    rate = config", "Model.depth = 3"]  # fmt: skip
    text = model_of(*cells)
    assert "config['rate'] = 3" in text
    assert "os.environ['A'] = 'b'" in text
    assert "Model.depth = 3" in text
    assert "other" not in text


def test_marked_cells_are_extracted_whole_and_no_others():
    cells = ["#| harness\nimport harness\nprint(1)", "import other", "#|harness\n%time\n" + MODEL]
    text = model_of(*cells)
    assert "print(1)" in text
    assert "other" not in text
    assert (3, 2) in find_model(cells).blanked


def test_decorators_and_star_imports_are_extracted():
    cells = ["from layers import *\nimport functools", "@functools.cache\n@twice\ndef Net():\n    return 1", MODEL]
    text = model_of(*cells)
    assert "@functools.cache\n@twice\ndef Net" in text
    assert "import functools" in text
    assert find_model(cells).missing == ()


def test_a_name_that_only_a_loop_or_with_defines_is_named_as_missing():
    hidden = "with open('x') as file:\n    words = file.read()\nfor Net in range(3): pass"
    cells = ["import harness", hidden, MODEL.replace("self.net(inputs)", "self.net(words)")]
    assert find_model(cells).missing == ("Net", "words")


def test_variables_of_a_comprehension_are_not_extracted():
    cells = [
        "import harness",
        "k = 5",
        "best = {k: [j for j in (k,)] for k in range(3)}",
        MODEL.replace("Net()", "best"),
    ]
    assert find_model(cells).missing == ()
    assert "k = 5" not in model_of(*cells)


@pytest.mark.parametrize(
    "cell",
    [
        "best = 1\nfor k in (1, 3):\n    best = k",
        "best = {}\nfor word in ('a', 'b'):\n    best[word] = len(best)",
        "best = []\nwith open('x') as file:\n    best.extend(file)",
        "best = []\nbest.append(1)",
        "best = 1\nif best:\n    for best in range(3):\n        pass",
        "for best in range(3):\n    pass\nbest = 1\nwhile best < 3:\n    best += 1",
        "best = 1\nprint([best := k for k in range(3)])",
    ],
)
def test_a_value_that_a_left_out_statement_changes_is_named(cell: str) -> None:
    cells = ["import harness", cell, MODEL.replace("Net()", "best")]
    assert find_model(cells).set_again == ("best",)


@pytest.mark.parametrize(
    "cell",
    [
        "for best in range(3):\n    pass\nbest = 1",
        "best = 1\nother = []\nfor k in range(3):\n    other.append(best)",
        "data = [1]\nbest = data[0]\nfor data in range(3):\n    print(data)",
        "data = [1]\nbest = data[0]\ndel data",
        "best = 1\nprint([best for best in range(3)])",
        "import json as best\nbest.update(1)",
    ],
)
def test_a_value_that_stays_as_it_was_assigned_is_not_named(cell: str) -> None:
    cells = ["import harness", cell, MODEL.replace("Net()", "best")]
    assert find_model(cells).set_again == ()


def test_future_imports_are_listed_separately():
    cells = ["from __future__ import annotations\nimport harness", MODEL]
    found = find_model(cells)
    assert found.future == ("annotations",)
    assert "__future__" not in "\n".join(taken(found, cells))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "none of the 0 cells defines"),
        (["x = 1"], "none of the 1 cells defines `class Model"),
        (["class MyNet: pass"], "if it is MyNet, write a class Model"),
        (["x = 1", "class Model(M):\n    def fit(self:\n"], r"cell 2, line 2 \(`def fit\(self:`\): SyntaxError"),
        (["#| harness\nx = = 1"], r"cell 1, line 2 \(`x = = 1`\): SyntaxError"),
        (["(" * 5000], "none of the 1 cells"),
        (["x" + ".x" * 100_000], "none of the 1 cells"),
        (["\0"], "none of the 1 cells"),
    ],
)  # fmt: skip
def test_a_notebook_without_a_model_is_reported(cells, said):
    with pytest.raises(ContractError, match=said):
        find_model(cells)


def test_a_broken_cell_beside_the_model_does_not_matter():
    assert find_model(["import harness", "for x in", MODEL]).pieces[-1] == (3, 1, 6)


def test_no_cell_is_run():
    find_model(["import harness, nobody_has_this\nraise SystemExit\n1 / 0", MODEL])
