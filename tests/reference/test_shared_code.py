"""What references share: an answer depends on the item asked about, and on nothing else in the batch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.conftest import REPOSITORY
from tests.tools import imported_when_used

pytestmark = pytest.mark.compute

torch = imported_when_used("torch")


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(REPOSITORY / "reference")
    yield importlib.import_module("_shared.words")
    for name in [name for name in sys.modules if name.partition(".")[0] == "_shared"]:
        del sys.modules[name]


@pytest.mark.parametrize("kind", ["ConvolutionalReader", "RecurrentReader"])
def test_a_text_gets_the_same_answer_beside_longer_ones(words: ModuleType, kind: str) -> None:
    torch.manual_seed(0)
    reader = getattr(words, kind)(torch.nn.Embedding(50, 8, padding_idx=words.PAD), 3).eval()
    for name, parameter in reader.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.constant_(parameter, 3.0)  # what answers to nothing answers loudly
    rows = torch.full((6, 40), words.PAD)
    for row, length in zip(rows, (0, 1, 2, 5, 17, 40), strict=True):
        row[:length] = torch.randint(1, 50, (length,))
    with torch.no_grad():
        alone = torch.cat([reader(row[None]) for row in rows])
        torch.testing.assert_close(reader(rows), alone)


def test_padding_does_not_affect_the_vectors_that_a_skip_gram_learns(words: ModuleType) -> None:
    skip_gram = words.SkipGram(range(50), 8)
    assert not skip_gram.words.weight[words.PAD].any()
    assert skip_gram.words.weight[words.UNKNOWN :].any(1).all()
