"""NIfTI files with the headers that other programs leave, and where SimpleITK says that a file lies."""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK

AFFINE = np.array([[-1.0, 0, 0, 20], [0, 1.0, 0, -24], [0, 0, 1.5, -16], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Header:
    """What a header states beside its shape and type.

    Attributes:
        codes: of qform and sform; 0 is not set.
        shift_mm: the qform is moved along y by this, against the sform.
        scale: `scl_slope` and `scl_inter`.
        unit: `meter`, `mm`, `micron` or `unknown`; the numbers are not changed for it.
        version: of NIfTI.
        edges: the voxel edges in `pixdim`, which contradict the affine; None keeps those that fit.
    """

    codes: tuple[int, int] = (1, 1)
    shift_mm: float = 0.0
    scale: tuple[float, float] = (0.0, 0.0)
    unit: str = "mm"
    version: int = 1
    edges: tuple[float, float, float] | None = None


def put(path: Path, data: Any, affine: Any = AFFINE, header: Header = Header()) -> Path:
    """Write a file; its stored numbers are `data`, whatever the scale makes of them."""
    kind = nibabel.Nifti1Image if header.version == 1 else nibabel.Nifti2Image
    image = kind(data, np.asarray(affine, float), dtype=data.dtype)
    moved = np.array(affine, float)
    moved[1, 3] += header.shift_mm
    image.set_sform(affine if header.codes[1] else None, code=header.codes[1])
    image.set_qform(moved if header.codes[0] else None, code=header.codes[0])
    image.header.set_xyzt_units(header.unit, "sec")
    raw = bytearray(image.to_bytes())
    if header.version == 1:
        raw[112:120] = struct.pack("<2f", *header.scale)
        raw[80:92] = struct.pack("<3f", *header.edges) if header.edges else raw[80:92]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(bytes(raw), mtime=0) if path.name.endswith(".gz") else bytes(raw))
    return path


def itk_affine(path: Path) -> Any:
    """The affine of the first three axes in RAS mm, as SimpleITK reads it."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    n = reader.GetDimension()
    affine = np.eye(4)
    turn = np.array(reader.GetDirection()).reshape(n, n)[:3, :3]
    affine[:3, :3] = turn * np.array(reader.GetSpacing())[:3]
    affine[:3, 3] = reader.GetOrigin()[:3]
    return np.diag([-1.0, -1, 1, 1]) @ affine


def ways_of_storing(labels: Any) -> dict[str, tuple[Any, Header, str]]:
    """One label map (I, J, K) of uint8 as programs store it: numbers, header, and our words for what is odd."""
    return {
        "255 times 1/255": (labels * np.uint8(255), Header(scale=(1 / 255, 0)), "with a scale"),
        "a slope that drifted": (labels, Header(scale=(0.9995, 0)), "with a scale"),
        "an intercept": (labels.astype(np.int16) - 3, Header(scale=(1, 3)), "with a scale"),
        "a slope that is no number": (labels, Header(scale=(np.nan, np.nan)), "with a scale"),
        "decimals": (labels.astype(np.float32), Header(), "as decimals"),
        "64 bits": (labels.astype(np.int64), Header(), "as 64-bit numbers"),
        "a fourth axis": (labels[..., None], Header(), "with 4 axes"),
        "a fourth and a fifth axis": (labels[..., None, None], Header(), "with 5 axes"),
        "metres": (labels, Header(unit="meter"), "in another unit than mm"),
        "NIfTI-2": (labels, Header(version=2), "as NIfTI-2"),
        "a qform elsewhere": (labels, Header(shift_mm=9), "with a qform or sform unlike its image's"),
        "edges unlike the sform": (labels, Header((0, 1), edges=(3, 3, 3)), "with a qform or sform unlike its image's"),
        "no form": (labels, Header(codes=(0, 0)), "with a qform or sform unlike its image's"),
    }
