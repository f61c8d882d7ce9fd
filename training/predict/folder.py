"""Label maps for any NIfTI images, predicted by the model of a run."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from registry.errors import CohortiumError, GeometryError, IntegrityError, InvalidInput, UsageError
from registry.files.canonical import sha256_file
from registry.files.geometry import same_grid
from registry.files.mask_storage import encode_on
from registry.files.progress import Progress
from registry.files.volumes import Volume, forms_apart_mm, load, read_header, read_storage
from training import spec as configs
from training.data.channels import require_content
from training.data.input_files import Input, Refusal, find
from training.data.samples import as_3d
from training.predict.run_orientation import settle_finished
from training.record import run_record


@dataclass(frozen=True)
class PredictionReport:
    """The result of `predict`.

    Attributes:
        run: the run whose model was used.
        written: label maps, relative to the output folder, in order.
        refused: input files without a label map, each with its reason.
        orientation: where the axes of the network's input point; every image is turned to it.
        notes: sentences for whoever uses the label maps.
    """

    run: str
    written: tuple[str, ...]
    refused: tuple[Refusal, ...]
    orientation: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "run": self.run,
            "orientation": self.orientation,
            "written": list(self.written),
            "refused": [asdict(item) for item in self.refused],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """A line with the number of label maps, and one for each file that was refused."""
        lines = [f"not predicted: {item.path}: {item.reason}" for item in self.refused]
        return "\n".join([f"{len(self.written)} label maps written with run {self.run}", *self.notes, *lines])


def predict(run_dir: Path, inputs: Path, output: Path, *, progress: Progress | None = None) -> PredictionReport:
    """Write a label map for every image of a folder, under the image's own name and on its own grid.

    Files that are no usable images are listed with a reason, and the others are predicted. `training.data.input_files`
    describes which files of several channels belong together.

    Args:
        run_dir: folder of a trained run.
        inputs: folder of images; folders below it are searched too, and the output has the same ones.
        output: folder for the label maps; created where it does not exist.
        progress: called with `(done, total, what)`.

    Raises:
        UsageError: the run has no model yet, the output lies inside the input, or a label map exists already.
        NotFound: no such run or input folder.
        InvalidInput: no NIfTI file at all, or an older run whose orientation nothing here shows.
    """
    record = run_record.read(run_dir)
    _require_model(run_dir, record)
    if output.resolve().is_relative_to(inputs.resolve()):
        raise UsageError("The output folder lies inside the input folder.", "Choose a folder beside it.")
    data = record["data"]
    found, refused = find(inputs, data["channels"], data["reference_channel"])
    _require_new(found, output)
    model = _Model(run_dir, record)
    written, notes = [], [model.note] if model.note else []
    for number, item in enumerate(found, start=1):
        try:
            notes += [f"{item.name}: {note}" for note in _write(output / item.name, model, item)]
            written.append(str(item.name))
        except (CohortiumError, OSError, MemoryError, RuntimeError, ValueError) as error:  # torch says RuntimeError
            refused.append(Refusal(str(item.name), str(error) or type(error).__name__))
        if progress:
            progress(number, len(found), f"predicting {item.name.name}")
    orientation = model.config.recipe.orientation
    return PredictionReport(record["run"], tuple(written), tuple(refused), orientation, tuple(notes))


class _Model:
    """The network of a run, and what is needed to use it."""

    def __init__(self, run_dir: Path, record: dict[str, Any]) -> None:
        from training.engine import weights
        from training.engine.loop import choose_device
        from training.engine.state import MODEL
        from training.networks import registry as networks

        stated = configs.loads((run_dir / "config.toml").read_text(encoding="utf-8"))
        self.config, self.note = settle_finished(stated, run_dir, record)
        self.labels = tuple(sorted(int(value) for value in record["data"]["labels"] if int(value)))
        self.reference = record["data"]["channels"].index(record["data"]["reference_channel"])
        self.network = networks.build(self.config.model, len(record["data"]["channels"]), len(self.labels) + 1)
        self.network.load_state_dict(weights.read(run_dir / MODEL)[0])
        self.network = self.network.to(choose_device()).eval()


def _require_model(run_dir: Path, record: dict[str, Any]) -> None:
    kept = {item["path"]: item["sha256"] for item in record["checkpoints"] or []}
    if "model.safetensors" not in kept:
        raise UsageError(
            f"Run {record['run']} has no model yet (status: {record['status']}).", "Let it finish, or resume it."
        )
    path = run_dir / "model.safetensors"
    if not path.is_file() or sha256_file(path) != kept["model.safetensors"]:
        raise IntegrityError(f"The model of run {record['run']} is missing or was changed.", "Resume the run.")


def _require_new(found: Sequence[Input], output: Path) -> None:
    existing = [item.name for item in found if (output / item.name).exists()]
    if existing:
        raise UsageError(
            f"{len(existing)} label maps exist already, the first is {existing[0]}.",
            "Nothing was written; choose another output folder.",
        )


def _write(path: Path, model: _Model, item: Input) -> list[str]:
    """Write the label map of one image, and return sentences for whoever uses it."""
    from training.data.preprocessing import grid_of
    from training.predict.snapshot import label_map

    channels = [_read(file) for file in item.files]
    native = grid_of(channels[model.reference])
    reference = item.files[model.reference]
    notes = [*_compare_places(item.files, reference), *require_content(_names(item), channels, native)]
    labels = label_map(model.config, model.network, channels, native, model.labels)
    data = encode_on(labels, reference)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data if path.suffix == ".gz" else gzip.decompress(data))
    return notes


def _names(item: Input) -> list[str]:
    return [file.name for file in item.files]


def _compare_places(files: Sequence[Path], reference: Path) -> list[str]:
    """Sentences about headers that programs read differently; the label map repeats what the reference states.

    Raises:
        GeometryError: a channel on another grid states no position, or the reference states none, so that where the
            one lies in the other would be invented.
    """
    notes, own = [], read_header(reference)
    for path in files:
        header = read_header(path)
        unstated = header.forms_missing or own.forms_missing
        if unstated and not same_grid(header.shape[:3], header.affine_ras, own.shape[:3], own.affine_ras):
            silent = path if header.forms_missing else reference
            raise GeometryError(
                f"{silent.name} does not say where it lies (neither qform nor sform is set), so its place beside "
                f"{(reference if silent == path else path).name} would be invented.",
                "Export it again with its position, or resample the channels onto one grid.",
            )
        if not header.forms_agree:
            notes.append(
                f"qform, sform and voxel edges (pixdim) of {path.name} place it up to {forms_apart_mm(path):.3g} mm "
                f"apart; the {'sform' if read_storage(path).forms.sform_code else 'qform'} was used"
            )
    if own.forms_missing:
        notes.append("neither qform nor sform is set, so the label map states no position either (forms-missing)")
    return notes


def _read(path: Path) -> Volume:
    volume = as_3d(load(path, np.float32), path.name)
    if not np.isfinite(volume.data).any():
        raise InvalidInput(f"{path.name} holds no number at all.", "Export it again.")
    if abs(float(np.linalg.det(volume.affine_ras[:3, :3]))) < 1e-9:
        raise InvalidInput(f"{path.name} has a grid without extent.", "Its affine is damaged; export it again.")
    return volume
