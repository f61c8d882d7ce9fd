"""Tables of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_PARTS = {"train": 0, "validation": 1, "test": 2}


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, totals: int = 0, text: bool = False) -> str:
    """A table; the last `totals` rows are set apart; `text` aligns all cells left."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = []
    for number, row in enumerate(rows):
        kind = ' class="total"' if number >= len(rows) - totals else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<table class="{"text" if text else "numbers"}">{body}</table>'


def score_table(parts: Sequence[Mapping[str, Any]]) -> str:
    """One line per part, source and label, test part last, the model before the experts."""
    ordered = sorted(parts, key=lambda p: (_PARTS.get(p["part"], 3), p["source"] != "model", p["source"] != "experts"))
    header = [
        "Part",
        "Drawn by",
        "Label",
        "Dice",
        "95 % interval",
        "HD95 mm",
        "ASSD mm",
        "NSD 1 mm",
        "Images",
        "n/a",
        "Failed",
        "Found",
        "Right",
    ]
    return html_table(header, [_cells(part) for part in ordered])


def _cells(part: Mapping[str, Any]) -> list[str]:
    dice = part["dice"]
    interval = f"{dice['ci95'][0]:.3f} to {dice['ci95'][1]:.3f}" if dice else "n/a"
    return [
        part["part"],
        part["source"],
        part["label"],
        _mean(part, "dice", 3),
        interval,
        _mean(part, "hd95_mm", 2),
        _mean(part, "assd_mm", 2),
        _mean(part, "nsd", 3),
        str(part["n"]),
        str(part["n_na"]),
        str(part["n_failed"]),
        _share(part, "lesion_recall", "lesions_detected", "lesions_reference"),
        _share(part, "lesion_precision", None, "lesions_predicted"),
    ]


def _mean(part: Mapping[str, Any], measure: str, digits: int) -> str:
    return f"{part[measure]['mean']:.{digits}f}" if part[measure] else "n/a"


def _share(part: Mapping[str, Any], name: str, found: str | None, of: str) -> str:
    if part.get(name) is None:
        return "n/a"
    count = part[found] if found else part[of] - part["lesions_false"]
    return f"{part[name]:.2f} ({count} of {part[of]})"
