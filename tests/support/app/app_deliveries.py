"""Small generated deliveries for the inbox: a BIDS dataset with faults, and DICOM series of an invented person."""

from __future__ import annotations

from pathlib import Path

from registry.files.volumes import encode
from tests.support.cohorts import app_cohort
from tests.support.dicom import twins
from tests.support.dicom.twins import Series

NEW = "sub-C001/ses-M00/anat/sub-C001_ses-M00_FLAIR.nii.gz"


def bids(root: Path) -> Path:
    """One subject with one image; a file that is no BIDS, and an image that is no NIfTI."""
    app_cohort.put(root / "dataset_description.json", {"Name": "New", "BIDSVersion": "1.11.1", "DatasetType": "raw"})
    app_cohort.table(root / "participants.tsv", [{"participant_id": "sub-C001", "sex": "M", "age": 50}])
    app_cohort.put((root / NEW).with_suffix("").with_suffix(".json"), {"Manufacturer": "Acme"})
    (root / NEW).write_bytes(encode(app_cohort.head(70, "ses-M00"), app_cohort.AFFINE))
    (root / NEW.replace("FLAIR", "T1w")).write_text("no image")
    (root / "minutes of a meeting.docx").write_text("no BIDS")
    return root


def dicom(root: Path) -> Path:
    """A T1w whose name is clear, and a series whose description says nothing, so that a person has to name it."""
    twins.write(root / "1", Series("T1 pre", number=1))
    twins.write(root / "2", Series("xyz", number=2), EchoTime=50, RepetitionTime=1500)
    (root / "notes.txt").write_text("no DICOM")
    return root
