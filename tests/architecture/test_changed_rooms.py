"""`make check` runs the tests that mirror what was changed."""

from __future__ import annotations

import pytest

from tests.architecture.changed_rooms import ALWAYS, find_tests


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("registry/cohorts/splits.py", ["tests/registry/cohorts"]),
        ("curation/dicom/sort/stacks.py", ["tests/curation/dicom"]),
        ("tests/registry/cohorts/test_splits.py", ["tests/registry/cohorts/test_splits.py"]),
        ("tests/curation/checks/conftest.py", ["tests/curation/checks"]),
        ("registry/errors.py", []),
        ("docs/glossary.md", []),
        ("tests/support/shell.py", []),
    ],
)
def test_a_change_asks_for_the_tests_of_its_room(changed: str, tests: list[str]) -> None:
    assert find_tests([changed]) == sorted([ALWAYS, *tests])


def test_a_folder_stands_for_the_files_in_it() -> None:
    changed = ["registry/cohorts/splits.py", "tests/registry/cohorts/test_splits.py"]
    assert find_tests(changed) == [ALWAYS, "tests/registry/cohorts"]
