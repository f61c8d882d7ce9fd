"""Make something once in a run of the tests, however many processes share the work."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` filled: the first process that asks makes it, the others wait for it and find it.

    Whoever gets it reads or copies it and never writes there. Where registries lie on a server that each test process
    starts for itself, each makes its own.

    Args:
        factory: pytest's, whose folder the processes of a run share.
        name: what is made; two makers of one name make the same.
        make: fills the folder, which is not there yet.
    """
    base = factory.getbasetemp()
    alone = os.environ.get("COHORTIUM_TEST_DATABASE") or "PYTEST_XDIST_WORKER" not in os.environ
    templates = (base if alone else base.parent) / "templates"
    templates.mkdir(exist_ok=True)
    place, made = templates / name, templates / f"{name}.made"
    with (templates / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(place, ignore_errors=True)
            make(place)
            made.touch()
    return place
