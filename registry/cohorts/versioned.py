"""Find saved queries and splits by name and version. A version never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlmodel import col, select

from registry.errors import NotFound
from registry.store import Registry
from registry.tables import Query, Split

_Kind = TypeVar("_Kind", Query, Split)

_WORDS = {Query: ("saved query", "query"), Split: ("split", "split")}
"""The word for one, and the command that lists them."""


def get(registry: Registry, kind: type[_Kind], reference: str) -> _Kind:
    """The query or split `name@version`, or the newest version of `name`.

    Args:
        registry: the registry.
        kind: `Query` or `Split`.
        reference: `name` or `name@version`.

    Raises:
        NotFound: there is no such query or split.
    """
    name, _, version = reference.partition("@")
    for item in list_versions(registry, kind, name):
        if version in ("", str(item.version)):
            return item
    word, command = _WORDS[kind]
    raise NotFound(f"There is no {word} '{reference}'.", f"List them with: cohortium {command} list")


def list_versions(registry: Registry, kind: type[_Kind], name: str) -> Sequence[_Kind]:
    """All versions of one name, newest first.

    Args:
        registry: the registry.
        kind: `Query` or `Split`.
        name: without a version; an unknown one gives an empty list.
    """
    with registry.reading() as database:
        return database.exec(select(kind).where(kind.name == name).order_by(col(kind.version).desc())).all()


def list_all(registry: Registry, kind: type[_Kind]) -> Sequence[_Kind]:
    """All versions of all queries or splits, sorted by name and version."""
    with registry.reading() as database:
        return database.exec(select(kind).order_by(col(kind.name), col(kind.version))).all()
