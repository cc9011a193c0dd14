"""The README tells the truth, and so do the model and the task of the pages for students and for authors."""

import re
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.user  # CI runs it as root and as an ordinary user

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()


def block_after(page, heading):
    text = (REPOSITORY / "docs" / page).read_text().partition(f"\n## {heading}\n")[2]
    return re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)[1]


BLOCKS = block_after("students.md", "A model in 15 lines"), block_after("tasks.md", "A task in 30 lines")


def lines_of_code(block):
    return [line for line in block.splitlines() if line.strip()]


def test_the_two_commands_are_on_the_page_exactly():
    assert "    pip install -e . && harness evaluate submissions/alice\n" in README
    assert '    pip install -e ".[test]" && pytest\n' in README


def test_the_model_has_at_most_15_lines_and_the_task_at_most_30():
    model, task = BLOCKS
    assert len(lines_of_code(model)) <= 15
    assert len(lines_of_code(task)) <= 30


def test_the_model_passes_on_the_embedded_digits(course):
    shutil.copytree(REPOSITORY / "tasks" / "usps", course.root / "tasks" / "usps")
    course.submit(BLOCKS[0], name="you", task="usps")
    done = course.harness("evaluate", "submissions/you", "--data", "embedded")
    assert done.returncode in (0, 1), done.stderr
    assert course.record("you", "usps")["scores"][0]["value"] > 0.9


def test_the_task_loads_and_can_be_evaluated(course):
    course.add_task("clouds", text=BLOCKS[1])
    course.submit(
        """
        import harness

        class Model(harness.Model):
            def fit(self, train, validation):
                pass

            def predict(self, inputs):
                return inputs.mean(axis=1).round().clip(0, 2)
        """,
        task="clouds",
    )
    done = course.harness("evaluate", "submissions/bob/clouds")
    assert done.returncode == 0, done.stdout + done.stderr
    assert course.record("bob", "clouds")["status"] == "passed"
