"""docs/layout.md runs as it stands, and the demo's layout is the one that pybids makes by indexing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT, layouts
from tests.support.shell import shell

PAGE = ROOT / "docs" / "layout.md"


def test_the_page_s_commands_open_the_demo(place: Path) -> None:
    script = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert re.search(r"BIDS Layout: .* \| Subjects: \d+", shell(script[0], place))


def test_the_page_s_python_gives_what_pybids_indexes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, layouts.Layout] = {}
    exec(code[0], names)
    theirs = layouts.index_by_pybids(place / "build/demo")
    assert layouts.list_rows(names["layout"]) == layouts.list_rows(theirs)
    assert len(theirs.derivatives) > 1
