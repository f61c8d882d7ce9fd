r"""Generated twins of the cohorts' layouts: a few subjects each, small images, and the traps that recipes name.

A path with `{a,b}` stands for one file a choice; `\1` repeats what the first braces chose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.cohorts.importer_twins import blob, put, voxels, write

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Twin:
    """A delivery in small: images, masks with their label values, tables, and what a good import keeps of it."""

    images: tuple[str, ...]
    masks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Subjects, sessions, images, masks, consensus masks."""


PATIENT = "Training/Center_01/{01016ABCD,07043EFGH}"
TWINS = {
    "msseg-2016": Twin(
        (
            f"{PATIENT}/Raw_Data/{{FLAIR,T1,GADO,T2,DP}}.nii.gz",
            f"{PATIENT}/Preprocessed_Data/FLAIR_preprocessed.nii.gz",
            "flat/03001IJKL/{3DFLAIR,3DT1}.nii",
        ),
        {
            f"{PATIENT}/Masks/ManualSegmentation_{{1,2,3,4,5,6,7}}.nii.gz": (1,),
            "{Training/Center_01/01016ABCD/Masks,flat/03001IJKL}/Consensus.nii.gz": (1,),
        },
        kept=(3, 3, 12, 14, 2),
    ),
    "msseg-2": Twin(
        ("training/{013,015}/flair_time{01,02}_on_middle_space.nii.gz",),
        {
            "training/{013,015}/ground_truth_expert{1,2,3,4}.nii.gz": (1,),
            "training/013/ground_truth.nii.gz": (1,),
            "training/015/ground_truth.nii.gz": (),
        },
        kept=(2, 4, 4, 8, 2),
    ),
    "brats": Twin(
        (
            "{BraTS2021_00002,BraTS2021_00003,BraTS20_Training_002}/\\1_{t1,t1ce,t2,flair}.nii.gz",
            "2023/{BraTS-GLI-00005-000,BraTS-GLI-00005-001}/\\1-{t1n,t1c,t2w,t2f}.nii.gz",
        ),
        {
            "BraTS2021_00002/BraTS2021_00002_seg.nii.gz": (1, 2, 4),
            "BraTS2021_00003/BraTS2021_00003_seg.nii.gz": (1, 3),
            "2023/{BraTS-GLI-00005-000,BraTS-GLI-00005-001}/\\1-seg.nii.gz": (1, 2, 3),
        },
        kept=(4, 5, 20, 3, 0),
    ),
    "sterimgli": Twin(
        ("{P01,P02}/\\1_{t1,t1ce,t2}.nii.gz", "P01/P01_flair.nii.gz"),
        {"{P01,P02}/\\1_seg.nii.gz": (1, 2, 3, 4)},
        kept=(2, 2, 7, 2, 0),
    ),
    "ms-seg": Twin(
        ("{01016ABCD,07043EFGH}/{t1,t1ce,t2,flair}.nii.gz",),
        {"{01016ABCD,07043EFGH}/seg.nii.gz": (1,)},
        kept=(2, 2, 8, 0, 2),
    ),
    "cord-7t": Twin(
        ("{HC01,ALS02,new03}/slice{1,2}_T2star.nii.gz",),
        {"{HC01,ALS02}/slice{1,2}_{cord,gm}_{e01,e02}.nii.gz": (1,)},
        {
            "participants.tsv": "patient\tgroup\tage\tsite\tlevel\n"
            "HC01\tHC\t30\tA\tcervical\nALS02\tALS\tn/a\tB\tthoracic\n"
        },
        kept=(2, 2, 4, 16, 0),
    ),
    "liver-pairs": Twin(
        ("pair{1,2,3}/{T1,T2}.nii.gz", "pair9/T1.nii.gz"),
        {"pair{1,2,3}/{T1,T2}_liver.nii.gz": (1,)},
        {"pairs.tsv": "pair\tpatient\tdays\n1\tA\t0\n2\tA\t90\n3\tB\tn/a\n9\tC\t0\n"},
        kept=(3, 4, 7, 6, 0),
    ),
    "lits": Twin(
        ("batch1/volume-{0,1}.nii", "test-volume-0.nii"),
        {"batch1/segmentation-{0,1}.nii": (1, 2)},
        kept=(2, 2, 2, 2, 0),
    ),
    "ixi": Twin(
        (
            "T1/{IXI002-Guys-0828,IXI012-HH-1211,IXI035-IOP-0873}-T1.nii.gz",
            "IXI002-Guys-0828-{T2,PD,MRA}.nii.gz",
            "IXI002-Guys-0828-DTI-00.nii.gz",
        ),
        tables={
            "IXI.csv": 'IXI_ID,"SEX_ID (1=m, 2=f)",AGE,DOB\n2,2,35.8,1968-03-22\n12,1,38.78,\n12,2,38.78,\n35,0,,\n'
        },
        kept=(3, 3, 6, 0, 0),
    ),
    "hcp": Twin(
        (
            "{100307,100408}/unprocessed/3T/T1w_MPR1/\\1_3T_T1w_MPR1.nii.gz",
            "100307/unprocessed/3T/T1w_MPR2/100307_3T_T1w_MPR2.nii.gz",
            "100307/unprocessed/3T/T2w_SPC1/100307_3T_{T2w_SPC1,BIAS_BC}.nii.gz",
            "100307/T1w/T1w_acpc_dc_restore.nii.gz",
        ),
        tables={"unrestricted_behavioral.csv": "Subject,Gender,Age\n100307,F,26-30\n100408,M,31-35\n"},
        kept=(2, 2, 4, 0, 0),
    ),
    "ibc": Twin(
        ("sub-{01,02}/ses-{00,01}/anat/sub-\\1_ses-\\2_T1w.nii.gz",),
        tables={
            "participants.tsv": "participant_id\tage\tsex\nsub-01\t30\tM\nsub-02\t31\tF\n",
            "dataset_description.json": '{"Name": "IBC", "BIDSVersion": "1.8.0"}',
        },
        kept=(2, 4, 4, 0, 0),
    ),
    "kirby21": Twin(
        ("KKI2009-{01,02,25,42}-{MPRAGE,FLAIR}.nii.gz", "KKI2009-01-DTI.nii", "113-{01,02}-MPRAGE.nii.gz"),
        tables={
            "scans.csv": "MPRAGE,Age,Sex,Subject ID,Visit ID\nKKI2009-01-MPRAGE,25,M,849,1\n"
            "KKI2009-25-MPRAGE,25,M,849,2\nKKI2009-02-MPRAGE,40,F,906,1\n"
        },
        kept=(3, 5, 8, 0, 0),
    ),
    "mpi-leipzig": Twin(
        (
            "sub-{010001,010002}/ses-{01,02}/anat/sub-\\1_ses-\\2_acq-mp2rage_T1w.nii.gz",
            "sub-010001/ses-01/anat/sub-010001_ses-01_{T2w,acq-lowres_FLAIR,inv-1_mp2rage,acq-mp2rage_T1map}.nii.gz",
        ),
        tables={
            "sub-010001/ses-01/anat/sub-010001_ses-01_T2w.json": (
                '{"Manufacturer": "Siemens", "MagneticFieldStrength": 3, "PatientName": "Roe"}'
            )
        },
        kept=(2, 4, 6, 0, 0),
    ),
    "ofsep": Twin(
        ("{01,36}/0007/{M00,M12}/{FLAIR,T1}.nii.gz", "01/0008/M00/SWI.nii.gz"),
        tables={"visits.tsv": "visit_id\tage\tdays\n01-0007-M00\t40\t0\n01-0007-M12\t41\t371\n"},
        kept=(2, 4, 8, 0, 0),
    ),
}


def expand(path: str) -> Iterator[str]:
    """Every file that a path with braces stands for."""
    chosen: list[str] = []

    def fill(rest: str) -> Iterator[str]:
        found = _BRACES.search(rest)
        if found is None:
            yield re.sub(r"\\(\d)", lambda number: chosen[int(number[1]) - 1], rest)
            return
        for choice in found[1].split(","):
            chosen.append(choice)
            yield from fill(f"{rest[: found.start()]}{choice}{rest[found.end() :]}")
            chosen.pop()

    yield from fill(path)


def make(root: Path, twin: Twin) -> Path:
    """Write a twin below `root`."""
    for number, path in enumerate(file for pattern in twin.images for file in expand(pattern)):
        put(root / path, voxels(number))
    for pattern, values in twin.masks.items():
        for path in expand(pattern):
            put(root / path, blob(*values))
    for path, text in twin.tables.items():
        write(root / path, text)
    return root
