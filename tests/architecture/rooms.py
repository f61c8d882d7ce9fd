"""The rooms of the house, read from the folders: `python -m tests.architecture.rooms` writes them into the page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support import ROOT

PACKAGES = ("registry", "curation", "annotation", "training")
PAGE = ROOT / "docs" / "architecture.md"
NO_ROOMS = ("static", "versions", "configs", "__pycache__")
"""Folders of data and of migrations: what lies there is found by what lies beside it."""


def list_rooms() -> Iterator[Path]:
    """Every folder of a package, from the top down."""
    for package in PACKAGES:
        yield ROOT / package
        yield from (place for place in sorted((ROOT / package).rglob("*")) if place.is_dir() and not _is_data(place))


def _is_data(place: Path) -> bool:
    return bool({*NO_ROOMS} & {*place.relative_to(ROOT).parts})


def entries(room: Path) -> list[str]:
    """Modules and rooms inside a room."""
    inside = (place for place in room.iterdir() if place.name not in ("__init__.py", "py.typed", *NO_ROOMS))
    return sorted(place.name for place in inside if place.suffix in ("", ".py"))


def docstring(room: Path) -> str:
    """What the room says of itself."""
    return ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""


def sentence(room: Path) -> str:
    """Its first line."""
    return docstring(room).partition("\n")[0]


def table(package: str) -> str:
    """The rooms of a package as the page lists them."""
    rooms = [room for room in list_rooms() if room.relative_to(ROOT).parts[0] == package]
    return "\n".join(
        ["| room | what it is for |", "|---|---|", *(f"| `{name(room)}` | {sentence(room)} |" for room in rooms)]
    )


def name(room: Path) -> str:
    """Its path in the repository."""
    return room.relative_to(ROOT).as_posix()


def rewritten(page: str) -> str:
    """The page with the tables as the folders say."""
    for package in PACKAGES:
        heading = f"### `{package}/`\n\n"
        before, _, after = page.partition(heading)
        page = before + heading + table(package) + "\n\n" + after.partition("\n\n")[2]
    return page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
