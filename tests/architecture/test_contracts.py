"""Who may import whom, and who alone owns a library."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGES = ("registry", "curation", "annotation", "training")

OWNERS: dict[str, tuple[str, ...]] = {
    "bids": ("registry/bids/pybids/",),
    "datalad": ("registry/publishing/git.py",),
    "duckdb": ("registry/catalog/catalog.py",),
    "nibabel": ("registry/files/",),
    "cc3d": ("registry/measures/components.py",),
    "edt": ("registry/measures/distance_map.py",),
    "SimpleITK": (
        "registry/export/resampling.py",
        "registry/export/readback.py",
        "curation/importers/open_ms/itk.py",
    ),
    "pydicom": ("curation/dicom/",),
    "torch": ("training/",),
    "monai": ("training/",),
    "streamlit": (
        "app.py",
        "registry/app/",
        "registry/viewer/",
        "curation/pages/",
        "curation/quality/component.py",
        "annotation/pages/",
        "training/pages/",
    ),
    "pandas": (),
}
"""Library to the files and folders that alone may import it."""

ASKS_FOR_ITS_OWN_VERSION = "training/record/environment.py"
PROGRAMS = {
    "git": ("registry/publishing/git.py", ASKS_FOR_ITS_OWN_VERSION),
    "git-annex": ("registry/publishing/git.py",),
    "datalad": ("registry/publishing/git.py",),
}
"""Program to the files that alone may start it."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for place in [ROOT / "app.py", *(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))]:
        if place.exists():
            yield place.relative_to(ROOT).as_posix(), ast.parse(place.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Top-level names that run when the code runs; imports for the type checker alone are left out."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_one_owner(library: str) -> None:
    users = {path for path, tree in sources() if library in imported(tree)}
    assert {path for path in users if not path.startswith(OWNERS[library])} == set()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_started_from_one_place(program: str) -> None:
    starting = re.compile(rf"""(run|Popen|call|check_output)\(\s*\[?\s*["']{program}["' ]""")
    users = {path for path, _ in sources() if starting.search((ROOT / path).read_text())}
    assert {path for path in users if path not in PROGRAMS[program]} == set()


def test_imports_are_absolute() -> None:
    relative = [
        path for path, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_contracts_of_the_import_linter_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Contracts: [3-9] kept, 0 broken", done.stdout)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_resolves_inside_the_repository(package: str) -> None:
    """The names are ordinary words; another distribution could bring its own `training`."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin == str(ROOT / package / "__init__.py")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    heavy = ("torch", "monai", "streamlit", "pandas", "nibabel", "duckdb", "numpy", "sqlalchemy")
    program = f"import sys, {package}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_data_folders_hold_no_code() -> None:
    assert list((ROOT / "datasets").rglob("*.py")) == []
