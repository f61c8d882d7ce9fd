"""Every public set at hand, imported whole: the registry has no error, neither ours nor the official validator's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from curation import importers, recipes
from curation.dicom.names import plan
from curation.imports.delivery import import_delivery
from registry.bids.filenames import parse_name
from registry.maintenance import bids_validator, validation
from registry.maintenance.creation import create
from registry.store import Registry
from tests.support.cohorts.bids_layouts import fill, put_times
from tests.support.cohorts.importer_twins import put, voxels, write_json

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(bids_validator.find_program() is None, reason="the official validator is not installed"),
]

Bring = Callable[[Registry, Path, Path], object]


def delivery(recipe: str, folder: str) -> Bring:
    """A delivery as it was delivered."""
    return lambda registry, data, _: import_delivery(registry, recipe, data / folder)


def layout(name: str) -> Bring:
    """A public BIDS layout, with small images in place of its empty ones."""
    return lambda registry, data, work: import_delivery(
        registry, "bids", fill(data / "bids_examples" / name, work / name)
    )


def prepared(registry: Registry, data: Path, work: Path) -> None:
    """The derivative of a pipeline, below made-up raw images of the names that it was computed from."""
    raw = work / "raw"
    derivative = fill(data / "bids_examples/ds000001-fmriprep", raw / "derivatives/fmriprep")
    write_json(raw / "dataset_description.json", {"Name": "ds000001", "BIDSVersion": "1.8.0"})
    for path in sorted(derivative.glob("sub-*/func/*_bold.nii.gz")):
        entities = {
            key: value for key, value in parse_name(path.name).entities.items() if key in ("sub", "task", "run")
        }
        stem = "_".join(f"{key}-{value}" for key, value in entities.items())
        folder = raw / f"sub-{entities['sub']}"
        if not (folder / f"func/{stem}_bold.nii.gz").exists():
            put_times(folder / f"func/{stem}_bold.nii.gz")
            write_json(folder / f"func/{stem}_bold.json", {"RepetitionTime": 2, "TaskName": entities["task"]})
            put(folder / f"anat/{folder.name}_T1w.nii.gz", voxels(1), text="")
    assert import_delivery(registry, "bids", raw).kept["images"] > 50


def series(folder: str) -> Bring:
    """A folder of DICOM series by the proposed plan; a person keeps what waits, and says that the task is `epi`."""

    def bring(registry: Registry, data: Path, work: Path) -> None:
        recipe = importers.prepare(recipes.load("dicom"), registry, {})
        propose = importers.find(recipe).propose
        assert propose is not None
        seen = propose(recipe, data / "dicom" / folder, lambda done, total, what: None)
        rows = [
            replace(row, keep=row.keep.replace("ask", "yes"), name=row.name.replace("task-unnamed", "task-epi"))
            for row in seen.rows
        ]
        plan.write(work / "plan.tsv", rows)
        import_delivery(registry, "dicom", data / "dicom" / folder, options={"plan": work / "plan.tsv"})

    return bring


def reference(registry: Registry, data: Path, work: Path) -> None:
    """What a reference converter made of series, named as BIDS names them."""
    root = work / "reference"
    write_json(root / "dataset_description.json", {"Name": "reference", "BIDSVersion": "1.8.0"})
    for direction, stem in {"AP": "EPI_PE=AP_3", "PA": "EPI_PE=PA_4"}.items():
        name = root / f"sub-01/fmap/sub-01_dir-{direction}_epi"
        name.parent.mkdir(parents=True, exist_ok=True)
        for ending in (".nii", ".json"):
            shutil.copyfile(data / f"dicom/nih_reference/{stem}{ending}", f"{name}{ending}")
    import_delivery(registry, "bids", root)


SHORT: dict[str, Bring] = {
    "quantitative maps": layout("qmri_mp2rage"),
    "spinal cords of a sample": delivery("spine-generic", "spine_generic_sample"),
    "what a reference converter made": reference,
}
LONG: dict[str, Bring] = {
    "two tasks and physiology": layout("synthetic"),
    "diffusion and tasks": layout("ds114"),
    "tasks of many subjects": layout("ds109"),
    "field maps and resting states": layout("7t_trt"),
    "a derivative of a pipeline": prepared,
    "spinal cords": delivery("gm-challenge", "gm_challenge"),
    "spinal cords read as BIDS": delivery("bids", "gm_challenge"),
    "a sample read as BIDS": delivery("bids", "spine_generic_sample"),
    "hippocampi": delivery("msd-hippocampus", "msd_hippocampus"),
    "lesions over time": delivery("open-ms", "open_ms"),
    "phantoms of one maker": series("nih_siemens"),
    "phantoms of another maker": series("nih_ge"),
    "a tumour": series("brain_tumor_progression"),
}
SETS = {**SHORT, **LONG}


@pytest.mark.parametrize("name", [*SHORT, *(pytest.param(name, marks=pytest.mark.soak) for name in LONG)])
def test_a_registry_with_a_public_set_has_no_error(name: str, realdata: Path, tmp_path: Path) -> None:
    registry = create(tmp_path / "registry")
    SETS[name](registry, realdata, tmp_path)
    report = validation.validate(registry)
    assert report.errors == []
    assert bids_validator.PROGRAM in report.ran
    registry.engine.dispose()
