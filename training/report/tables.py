"""Tables of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from training.evaluation.metrics.metric import Column

_PARTS = {"train": 0, "validation": 1, "test": 2}


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, totals: int = 0, text: bool = False) -> str:
    """A table as HTML; every cell is escaped.

    Args:
        header: names of the columns.
        rows: cells of each row.
        totals: number of rows at the end that are set apart.
        text: whether long cells are wrapped and the first column is set apart, for words instead of numbers.
    """
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = []
    for number, row in enumerate(rows):
        kind = ' class="total"' if number >= len(rows) - totals else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<table class="{"text" if text else "numbers"}">{body}</table>'


def score_table(parts: Sequence[Mapping[str, Any]], columns: Mapping[str, Column]) -> str:
    """The score table as HTML: one line per part, source and label; the test part last, the model before the experts.

    The first of the profile's columns has its interval beside it.
    """
    ordered = sorted(parts, key=lambda p: (_PARTS.get(p["part"], 3), p["source"] != "model", p["source"] != "experts"))
    main, *others = columns.values()
    header = [
        "Part",
        "Drawn by",
        "Label",
        main.heading,
        "95 % interval",
        *(column.heading for column in others),
        "Images",
        "n/a",
        "Failed",
        "Found",
        "Right",
    ]
    return html_table(header, [_cells(part, columns) for part in ordered])


def _cells(part: Mapping[str, Any], columns: Mapping[str, Column]) -> list[str]:
    name, column = next(iter(columns.items()))
    ends = part[name]["ci95"] if part[name] else ()
    interval = " to ".join(f"{end:.{column.digits}f}" for end in ends) or "n/a"
    main, *others = (_mean(part, name, column.digits) for name, column in columns.items())
    return [
        part["part"],
        part["source"],
        part["label"],
        main,
        interval,
        *others,
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
