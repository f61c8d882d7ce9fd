"""A path holds the old content or the new, whatever dies in between and whoever else writes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry.files import atomic
from tests.support import ROOT


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_take_the_place_of_older_ones_and_nothing_stays_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "x.json"
    assert atomic.write(path, b"first") == path
    atomic.write(path, b"second")
    assert path.read_bytes() == b"second"
    assert names(path.parent) == ["x.json"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = atomic.write(tmp_path / "x", b"old")
    with pytest.raises(KeyboardInterrupt), atomic.replacing(path) as temporary:  # noqa: PT012 - half of a write
        temporary.write_bytes(b"ha")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


KILLED = """
import os, sys
from pathlib import Path
from registry.files import atomic
with atomic.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = atomic.write(tmp_path / "x", b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
    assert [name for name in names(tmp_path) if not name.startswith(".")] == ["x"]


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: atomic.write(tmp_path / "x", data), contents))
    assert (tmp_path / "x").read_bytes() in contents
    assert names(tmp_path) == ["x"]


def test_once_keeps_what_the_first_has_chosen(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: atomic.write(tmp_path / "x", str(number).encode(), once=True), range(20)))
    chosen = (tmp_path / "x").read_bytes()
    atomic.write(tmp_path / "x", b"later", once=True)
    assert (tmp_path / "x").read_bytes() == chosen
    assert names(tmp_path) == ["x"]


def test_a_secret_is_its_owner_s_from_the_first_moment(tmp_path: Path) -> None:
    path = atomic.write(tmp_path / "salt", b"secret", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_takes_the_place_of_a_link(tmp_path: Path) -> None:
    for target in ("a", "b"):
        with atomic.replacing(tmp_path / "link") as temporary:
            temporary.symlink_to(target)
    assert os.readlink(tmp_path / "link") == "b"
    assert names(tmp_path) == ["link"]
