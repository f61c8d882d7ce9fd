"""The README's commands run, in the order in which they stand there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.shell import TINY, shell

README = (ROOT / "README.md").read_text()
DOCS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def block(heading: str) -> str:
    """All shell lines under one heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL))


def test_make_knows_every_target_that_the_readme_names() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", README)) - {"sure"}
    assert {"demo", "test", "serve"} <= named <= targets


def test_the_five_minute_tour_runs(place: Path) -> None:
    printed = shell(block("Five minutes"), place)
    assert "Saved three-tesla@1" in printed
    assert re.search(r'"snapshot": "[0-9a-f]{64}"', printed)
    assert "No leak found." in printed


@pytest.mark.slow
@pytest.mark.realdata
def test_the_hippocampus_line_runs_with_a_tiny_network(place: Path, realdata: Path) -> None:
    whole = realdata / "msd_hippocampus"
    delivery = take_some(whole, place / "msd_hippocampus")
    script = block("Real data: hippocampus").replace("../shared/data/msd_hippocampus", delivery.name)
    (place / "tiny.toml").write_text(TINY)
    (place / "my-scans").mkdir()
    for source in sorted((whole / "imagesTr").glob("*.nii.gz"))[-2:]:
        shutil.copy(source, place / "my-scans")
    shell(script.replace("training/configs/hippocampus.toml", "tiny.toml"), place)
    assert sorted(p.name for p in (place / "my-masks").iterdir()) == sorted(
        p.name for p in (place / "my-scans").iterdir()
    )


def take_some(whole: Path, into: Path, count: int = 12) -> Path:
    """A Decathlon delivery of the first images of another."""
    listed = json.loads((whole / "dataset.json").read_text())
    listed |= {"training": listed["training"][:count], "numTraining": count}
    for path in (pair[key] for pair in listed["training"] for key in ("image", "label")):
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(whole / path, into / path)
    (into / "dataset.json").write_text(json.dumps(listed))
    return into


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith(("http", "mailto")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_queries_page_lists_every_view_with_its_sentence() -> None:
    from registry.catalog.views import VIEWS

    listed = dict(
        re.findall(r"^\| `(\w+)` \| (.*?) \|$", (ROOT / "docs" / "queries.md").read_text(), flags=re.MULTILINE)
    )
    assert {name: view.about for name, view in VIEWS.items()}.items() <= listed.items()


def test_every_package_name_is_ours() -> None:
    import importlib

    for name in ("registry", "curation", "annotation", "training", "app"):
        origin = importlib.util.find_spec(name)  # type: ignore[attr-defined]
        assert origin is not None
        assert Path(str(origin.origin)).is_relative_to(ROOT)
