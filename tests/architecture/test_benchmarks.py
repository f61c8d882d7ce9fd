"""The page of benchmarks says what the kept results say, and every benchmark has its lines."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import cohorts, page, scan


def test_the_page_is_what_the_results_say() -> None:
    assert page.PAGE.read_text() == page.page(), "write it anew with: python -m benchmarks.page"


def test_every_benchmark_has_lines_on_the_page() -> None:
    listed = Path(page.RESULTS.parent, "__main__.py").read_text()
    names = re.search(r"NAMES = \((.*?)\)", listed, re.DOTALL)
    assert names is not None
    assert set(re.findall(r'"(\w+)"', names[1])) == page.LINES.keys()
    assert {path.stem for path in page.RESULTS.glob("*.json")} <= page.LINES.keys()


def test_a_full_index_and_a_rescan_are_timed(tmp_path: Path) -> None:
    """The last step of the longest benchmark: a name that moved would cost an hour."""
    cohorts.generate(tmp_path / "tree", 1, readings=False)
    timed = scan._again(tmp_path / "tree", tmp_path / "registry")
    assert (len(timed["full_index"]["seconds"]), len(timed["unchanged_rescan"]["seconds"])) == (1, 3)
