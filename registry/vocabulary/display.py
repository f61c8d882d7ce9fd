"""Write numbers, days, places and volumes for people, the same on every page."""

from __future__ import annotations

import re
from collections.abc import Iterable

NOT_STATED = "not stated"
"""Stands for a site, scanner or class that a dataset does not give: one word on every page, one row in every count."""

_TIMES = " \u00d7 "
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$])")

AXIS_ENDS = (("L", "R"), ("P", "A"), ("I", "S"))
"""The sides of the person at the low and the high end of each RAS axis."""


def format_number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def format_count(value: int, thing: str, plural: str | None = None) -> str:
    """`1 person`, `1,200 persons`."""
    return f"{format_number(value)} {thing if value == 1 else plural or thing + 's'}"


def capitalise(text: str) -> str:
    """The text with a capital first letter; the other letters stay (`FLAIR: reading images`)."""
    return text[:1].upper() + text[1:]


def format_day(days_from_baseline: int | None) -> str:
    """A visit's time: `baseline`, `day 340`, or `day unknown`."""
    if days_from_baseline is None:
        return "day unknown"
    return f"day {format_number(days_from_baseline)}" if days_from_baseline else "baseline"


def format_time(at: str) -> str:
    """An event's time as `2001-02-03 04:05 UTC`; an empty one as `time unknown`."""
    return f"{at[:10]} {at[11:16]} UTC" if at else "time unknown"


def format_visit(label: str) -> str:
    """A session's label without its prefix: `M12`; `single visit` where the subject has no sessions."""
    return label.removeprefix("ses-") or "single visit"


def format_volume(mm3: float | None) -> str:
    """`742 mm³` below a millilitre, else `2.54 mL`; `-` where it is unknown."""
    if mm3 is None:
        return "-"
    return f"{mm3:,.0f} mm³" if mm3 < 1000 else f"{mm3 / 1000:,.2f} mL"


def format_size(n_bytes: int) -> str:
    """`980 kB`, `21.4 MB`, `3.1 GB`; powers of ten, as disks are sold."""
    for unit, worth in (("GB", 10**9), ("MB", 10**6)):
        if n_bytes >= worth:
            return f"{n_bytes / worth:,.1f} {unit}"
    return f"{n_bytes / 1000:,.0f} kB"


def format_place(x_mm: float | None, y_mm: float | None, z_mm: float | None) -> str:
    """A point by the sides of the person, `L 28 · P 30 · S 9`; `-` where a coordinate is unknown.

    Args:
        x_mm: RAS millimetres to the right.
        y_mm: RAS millimetres to the front.
        z_mm: RAS millimetres upwards.
    """
    if x_mm is None or y_mm is None or z_mm is None:
        return "-"
    sides = zip(AXIS_ENDS, (x_mm, y_mm, z_mm), strict=True)
    return " · ".join(f"{ends[value >= 0]} {abs(value):.0f}" for ends, value in sides)


def format_code(code: str | None) -> str:
    """A code such as `incidental_lesions` as words; `not stated` for None."""
    return code.replace("_", " ").replace("-", " ") if code else NOT_STATED


def format_scan(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> str:
    """`112 x 138 x 58 voxels of 1.5 x 1.5 x 3 mm`."""
    sizes = _TIMES.join(f"{size:.2f}".rstrip("0").rstrip(".") for size in spacing_mm)
    return f"{format_grid(shape)} voxels of {sizes} mm"


def format_grid(shape: Iterable[int]) -> str:
    """The number of voxels along each axis: `112 x 138 x 58`, with the sign for times."""
    return _TIMES.join(str(n) for n in shape)


def escape_markdown(text: str) -> str:
    """Text of the registry, escaped so that Markdown shows it as it is and never as a link or a format."""
    return _MARKDOWN.sub(r"\\\1", text)
