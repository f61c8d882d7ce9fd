"""The frame says which cohort is open and who acts."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from registry import ENVIRONMENT
from registry.maintenance.creation import create
from registry.maintenance.status import title
from registry.store import ACTOR_ENVIRONMENT
from tests.support import ROOT

APP = ROOT / "app.py"


def test_the_side_bar_names_the_cohort_and_who_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = create(tmp_path / "cohort", "MS *centre* north")
    monkeypatch.setenv(ENVIRONMENT, str(registry.root))
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e07")
    page = AppTest.from_file(str(APP)).run(timeout=60)
    shown = " ".join(item.value for item in (*page.sidebar.markdown, *page.sidebar.caption))
    assert not page.exception
    assert r"MS \*centre\* north" in shown
    assert "e07" in shown


@pytest.mark.parametrize("stated", [b"", b"[]", b'{"Name": 7}', b'{"Name": " "}', b"\xff"])
def test_a_cohort_without_a_readable_name_goes_by_its_folder(tmp_path: Path, stated: bytes) -> None:
    registry = create(tmp_path / "north", "North")
    assert title(registry) == "North"
    (registry.root / "dataset_description.json").write_bytes(stated)
    assert title(registry) == "north"
