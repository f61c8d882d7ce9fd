"""Three centres, three scanners: voxel sizes, contrast, gain, shading and noise. All values are invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.files.volumes import Array

FIELD_OF_VIEW_MM = (168.0, 206.0, 172.0)
"""Right-left, anterior-posterior, superior-inferior: the brain with a margin for pose and size."""

_AXIS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}


@dataclass(frozen=True)
class Contrast:
    """Signal of each tissue, white matter of a 3 T T1w image being about 0.87; linear in tissue shares."""

    white: float
    grey: float
    csf: float
    lesion: float


@dataclass(frozen=True)
class Sequence:
    """The settings of a scanner for one kind of image.

    Attributes:
        suffix: BIDS suffix, `FLAIR` or `T1w`.
        spacing_mm: voxel edges along right-left, anterior-posterior, superior-inferior.
        axes: array axes as orientation codes, `RAS`, `LPS`, `PSR`.
        contrast: tissue signals.
        sidecar: acquisition fields of the BIDS sidecar (times in seconds).
    """

    suffix: str
    spacing_mm: tuple[float, float, float]
    axes: str
    contrast: Contrast
    sidecar: dict[str, float | str]

    @property
    def thickness_mm(self) -> float:
        """Voxel edge along the slowest array axis."""
        return self.spacing_mm[_AXIS[self.axes[2]][0]]


@dataclass(frozen=True)
class Scanner:
    """One machine.

    Attributes:
        code: name in `sessions.tsv`.
        site: centre code.
        manufacturer, model: sidecar fields; the models are invented.
        field_t: Tesla.
        gain: stored value of a signal of 1.
        shading: size of the smooth bias field, share of the signal.
        noise: standard deviation of each Rician channel, share of a signal of 1.
        slice_jitter: standard deviation of the gain from slice to slice, share of the signal (2-D sequences).
        flair, t1w: the two sequences.
    """

    code: str
    site: str
    manufacturer: str
    model: str
    field_t: float
    gain: float
    shading: float
    noise: float
    slice_jitter: float
    flair: Sequence
    t1w: Sequence


def _timing(tr_s: float, te_s: float, flip: float, ti_s: float) -> dict[str, float | str]:
    return {"RepetitionTime": tr_s, "EchoTime": te_s, "FlipAngle": flip, "InversionTime": ti_s}


def _flair(
    spacing: tuple[float, float, float], axes: str, contrast: Contrast, timing: dict[str, float | str]
) -> Sequence:
    kind = {"MRAcquisitionType": "2D", "ScanningSequence": "SE/IR", "SequenceVariant": "SK/SP", "ScanOptions": "FC"}
    return Sequence("FLAIR", spacing, axes, contrast, {**kind, "PulseSequenceType": "FLAIR", **timing})


def _t1w(
    spacing: tuple[float, float, float], axes: str, contrast: Contrast, timing: dict[str, float | str]
) -> Sequence:
    kind = {"MRAcquisitionType": "3D", "ScanningSequence": "GR/IR", "SequenceVariant": "SK/SP/MP", "ScanOptions": "PFP"}
    return Sequence("T1w", spacing, axes, contrast, {**kind, "PulseSequenceType": "MPRAGE", **timing})


SCANNERS = (
    Scanner(
        "scannerA",
        "siteA",
        "Siemens",
        "Demo A 3T",
        3.0,
        900.0,
        0.14,
        0.018,
        0.0,
        _flair((1.5, 1.5, 3.0), "LPS", Contrast(0.50, 0.66, 0.10, 1.02), _timing(9.0, 0.087, 150, 2.5)),
        _t1w((1.8, 1.8, 1.8), "RAS", Contrast(0.87, 0.62, 0.24, 0.50), _timing(2.3, 0.00298, 9, 0.9)),
    ),
    Scanner(
        "scannerB",
        "siteB",
        "GE",
        "Demo B 3T",
        3.0,
        420.0,
        0.22,
        0.026,
        0.008,
        _flair((1.7, 1.7, 3.6), "RAS", Contrast(0.52, 0.65, 0.13, 0.96), _timing(10.0, 0.12, 160, 2.6)),
        _t1w((1.9, 1.8, 1.8), "PSR", Contrast(0.86, 0.64, 0.27, 0.52), _timing(7.3e-3, 3.0e-3, 11, 0.4)),
    ),
    Scanner(
        "scannerC",
        "siteC",
        "Philips",
        "Demo C 1.5T",
        1.5,
        1500.0,
        0.10,
        0.033,
        0.012,
        _flair((1.9, 1.9, 4.5), "LAS", Contrast(0.54, 0.67, 0.17, 0.94), _timing(11.0, 0.14, 90, 2.8)),
        _t1w((2.0, 2.0, 2.2), "RAS", Contrast(0.84, 0.65, 0.30, 0.56), _timing(8.5e-3, 4.0e-3, 8, 0.95)),
    ),
)
"""The cohort's scanners, in the order of its sites."""


def grid(sequence: Sequence, tilt: Array) -> tuple[tuple[int, int, int], Array]:
    """Shape and affine of an image: the field of view around the isocentre, turned by `tilt` (3 x 3 rotation).

    Returns:
        (I, J, K) and the 4 x 4 affine from voxel index to the scanner's RAS millimetres.
    """
    affine = np.eye(4)
    shape = []
    for column, code in enumerate(sequence.axes):
        axis, sign = _AXIS[code]
        spacing = sequence.spacing_mm[axis]
        shape.append(2 * round(FIELD_OF_VIEW_MM[axis] / spacing / 2))
        affine[:3, column] = tilt[:, axis] * (sign * spacing)
    middle = (np.array(shape) - 1) / 2
    affine[:3, 3] = -(affine[:3, :3] @ middle)
    return (shape[0], shape[1], shape[2]), affine
