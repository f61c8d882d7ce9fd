"""One run: its learning curves, its scores, and the images with the worst scores."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from registry import runs, snapshots
from registry.app import shell
from registry.errors import NotFound
from registry.store import Registry
from registry.tables import Run
from registry.vocabulary.display import format_size, format_visit
from training.engine import progress
from training.evaluation.metrics.metric import Column, Direction
from training.pages import charts, run_files
from training.record.budget import format_budget

_LARGEST_REPORT = 30 << 20
_SOURCES = {"model": "Model", "experts": "Experts"}


def render(registry: Registry, run: Run) -> None:
    """Draw everything that the run has written so far."""
    try:
        folder = runs.folder(registry, run.run_id)
    except NotFound:
        if run.status == "finished":
            st.info("The files of this run are not on this machine.")
        return
    _curves(progress.read(folder / "progress.jsonl"))
    if budget := format_budget(run_files.record(folder)):
        st.caption(budget)
    parts = run_files.summaries(folder)
    if parts:
        columns = run_files.columns(folder)
        _scores(parts, columns)
        rows = run_files.scores(folder)
        st.markdown("**Every image**")
        st.altair_chart(charts.strips(rows, columns), width="stretch")
        _worst(registry, run, rows, columns)
    elif run.status == "finished":
        st.caption("It was not scored yet.")
    _files(folder)


def _curves(lines: Sequence[dict[str, Any]]) -> None:
    if not lines:
        return
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        st.markdown("**Loss in training**")
        st.altair_chart(charts.line(run_files.curve(lines, "loss"), "Loss"), width="stretch")
    with right, st.container(border=True):
        st.markdown("**Dice in validation**")
        found = run_files.curve(lines, "validation_dice")
        if found:
            st.altair_chart(charts.line(found, "Dice", points=True), width="stretch")
        else:
            st.caption("Not measured yet.")


def _scores(parts: Sequence[dict[str, Any]], columns: Mapping[str, Column]) -> None:
    st.markdown("**Scores** (mean over persons, 95 % interval)")
    rows = [_score_row(part, columns) for part in parts if part["source"] in _SOURCES]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            **{column.title: _configure(column) for column in list(columns.values())[1:]},
            "Found": st.column_config.NumberColumn("Lesions found", format="%.0f %%", help="Share of the true lesions"),
            "Right": st.column_config.NumberColumn(
                "Lesions correct", format="%.0f %%", help="Share of the predicted lesions"
            ),
        },
    )


def _configure(column: Column) -> Any:
    return st.column_config.NumberColumn(column.heading, format=f"%.{column.digits}f", help=column.about or None)


def _score_row(part: dict[str, Any], columns: Mapping[str, Column]) -> dict[str, Any]:
    (name, main), *others = columns.items()
    return {
        "Drawn by": _SOURCES[part["source"]],
        "Part": part["part"],
        "Label": part["label"],
        "Images": part["n"],
        "Persons": part["n_persons"],
        main.title: main.format_spread(part[name]) if part[name] else "-",
        **{column.title: _mean(part, other) for other, column in others},
        "Found": _percent(part.get("lesion_recall")),
        "Right": _percent(part.get("lesion_precision")),
        "Both empty": part["n_na"],
        "Failed": part["n_failed"],
    }


def _mean(part: dict[str, Any], measure: str) -> float | None:
    return part[measure]["mean"] if part.get(measure) else None


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _worst(registry: Registry, run: Run, rows: Sequence[dict[str, Any]], columns: Mapping[str, Column]) -> None:
    try:
        manifest = snapshots.get(registry, run.snapshot_id)
    except NotFound:
        return
    part = "test" if any(row["part"] == "test" for row in rows) else "validation"
    found = run_files.worst(rows, columns, manifest, part)
    if not found:
        return
    main = next(iter(columns.values()))
    end = "Lowest" if main.direction is Direction.HIGHER else "Highest"
    st.markdown(f"**{end} {main.title} of the {part} part**; each link shows the prediction over the image")
    for image in found:
        query = {"subject": image.subject, "session": image.session, "image": image.image, "run": run.run_id}
        shown = [(columns[name], value) for name, value in list(image.values.items())[:2] if value is not None]
        values = " · ".join(column.format(value) for column, value in shown)
        label = f"{values} · {image.subject} · {format_visit(image.session or '')} · {image.site}"
        shell.link("subject", label, {key: value for key, value in query.items() if value})


def _files(folder: Path) -> None:
    report, record = folder / "report.html", folder / "run.json"
    with st.container(horizontal=True):
        if report.is_file():
            st.download_button(
                "Report",
                report.read_bytes(),
                f"{folder.name}-report.html",
                "text/html",
                icon=":material/download:",
                on_click="ignore",
            )
        st.download_button(
            "Run record",
            record.read_bytes(),
            f"{folder.name}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
    if not report.is_file():
        return
    if report.stat().st_size > _LARGEST_REPORT:
        st.caption(f"The report has {format_size(report.stat().st_size)}: download it to read it.")
    elif st.toggle("Show the report here"):
        # A data address has an origin of its own, so a report from elsewhere cannot reach the app.
        content = base64.b64encode(report.read_bytes()).decode()
        st.iframe(f"data:text/html;charset=utf-8;base64,{content}", height=900)
