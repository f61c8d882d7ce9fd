"""Training works where only its extra is installed: no database, no web framework, no DataLad."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support import ROOT
from tests.training.conftest import TINY, Cohort

GUARD = '''
import importlib.abc, sys
class Guard(importlib.abc.MetaPathFinder):
    """Finds what another finder finds, except what is not installed on a cluster node."""
    def __init__(self, inner):
        self.inner = inner
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in REFUSED else self.inner.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.inner, name)
sys.meta_path[:] = [Guard(finder) for finder in sys.meta_path]
from training.__main__ import main
sys.exit(main(sys.argv[1:]))
'''


def others_than(*roots: str) -> set[str]:
    """Import names of everything installed here but some distributions and what they require."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        waiting += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    modules = metadata.packages_distributions()
    return {module for module, owners in modules.items() if not {o.lower().replace("_", "-") for o in owners} & seen}


def extra(name: str) -> list[str]:
    """Distributions that an extra of this project names."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return [Requirement(text).name for text in told[name]]


@pytest.mark.slow
def test_a_cluster_node_trains_and_scores_with_the_training_extra_alone(cohort: Cohort, tmp_path: Path) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(TINY.replace("epochs = 3", "epochs = 1"))
    refused = others_than(*extra("training")) - {"training", "registry"}
    assert {"typer", "pandas", "sqlmodel", "sqlalchemy", "duckdb", "rich", "datalad", "streamlit"} <= refused
    words = [
        "train",
        str(config),
        "--manifest",
        str(cohort.file),
        "--root",
        str(cohort.root),
        "--output",
        str(tmp_path / "runs"),
        "--run",
        "node",
    ]
    code = f"REFUSED = {sorted(refused)!r}\n{GUARD}"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "node" / "scores.csv").is_file()
    assert "pip install 'cohortium[report]'" in done.stderr, "figures need more, and a run does not need figures"
    assert "100 %" in done.stderr
    assert "Dice" in done.stdout


def test_training_stands_on_the_ground_floor_of_the_registry() -> None:
    """Only the commands, the pages and the service they call know a registry; the rest needs no database."""
    allowed = (
        "errors",
        "manifests",
        "bids.names",
        "bids.description",
        "files",
        "measures",
        "vocabulary",
        "cohorts.leakage",
        "__version__",
    )
    for path in sorted((ROOT / "training").rglob("*.py")):
        if path.name in ("cli.py", "service.py") or path.parent.name == "pages":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("registry"):
                for alias in node.names:
                    name = f"{node.module}.{alias.name}".removeprefix("registry.")
                    assert name.startswith(allowed), f"{path.name} imports {name}"


def test_the_module_prints_an_error_and_a_hint(tmp_path: Path, capsys: object) -> None:
    from training.__main__ import main

    assert main(["evaluate", str(tmp_path), "--manifest", str(tmp_path / "no.json.gz"), "--root", str(tmp_path)]) == 3
    printed = capsys.readouterr()  # type: ignore[attr-defined]
    assert "error: There is no snapshot at no.json.gz." in printed.err
    assert "hint: " in printed.err
