"""The texts of the demo cohort: dataset descriptions, column dictionaries, README and sidecars."""

from __future__ import annotations

from typing import Any

from curation.demo.cohort import PlannedVisit
from curation.demo.raters import RATERS, SimulatedRater
from curation.demo.scanners import Sequence
from registry.bids.description import dataset_description

PROTOCOL = "mslesion"

_LICENSE = "CC0 for what was generated; the ICBM152 template keeps its own permissive licence, see README"
_AUTHORS = ["Cohortium demo generator", "Cohortium"]
_GENERATOR = {"Name": "Cohortium", "Description": "curation.demo: synthetic multi-centre MS cohort"}

_BOTH: dict[str, Any] = {
    "License": _LICENSE,
    "Authors": _AUTHORS,
    "GeneratedBy": [_GENERATOR],
    "HEDVersion": "8.3.0",
}

RAW_DESCRIPTION = dataset_description(
    "Synthetic multi-centre MS cohort",
    Keywords=["synthetic", "multiple sclerosis", "FLAIR", "lesion segmentation", "multi-centre"],
    SourceDatasets=[{"URL": "https://nist.mni.mcgill.ca/icbm-152-nonlinear-atlases-2009/"}],
    **_BOTH,
)

MANUAL_DESCRIPTION = dataset_description(
    "Lesion masks of four simulated raters",
    {"raw": "file:../.."},
    SourceDatasets=[{"URL": "file:../.."}],
    **_BOTH,
)

README = """# Synthetic multi-centre MS cohort

No human being was scanned for this dataset. Every image, mask, age and diagnosis is computed from a seed, so
that the registry, the readings and the training can be tried on something that looks like a real study.

## What is in it

Persons with multiple sclerosis (class MS) and healthy controls (class HC) at three centres with three
scanners. Each subject has two sessions, about a year apart, with a FLAIR and a T1w image, without skull.
Between sessions lesions grow, appear and vanish. One person is present as two subjects, a re-scan at another
centre: the column person_id of participants.tsv says so. Where a person's second session took place at
another centre, the subject's sessions.tsv says so.

derivatives/manual-mslesion holds lesion masks of four simulated raters on each FLAIR image. The lesions as
generated are not part of the dataset: as in real life, there are only readings.

## Where the anatomy comes from

From the ICBM152 2009a nonlinear maps that nilearn distributes (T1-weighted, grey matter, white matter; files
mni_icbm152_*_tal_nlin_sym_09a), deformed and re-contrasted here. Template reference: Fonov et al., NeuroImage
54 (2011) 313-327.

The template belongs to its authors (McConnell Brain Imaging Centre, Montreal Neurological Institute, McGill
University); nilearn's documentation of these maps names their licence.

## What it is not

Scanner vendors are named in the sidecars because software reads those fields; models, settings and image
quality are invented and say nothing about any vendor. Results on this cohort say nothing about patients.
"""

MANUAL_README = """# Lesion masks of four simulated raters

One binary mask per rater and FLAIR image, on the FLAIR image's own grid. descriptions.tsv lists the raters. A
mask without any voxel is a finding ("Kind": "none_found" in its sidecar), not a missing reading.
"""

CHANGES = "0.1.0\n  - First version.\n"

PARTICIPANT_WORDS: dict[str, Any] = {
    "participant_id": {"Description": "BIDS subject"},
    "person_id": {"Description": "Human being; several subjects may be one person"},
    "species": {"Description": "Binomial name", "Levels": {"homo sapiens": "human"}},
    "age": {"Description": "Age at the person's first session", "Units": "year"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "class": {
        "Description": "Class used for training",
        "Levels": {"MS": "multiple sclerosis", "HC": "healthy control"},
    },
    "diagnosis": {
        "Description": "Clinical diagnosis",
        "Levels": {"RRMS": "relapsing remitting MS", "SPMS": "secondary progressive MS", "healthy": "none"},
    },
    "radiological_status": {
        "Description": "What the images show",
        "Levels": {
            "normal": "no finding",
            "incidental_lesions": "white-matter lesions without disease",
            "pathological": "lesions of the disease",
        },
    },
}

SESSION_WORDS: dict[str, Any] = {
    "session_id": {
        "Description": "BIDS session",
        "Levels": {"ses-M00": "first visit", "ses-M12": "follow-up after a year"},
    },
    "days_from_baseline": {"Description": "Days since the person's first session, at any centre", "Units": "day"},
    "site": {"Description": "Centre of this session"},
    "scanner": {"Description": "Scanner of this session"},
}

RATER_WORDS: dict[str, Any] = {
    "Description": "The raters whose masks this dataset holds",
    "desc_id": {"Description": "The desc entity of the rater's masks"},
    "description": {"Description": "How the simulated rater reads"},
    "rater_id": {"Description": "Pseudonymous rater code"},
    "role": {"Description": "Profession"},
    "protocol": {"Description": "Reading protocol"},
}


def image_sidecar(visit: PlannedVisit, sequence: Sequence) -> dict[str, Any]:
    """Acquisition fields of one image; times in seconds, lengths in mm."""
    scanner = visit.scanner
    return {
        **sequence.sidecar,
        "BodyPart": "BRAIN",
        "DeviceSerialNumber": scanner.code,
        "InstitutionName": scanner.site,
        "InstitutionalDepartmentName": "Radiology",
        "MagneticFieldStrength": scanner.field_t,
        "Manufacturer": scanner.manufacturer,
        "ManufacturersModelName": scanner.model,
        "NonlinearGradientCorrection": True,
        "PulseSequenceDetails": "simulated",
        "ReceiveCoilName": "Head",
        "Modality": "MR",
        "SequenceName": f"demo{sequence.suffix}",
        "SkullStripped": True,
        "SliceThickness": sequence.thickness_mm,
        "SoftwareVersions": "demo 1",
        "StationName": scanner.code,
    }


def mask_sidecar(rater: SimulatedRater, image_path: str, digests: tuple[str, str], empty: bool) -> dict[str, Any]:
    """Sidecar of one reading.

    Args:
        rater: the rater who drew it.
        image_path: path of the FLAIR image, relative to the raw root.
        digests: SHA-256 of the image file and of the mask file.
        empty: whether the rater found nothing.
    """
    uri = f"bids:raw:{image_path}"
    return {
        "Description": f"Lesions drawn by rater {rater.code} on the FLAIR image",
        "GeneratedBy": [{"Name": "Manual", "Description": f"simulated rater {rater.code}"}],
        "Kind": "none_found" if empty else "mask",
        "Manual": True,
        "Protocol": PROTOCOL,
        "RaterID": rater.code,
        "Revision": 1,
        "SHA256": digests[1],
        "SourceSHA256": digests[0],
        "Sources": [uri],
        "SpatialReference": uri,
        "Type": "Lesion",
    }


def rater_rows() -> list[dict[str, str]]:
    """Rows of `descriptions.tsv`."""
    return [
        {
            "desc_id": f"desc-{rater.code}",
            "description": rater.habit,
            "rater_id": rater.code,
            "role": rater.role,
            "protocol": PROTOCOL,
        }
        for rater in RATERS
    ]
