"""Metadata above an image is its metadata everywhere: in the view, for the checks, for the scanner, and for pybids."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import tests.support.cohorts.importer_twins as twins
from curation.checks import inputs
from curation.checks.check import Cohort
from curation.checks.rules import missing
from curation.imports.delivery import import_delivery
from registry.catalog import Catalog
from registry.maintenance.creation import create

STATED = {
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "Trio",
    "MagneticFieldStrength": 3,
    "RepetitionTime": 9,
    "EchoTime": 0.1,
    "InversionTime": 2.5,
}


def test_a_sidecar_at_the_root_says_the_same_to_all(tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    for sidecar in source.glob("sub-*/ses-*/anat/*_FLAIR.json"):
        sidecar.unlink()
    (source / "sub-02/ses-b/anat/sub-02_ses-b_FLAIR.json").write_text(json.dumps({"MagneticFieldStrength": 7}))
    (source / "FLAIR.json").write_text(json.dumps(STATED))
    registry = create(tmp_path / "registry", "Cohort")
    import_delivery(registry, "bids", source)

    columns = "path, field_strength_t, manufacturer"
    rows = Catalog.of(registry).rows(f"SELECT {columns} FROM images ORDER BY path")
    assert [row["field_strength_t"] for row in rows] == [3, 3, 3, 7]
    assert {row["manufacturer"] for row in rows} == {"Siemens"}

    shots = inputs.shots(registry)
    assert [shot.sidecar["MagneticFieldStrength"] for shot in shots] == [3, 3, 3, 7]
    assert list(missing.fields(Cohort(shots, []))) == []

    scanners = Catalog.of(registry).rows("SELECT DISTINCT scanner FROM sessions ORDER BY 1")
    assert [row["scanner"] for row in scanners] == ["Siemens Trio 3 T", "Siemens Trio 7 T"]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bids import BIDSLayout

        layout = BIDSLayout(registry.root, validate=False)
        found = {shot.path: layout.get_file(str(registry.root / shot.path)).get_metadata() for shot in shots}
    assert found == {shot.path: dict(shot.sidecar) for shot in shots}
