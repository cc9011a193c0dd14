"""The files of the references: a model can read the ones that it needs."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from harness.evaluation._roles import role_of
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.unit


def test_no_file_of_a_reference_is_excluded_as_trained_weights() -> None:
    folders = [path.parent for path in (REPOSITORY / "reference").glob("*/*/model.py")]
    roles = {
        str(path.relative_to(REPOSITORY)): role_of(PurePosixPath(path.relative_to(folder)))
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert [path for path, role in roles.items() if role == "trained"] == []
    assert roles["reference/vit-transfer/spect/pretrained.bin"] == "shipped"
