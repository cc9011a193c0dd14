"""Where data may lie, from the environment and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.places import Places


def test_by_default_there_is_no_data_root_and_no_private_part() -> None:
    for environment in ({}, {"HARNESS_DATA": "", "HARNESS_PRIVATE": "", "HARNESS_OFFLINE": ""}):
        places = Places.of(environment)
        assert (places.root, places.private, places.offline) == (None, None, False)
        assert places.all() == (places.cache.resolve(),)


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_any_value_but_zero_means_offline(value: str, offline: bool) -> None:
    assert Places.of({"HARNESS_OFFLINE": value}).offline is offline


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    environment = {"HARNESS_DATA": str(one), "HARNESS_PRIVATE": str(two)}
    assert Places.of(environment).root == one
    assert Places.of(environment, two).root == two
    assert Places.of(environment).private == two


def test_relative_folders_are_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Places.of({"HARNESS_DATA": "data"}).root == tmp_path / "data"


@pytest.mark.parametrize("name", ["HARNESS_DATA", "HARNESS_PRIVATE"])
def test_a_folder_that_is_named_must_be_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for wrong in ("file", "missing"):
        with pytest.raises(UsageError, match="is not a folder"):
            Places.of({name: str(tmp_path / wrong)})


def test_every_place_is_hidden_from_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    places = Places.of({"HARNESS_DATA": str(tmp_path / "link"), "HARNESS_PRIVATE": str(tmp_path)})
    assert places.all() == (tmp_path / "real", tmp_path / "cache" / "harness", tmp_path)
