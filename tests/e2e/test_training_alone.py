"""`training` imports and runs in an environment with its own extra alone: no database, no web, no DataLad."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from registry import manifests
from registry.files.canonical import sha256_file
from registry.files.volumes import save
from registry.manifests import TRAIN, FileRef, Manifest, Sample, Truth
from tests.support.clean_environment import build, closure

PACKAGES = [
    "torch",
    "monai",
    "nibabel",
    "numpy",
    "scipy",
    "safetensors",
    "pydantic",
    "annotated-types",
    "tomli-w",
    "connected-components-3d",
]
FOREIGN = ["typer", "rich", "sqlmodel", "sqlalchemy", "duckdb", "datalad", "streamlit", "pandas", "pyarrow"]

CONFIG = """
name = "tiny"
[sampling]
patch = [16, 16, 16]
[model]
name = "UNet"
[model.kwargs]
channels = [4, 8]
strides = [2]
num_res_units = 0
[training]
epochs = 1
batch = 2
"""


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("clean") / "venv", PACKAGES)


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(python), *words], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def cohort(root: Path) -> Path:
    """Six persons with a bright cube each, frozen into a manifest; returns the manifest's path."""
    samples = [_sample(root, number, part) for number, part in enumerate(["train"] * 4 + ["validation", "test"])]
    manifest = Manifest(
        query={"name": "q", "version": 1, "sql": "", "sha256": ""},
        split=None,
        target_policy={},
        channels=("T1w",),
        labels={"0": "background", "1": "cube"},
        samples=tuple(samples),
    )
    path = root / f"{manifest.snapshot_id}.json.gz"
    path.write_bytes(manifests.encode(manifest))
    return path


def _sample(root: Path, number: int, part: str) -> Sample:
    name = f"sub-{number:02d}"
    voxels = np.random.default_rng(number).normal(0, 0.1, (16, 16, 16)).astype(np.float32)
    voxels[4:9, 4:9, 3 + number : 8 + number] += 1
    image, mask = f"{name}/anat/{name}_T1w.nii.gz", f"derivatives/manual-c/{name}/anat/{name}_desc-e01_mask.nii.gz"
    save(root / image, voxels, np.eye(4))
    save(root / mask, (voxels > 0.5).astype(np.uint8), np.eye(4))
    refs = [(path, sha256_file(root / path), (root / path).stat().st_size) for path in (image, mask)]
    mask = Truth(*refs[1], "expert", "e01", "c", image, {"1": "L"}, TRAIN)
    return Sample(name, f"P{number}", name, None, None, None, None, part, {"T1w": FileRef(*refs[0])}, (mask,))


def test_the_environment_is_as_small_as_promised(clean_python: Path) -> None:
    found = closure(PACKAGES)
    assert {"torch", "monai", "nibabel", "numpy", "scipy", "safetensors", "pydantic", "tomli_w"} <= {
        name.replace("-", "_") for name in found
    }
    code = f"import importlib.util as u; print([n for n in {FOREIGN!r} if u.find_spec(n)])"
    assert run(clean_python, "-c", code).stdout.strip() == "[]"


def test_training_predicting_and_scoring_run_there(clean_python: Path, tmp_path: Path) -> None:
    manifest = cohort(tmp_path / "data")
    config = tmp_path / "tiny.toml"
    config.write_text(CONFIG)
    out, masks = tmp_path / "runs" / "r1", tmp_path / "masks"
    data = str(tmp_path / "data")
    run(
        clean_python,
        "-m",
        "training",
        "train",
        str(config),
        "--manifest",
        str(manifest),
        "--root",
        data,
        "--output",
        str(out.parent),
        "--run",
        out.name,
    )
    assert (out / "run.json").is_file()
    assert (out / "model.safetensors").is_file()
    run(
        clean_python,
        "-m",
        "training",
        "predict",
        "--run",
        str(out),
        "--input",
        f"{data}/sub-00/anat",
        "--output",
        str(masks),
    )
    assert [path.name for path in masks.glob("*.nii.gz")] == ["sub-00_T1w.nii.gz"]
    run(clean_python, "-m", "training", "evaluate", str(out), "--manifest", str(manifest), "--root", data)
    assert (out / "evaluation.json").is_file()
