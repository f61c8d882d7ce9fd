"""The page that draws the house and the folders agree, and every room says where to start."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import rooms
from tests.support import ROOT

MOST = 12
TOPS = ("registry", "training")
ROOMS = [rooms.name(room) for room in rooms.list_rooms()]
PAGE = rooms.PAGE.read_text()


def test_the_page_lists_the_rooms_with_their_sentences() -> None:
    """Every room and no other; mend the lists with `python -m tests.architecture.rooms`."""
    listed = re.findall(r"^\| `([a-z_/]+)` \| (.+) \|$", PAGE.partition("## Every room")[2], re.MULTILINE)
    assert listed == [(name, rooms.sentence(ROOT / name)) for name in ROOMS]


def test_every_path_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:registry|curation|annotation|training|datasets|tests|docs)/[\w/.]*)`", PAGE)
    assert len(named) > len(ROOMS)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_room_of_the_top_is_drawn() -> None:
    drawing = set(re.findall(r"[a-z_]+", PAGE.split("```")[1]))
    tops = {Path(name).name for name in ROOMS if name.count("/") == 1}
    assert tops - drawing == set()


@pytest.mark.parametrize("name", [name for name in ROOMS if name not in TOPS])
def test_a_room_has_at_most_twelve_entries(name: str) -> None:
    assert len(rooms.entries(ROOT / name)) <= MOST, rooms.entries(ROOT / name)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_says_where_to_start_and_what_it_names_is_there(name: str) -> None:
    text = rooms.docstring(ROOT / name)
    assert "Start at `" in text
    assert [word for word in promised(text) if not is_there(ROOT / name, word)] == []


def promised(text: str) -> Iterator[str]:
    """The names after "Start at" and "Public", without what stands in brackets."""
    plain = re.sub(r"\([^()]*\)", "", text)
    for part in re.findall(r"(?:Start at|Public(?:, too)?:)(.*?)(?:\.(?:\s|$)|;|$)", plain, re.DOTALL):
        yield from re.findall(r"`([A-Za-z_][\w.]*)`", part)


def is_there(room: Path, word: str) -> bool:
    """Whether a name is one of the room, of a module in it, or a full name of the house."""
    first, _, rest = word.partition(".")
    if first in rooms.PACKAGES and rest:
        return is_there(ROOT / first, rest)
    inside = room / first
    if inside.is_dir() or inside.with_suffix(".py").is_file():
        return not rest or (is_there(inside, rest) if inside.is_dir() else rest in defined(inside.with_suffix(".py")))
    return not rest and first in defined(room / "__init__.py")


def defined(module: Path) -> set[str]:
    """Names at the top of a module, imported ones too."""
    names: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.ImportFrom(names=imported):
                names |= {alias.asname or alias.name for alias in imported}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def test_every_law_that_code_and_tests_cite_is_on_the_page() -> None:
    listed = [int(number) for number in re.findall(r"^(\d+)\. \*\*", PAGE, re.MULTILINE)]
    assert listed == list(range(1, 13))
    cited: set[int] = set()
    for place in (path for top in (*rooms.PACKAGES, "tests") for path in (ROOT / top).rglob("*.py")):
        for numbers in re.findall(r"\b[Ll]aws? (\d+(?:(?:, | and )\d+)*)", place.read_text()):
            cited |= {int(number) for number in re.findall(r"\d+", numbers)}
    assert {4, 5, 12} <= cited
    assert cited - set(listed) == set()
