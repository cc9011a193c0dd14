"""Which of several paths hold the others, and what must be made for all their names to lead where they led."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.paths import Layer, Link, outermost, view

NAMES = st.sampled_from("abc")
PLACES = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
WAYS = st.one_of(PLACES, PLACES.map("/TOP/{}".format), PLACES.map("../{}".format), PLACES.map("./{}/..".format))


@st.composite
def trees(draw):
    """Folders, links between them (repeated, in circles, to nowhere), and a word on which to show and which to hide."""
    folders = draw(st.lists(PLACES, max_size=8))
    links = draw(st.dictionaries(PLACES, WAYS, max_size=6))
    everything = st.lists(st.one_of(PLACES, st.sampled_from(folders + list(links))) if folders or links else PLACES)
    return folders, links, draw(everything), draw(st.lists(PLACES, max_size=3))


@contextmanager
def grown(folders, links) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as base:
        top = Path(base).resolve() / "top"
        top.mkdir()
        for folder in folders:
            make(top / folder)
        for place, way in links.items():
            if not (top / place).exists() and not (top / place).is_symlink() and make((top / place).parent):
                (top / place).symlink_to(way.replace("/TOP", str(top)))
        yield top


def make(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a link to nowhere, or round in a circle, is in the way
        return False
    return True


def real(path: Path) -> Path:
    return Path(os.path.realpath(path))


@given(trees())
def test_each_path_is_inside_one_of_the_outermost(tree):
    folders, links, shown, _ = tree
    with grown(folders, links) as top:
        names = [top / name for name in shown]
        found = outermost(names)
        assert list(found) == sorted({real(name) for name in names} & set(found))
        assert not [path for path in found if set(path.parents) & set(found)]
        assert all({real(name), *real(name).parents} & set(found) for name in names)


@given(trees())
def test_the_innermost_folder_decides_whether_a_path_is_shown(tree):
    folders, links, shown, hidden = tree
    with grown(folders, links) as top:
        wanted = {real(top / name): True for name in shown} | {real(top / name): False for name in hidden}
        layers = view([top / name for name in shown], [top / name for name in hidden]).layers
        mounted = {layer.path: layer.shown for layer in layers}
        for path in wanted:
            holders = (path, *path.parents)
            assert next((mounted[p] for p in holders if p in mounted), False) is next(wanted[p] for p in holders)
        assert list(layers) == sorted(layers)
        for layer in layers:
            outer = next((mounted[p] for p in layer.path.parents if p in mounted), False)
            assert outer is not layer.shown, "it changes nothing"


@given(trees())
def test_every_path_has_the_same_target_in_the_created_view(tree):
    """The layers and the links are made in a new folder, which then takes the old one's place."""
    folders, links, shown, _ = tree
    with grown(folders, links) as top:
        names = [top / name for name in shown if (top / name).is_dir()]
        before = [real(name) for name in names]
        seen = view(names)
        inside = [path for path in seen.shown if path.is_relative_to(top)]
        new = top.with_name("new")
        new.mkdir()
        for path in inside:
            shutil.copytree(path, new / path.relative_to(top), symlinks=True, dirs_exist_ok=True)  # it may be top
        for link in seen.links:
            place = new / link.path.relative_to(top)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(link.target)
        top.rename(top.with_name("old"))
        new.rename(top)
        assert [real(name) for name in names] == before
        assert all(name.is_dir() for name in names)


def test_a_path_inside_two_others_is_listed_once(tmp_path):
    packages = tmp_path / "lib" / "site-packages"
    paths = [packages / "numpy", packages, packages / "numpy", tmp_path / "lib64", tmp_path / "library"]
    packages.mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")
    assert outermost(paths) == (tmp_path / "lib", tmp_path / "library")


def test_an_environment_inside_a_hidden_course_is_shown_without_the_course(tmp_path):
    course, environment = tmp_path / "course", tmp_path / "course" / ".venv"
    environment.mkdir(parents=True)
    seen = view([tmp_path, environment], [course])
    assert seen.layers == (Layer(tmp_path, True), Layer(course, False), Layer(environment, True))
    assert seen.shown == (tmp_path, environment)
    assert seen.hidden == (course,)


def test_links_inside_a_shown_folder_are_not_created_again(tmp_path):
    version = tmp_path / "versions" / "3.11.7"
    (version / "bin").mkdir(parents=True)
    (tmp_path / "versions" / "3.11").symlink_to("3.11.7")
    environment = tmp_path / "env"
    environment.mkdir()
    (environment / "bin").symlink_to(tmp_path / "versions" / "3.11" / "bin")
    alias = Link(tmp_path / "versions" / "3.11", version)
    assert view([environment, environment / "bin"]).links == (alias,)
    assert view([environment / "bin"]).links == (Link(environment / "bin", version / "bin"), alias)


@pytest.mark.parametrize("way", ["circle", "./circle", "other/.."])
def test_circular_links_are_handled(tmp_path, way):
    (tmp_path / "circle").symlink_to(way)
    (tmp_path / "other").symlink_to("circle")
    assert len(view([tmp_path / "circle", tmp_path / "other"]).shown) <= 2
