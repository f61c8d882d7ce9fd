"""Template registries, made once and copied for each test that changes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.templates.once import made_once

if TYPE_CHECKING:
    from registry.store import Registry


@pytest.fixture(scope="session")
def _empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from registry.maintenance.creation import create

    return made_once(tmp_path_factory, "empty", lambda root: create(root, "Tiny").engine.dispose())


@pytest.fixture
def empty(_empty_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own without subjects."""
    from tests.support.templates.copies import copied

    with copied(_empty_template, tmp_path / "cohort") as registry:
        yield registry


@pytest.fixture(scope="session")
def shared(tiny_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One registry with the tiny cohort for tests that only read."""
    from tests.support.templates.copies import copied

    with copied(tiny_template, tmp_path_factory.mktemp("shared") / "cohort") as registry:
        yield registry


@pytest.fixture
def copies(tiny_template: Path, tmp_path: Path) -> Iterator[Callable[[], Registry]]:
    """Makes as many copies of the tiny cohort as a test wants."""
    from tests.support.templates.copies import copied

    numbers = count()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(copied(tiny_template, tmp_path / f"copy{next(numbers)}"))


@pytest.fixture
def acting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test acts as the rater e01."""
    from registry.store import ACTOR_ENVIRONMENT

    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e01")
