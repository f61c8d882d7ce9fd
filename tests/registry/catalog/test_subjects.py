"""The images of a visit as the subject page lists them: raw before copies, by names that are short and one image's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from registry.catalog import Catalog, subjects
from registry.errors import NotFound
from registry.publishing import Change, publish
from registry.store import Registry
from tests.support.cohorts import tiny_bids, two_structures


def test_raw_images_come_before_their_copies_and_each_has_a_name_of_its_own(cohort: Registry) -> None:
    subject = tiny_bids.SUBJECTS[0]
    about = {"Name": "Copies", "BIDSVersion": "1.11.1", "DatasetType": "derivative", "GeneratedBy": [{"Name": "Tiny"}]}
    copies = [("common-tiny", "FLAIR", "common"), ("common-tiny", "T1w", "one"), ("other-tiny", "T1w", "one")]

    def write(root: Path) -> None:
        for number, (dataset, suffix, space) in enumerate(copies, 1):
            folder, stem = f"derivatives/{dataset}", f"{subject}/ses-M00/anat/{subject}_ses-M00_space-{space}"
            tiny_bids.put_json(root, f"{folder}/dataset_description.json", about)
            other = tiny_bids.image(tiny_bids.SUBJECTS[number], "FLAIR")
            tiny_bids.put(root, f"{folder}/{stem}_desc-resampled_{suffix}.nii.gz", other)

    publish(cohort, Change("import", "Copies"), write)
    catalog = Catalog.of(cohort)
    found = subjects.scans(catalog, subjects.visits(catalog, subject)[0])
    assert [scan.title for scan in found] == [
        "FLAIR",
        "FLAIR · common",
        "T1w",
        "T1w · one · common-tiny",
        "T1w · one · other-tiny",
    ]
    assert [scan.title for scan in found if scan.read] == ["FLAIR"]


def test_subjects_of_one_person_name_each_other(full: Registry) -> None:
    catalog = Catalog.of(full)
    assert subjects.who(catalog, "sub-A000").others == ("sub-B006",)
    assert subjects.who(catalog, "sub-B006").others == ("sub-A000",)
    with pytest.raises(NotFound, match="sub-Z"):
        subjects.who(catalog, "sub-Z")


def test_two_structures_of_one_rater_are_one_reading_and_two_volumes(cohort: Registry) -> None:
    subject = two_structures.SUBJECTS[0]
    wanted = f"SELECT n_readings FROM images WHERE subject = '{subject}' AND suffix = 'FLAIR'"
    before = Catalog.of(cohort).rows(wanted)
    drawn = {(row["rater"], row["structure"]): row["volume_ml"] for row in subjects.burden(Catalog.of(cohort), subject)}
    two_structures.add(cohort)
    assert Catalog.of(cohort).rows(wanted) == before
    voxel_ml = abs(np.linalg.det(tiny_bids.AFFINE[:3, :3])) / 1000
    after = {(row["rater"], row["structure"]): row["volume_ml"] for row in subjects.burden(Catalog.of(cohort), subject)}
    assert after == pytest.approx({**drawn, ("e01", "GM"): 3 * 4 * 4 * voxel_ml})
