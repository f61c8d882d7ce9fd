"""The list of every check; checks that other packages add come last."""

from __future__ import annotations

from importlib.metadata import entry_points

from curation.checks.check import Check, each
from curation.checks.rules import metadata, mirrored, missing, peers, positions, single_image
from registry.errors import NotFound
from registry.files.volumes import FORMS_TOLERANCE_MM
from registry.vocabulary.findings import Severity

_AGAIN = "Copy or export the file again."
_OUT = "Exclude the image, or ask for it again."

GROUP = "cohortium.checks"
"""The entry-point group in which another package announces one `Check`, with the numbers that it needs."""

CHECKS: tuple[Check, ...] = (
    Check(
        "image-unreadable",
        "The file is damaged, ends before its voxels do, or is no image.",
        _AGAIN,
        each(single_image.unreadable),
        Severity.ERROR,
    ),
    Check("image-empty", "Every voxel is zero.", _OUT, each(single_image.empty), Severity.ERROR),
    Check("image-constant", "Every voxel has one value.", _OUT, each(single_image.constant), Severity.ERROR),
    Check(
        "values-not-finite",
        "Voxels are NaN or infinite.",
        "Export it again, or set them to a number on purpose.",
        each(single_image.nonfinite),
    ),
    Check(
        "values-few",
        f"Fewer than {single_image.FEW} distinct values: it may be a mask.",
        "Look at what it shows.",
        each(single_image.few_values),
    ),
    Check(
        "values-saturated",
        f"At least {single_image.SATURATED:.0%} of the foreground has the largest value.",
        "Export it again with the full range of values.",
        each(single_image.saturated),
    ),
    Check(
        "values-negative",
        "Negative values, where the channel has none at this site.",
        "Find out what was done to it: registration, bias correction, subtraction?",
        peers.negative,
        version="3",
    ),
    Check(
        "forms-disagree",
        f"qform, sform and voxel edges (pixdim) place the image more than {FORMS_TOLERANCE_MM} mm apart.",
        "Decide which of them is right, and write it into both.",
        each(single_image.forms_disagree),
        version="2",
    ),
    Check(
        "forms-missing",
        "The header states no position: neither qform nor sform is set, and programs invent different ones.",
        "Convert the DICOM files again, or write the right position into both forms; do not trust distances to others.",
        positions.coded("forms-missing"),
    ),
    Check(
        "images-apart",
        "An anatomical image shares no part of the field of view with most of the others of its visit.",
        "Look at them side by side: one has lost its position, or is of another person or part of the body.",
        positions.coded("images-apart"),
    ),
    Check(
        "maybe-mirrored",
        "Left and right look exchanged against the subject's other images, or its site's mean. "
        "The score is the agreement of what is asymmetric: 1 the same, -1 mirrored.",
        "Compare a landmark whose side is known; the check can be wrong.",
        mirrored.mirrored,
        version="3",
    ),
    Check(
        "slices-empty",
        "Slices are empty where those of the other images are not.",
        "Look whether the scan, or the transfer, was broken off.",
        peers.empty_slices,
        version="3",
    ),
    Check(
        "extent-unlike",
        "The content's extent in millimetres is unlike that of the images it is compared with.",
        "Look whether something was cropped, or the voxel size in the header is wrong.",
        peers.extent,
        version="3",
    ),
    Check(
        "content-at-border",
        "The content touches a border of the field of view that others keep clear.",
        "Look whether something was cut off.",
        peers.border,
        version="3",
    ),
    *peers.outlier_checks(),
    Check(
        "same-voxels",
        "Another file holds the same voxels.",
        "Find out which of them is mislabelled.",
        single_image.copies,
    ),
    Check(
        "sidecar-incomplete",
        "The sidecars lack fields that this kind of image should state.",
        "Ask the site, or convert the DICOM files again.",
        missing.fields,
    ),
    Check(
        "sidecar-implausible",
        "A sidecar states a number that no acquisition has: in another unit, as a text, or as a list.",
        "Ask the site, and correct the sidecar: queries and peers trust it.",
        metadata.implausible,
    ),
    Check(
        "session-missing",
        "A visit that most other subjects of the site and the data set have is not there.",
        "Ask the site, or acknowledge why.",
        missing.sessions,
        version="3",
    ),
    Check(
        "channel-missing",
        "A channel that most others of the site and the data set have at this visit is not there.",
        "Ask the site, or acknowledge why.",
        missing.channels,
        version="3",
    ),
)


def list_checks() -> tuple[Check, ...]:
    """Our checks, then those of other packages sorted by the name of their entry point."""
    others = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    return (*CHECKS, *(entry.load() for entry in others))


def named(code: str) -> Check:
    """The check with this code.

    Raises:
        NotFound: there is no such check.
    """
    found = next((check for check in list_checks() if check.code == code), None)
    if found is None:
        raise NotFound(f"There is no check '{code}'.", "List them with: cohortium check explain")
    return found
