"""The command line starts without what only some commands need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from registry.store import Registry
from tests.support import ROOT

LATER = (
    "torch monai scipy sklearn pydicom nibabel numpy SimpleITK pandas pyarrow altair matplotlib streamlit distributed "
    "datalad sqlmodel sqlalchemy alembic duckdb pydantic registry.store registry.tables"
)
"""What a command imports when it runs. Tables come with SQLAlchemy, two thirds of a second by themselves."""


def test_the_command_line_starts_without_tables_and_libraries_of_images() -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from registry.cli import console, main
console.run = lambda app: print(CliRunner().invoke(app, ["--help"]).output)
main.main()
print("loaded:", *[name for name in {LATER.split()} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    *page, loaded = done.stdout.splitlines()
    assert loaded.split() == ["loaded:"]
    assert {"import", "consensus", "train", "check", "persons"} <= {word for line in page for word in line.split()}


UNASKED = [
    name for name in LATER.split() if name.partition(".")[0] not in ("sqlmodel", "sqlalchemy", "pydantic", "registry")
]
"""What a command that only reads rows does without; pandas alone takes a quarter of a second."""


@pytest.mark.parametrize(
    "words", [["status"], ["snapshot", "list"], ["query", "list"], ["split", "list"], ["work", "list"]]
)
def test_a_command_that_reads_rows_starts_without_images_and_frames(cohort: Registry, words: list[str]) -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from registry.cli import console, main
console.run = lambda app: print(CliRunner().invoke(app, {["--registry", str(cohort.root), *words]}).exit_code)
main.main()
print("loaded:", *[name for name in {UNASKED} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["0", "loaded:"]
