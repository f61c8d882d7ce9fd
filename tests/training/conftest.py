"""A tiny cohort on disk, a tiny configuration, and one run that several tests look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from registry.files.canonical import sha256_file
from registry.files.volumes import save
from registry.manifests import EVALUATION, TRAIN, FileRef, Manifest, Sample, Truth, encode
from training.spec import Config, loads

FLAIR_AFFINE = np.array([[-2.0, 0, 0, 15], [0, 0, 4.0, -20], [0, 2.0, 0, -15], [0, 0, 0, 1]])
"""Left to right, then superior, then anterior: neither RAS nor isotropic."""
T1W_AFFINE = np.array([[2.0, 0, 0, -20], [0, 2.0, 0, -24], [0, 0, 2.0, -18], [0, 0, 0, 1]])

TINY = """
name = "tiny"
seed = 3

[recipe]
orientation = "keep"
normalise = "zscore"

[sampling]
patch = [16, 16, 8]
foreground_share = 0.5

[augment]
affine = 0.5
rotate_deg = 10.0
scale = 0.1
flip_axes = [0]
intensity = 0.5
gain = 0.1
noise = 0.1
gamma = 0.2
blur_voxels = 0.5

[model]
name = "UNet"

[model.kwargs]
channels = [4, 8]
strides = [2]
dropout = 0.1

[training]
epochs = 3
batch = 2
lr = 0.01
ema = 0.9

[evaluation]
bootstrap = 100
"""


OLD = Path(__file__).parent / "run_of_before.toml"
"""The text that an older version wrote into a run's folder for `TINY`."""


def old_weights(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a weights file of older versions: names sorted, tensors one after the other without any gap."""
    names = {torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.int64: "I64", torch.bool: "BOOL"}
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    body = b""
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        block = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        span = [len(body), len(body) + len(block)]
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": span}
        body += block
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


@dataclass(frozen=True)
class Cohort:
    """A root folder, its manifest and the file that holds it."""

    root: Path
    manifest: Manifest
    file: Path


def ref(root: Path, path: str) -> FileRef:
    return FileRef(path, sha256_file(root / path), (root / path).stat().st_size)


def truth(root: Path, path: str, image: str, source: str) -> Truth:
    """A mask; the consensus is the target."""
    consensus = source == "majority"
    role, use = ("consensus", TRAIN) if consensus else ("expert", EVALUATION)
    size = (root / path).stat().st_size
    return Truth(path, sha256_file(root / path), size, role, source, "mslesion", image, {"1": "L"}, use)


def ball(shape: tuple[int, int, int], centre: tuple[float, ...], radius: float) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return np.linalg.norm((index - np.array(centre)) * np.array([1, 2, 1]), axis=-1) <= radius


def make_sample(root: Path, number: int, part: str, *, healthy: bool = False) -> Sample:
    """FLAIR (16, 10, 16), T1w (20, 24, 18) on another grid, a lesion bright in FLAIR, three raters."""
    random = np.random.default_rng(number)
    stem, folder = f"sub-{number:02d}_ses-M00", f"sub-{number:02d}/ses-M00/anat"
    lesion = ball((16, 10, 16), tuple(random.integers((5, 3, 5), (11, 7, 11))), 3.2) & (not healthy)
    flair = random.normal(100, 5, (16, 10, 16)) + 60 * lesion
    save(root / folder / f"{stem}_FLAIR.nii.gz", flair.astype(np.float32), FLAIR_AFFINE)
    save(root / folder / f"{stem}_T1w.nii.gz", random.normal(50, 5, (20, 24, 18)).astype(np.float32), T1W_AFFINE)
    image, readings = f"{folder}/{stem}_FLAIR.nii.gz", []
    for rater, mask in (("majority", lesion), ("e01", lesion), ("e02", np.roll(lesion, 1, 0)), ("e03", lesion)):
        kind = "consensus-mslesion" if rater == "majority" else "manual-mslesion"
        path = f"derivatives/{kind}/{folder}/{stem}_space-FLAIR_label-L_desc-{rater}_mask.nii.gz"
        save(root / path, mask, FLAIR_AFFINE)
        readings.append(truth(root, path, image, rater))
    images = {channel: ref(root, f"{folder}/{stem}_{channel}.nii.gz") for channel in ("FLAIR", "T1w")}
    site = f"site{'AB'[number % 2]}"
    return Sample(
        stem,
        f"P{number:02d}",
        f"sub-{number:02d}",
        "ses-M00",
        site,
        "scanner",
        "MS",
        part,
        images,
        tuple(readings),
    )


def make_manifest(samples: list[Sample]) -> Manifest:
    return Manifest(
        {"name": "all", "version": 1, "sql": "select 1", "sha256": "0" * 64},
        {"name": "s", "version": 1, "seed": 1, "sha256": "0" * 64},
        {"order": [{"kind": "consensus", "source": "majority"}], "protocol": "mslesion"},
        ("FLAIR", "T1w"),
        {"0": "background", "1": "lesion"},
        tuple(samples),
    )


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    root = tmp_path_factory.mktemp("cohort")
    parts = ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    samples = [make_sample(root, n, part, healthy=n == 7) for n, part in enumerate(parts)]
    manifest = make_manifest(samples)
    file = root / f"{manifest.snapshot_id}.json.gz"
    file.write_bytes(encode(manifest))
    return Cohort(root, manifest, file)


@pytest.fixture(scope="session")
def tiny() -> Config:
    return loads(TINY)


@pytest.fixture(scope="session")
def finished(cohort: Cohort, tiny: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained and evaluated."""
    from training.evaluation.scoring import evaluate
    from training.run import train

    folder = tmp_path_factory.mktemp("runs") / "tinyrun"
    train(tiny, cohort.manifest, cohort.root, folder)
    evaluate(folder, cohort.manifest, cohort.root)
    return folder
