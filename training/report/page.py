"""The report of a run: its data, its training, its scores, examples, and how it was made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from registry.errors import UsageError
from registry.files import atomic
from registry.manifests import Manifest
from training.engine import progress
from training.evaluation.metrics.metric import Column
from training.evaluation.profiles.table import read_columns
from training.evaluation.results import find_summary, read_evaluation, read_scores
from training.record import run_record
from training.record.budget import format_budget
from training.report import examples, figures
from training.report.style import STYLE
from training.report.tables import html_table, score_table

FILE = "report.html"


def write_report(run_dir: Path, manifest: Manifest, root: Path) -> Path:
    """Write `report.html` into a run's folder and return its path. The file loads nothing from elsewhere.

    Args:
        run_dir: folder of a run that was evaluated.
        manifest: the snapshot of the run.
        root: folder the manifest's paths are relative to.

    Raises:
        UsageError: the run was not evaluated yet.
        NoFiguresError: matplotlib is not installed.
    """
    figures.require_matplotlib()
    record, evaluation = run_record.read(run_dir), read_evaluation(run_dir)
    if evaluation is None:
        raise UsageError(f"Run {record['run']} was not evaluated yet.", "Evaluate it first; the report shows scores.")
    columns = read_columns(evaluation)
    rows = read_scores(run_dir, columns)
    part = "test" if any(row["part"] == "test" for row in rows) else rows[0]["part"]
    shown = examples.examples(run_dir, record, manifest, root, examples.image_scores(rows, part, columns))
    body = [
        _summary(record, evaluation, part, columns),
        _data(manifest),
        _curves(progress.read(run_dir / "progress.jsonl")),
        _scores(evaluation, columns),
        _by_site(rows, part, columns),
        _examples(shown, part),
        _details(record),
    ]
    atomic.write(run_dir / FILE, _page(record, body).encode())
    return run_dir / FILE


def _page(record: Mapping[str, Any], body: Sequence[str]) -> str:
    title = escape(f"{record['name']}: run {record['run']}")
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    main = f"<main><h1>{title}</h1>{''.join(body)}</main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{main}</body></html>\n'


def _summary(record: Mapping[str, Any], evaluation: Mapping[str, Any], part: str, columns: Mapping[str, Column]) -> str:
    line = find_summary(evaluation["parts"], part)
    (name, column), *others = columns.items()
    main, digits = line[name], column.digits
    cards = [
        (
            f"{main['mean']:.{digits}f} {column.unit}".strip() if main else "n/a",
            f"mean {column.title}, {part} part",
            f"95 % interval {main['ci95'][0]:.{digits}f} to {main['ci95'][1]:.{digits}f}"
            if main
            else "no image has a value",
        ),
        *(_median(line, *other) for other in others[:1]),
        (f"{record['progress']['elapsed_s'] / 60:.1f} min", "training time", f"{record['progress']['epochs']} epochs"),
        (f"{record['model']['parameters']:,}", "parameters", record["model"]["name"]),
    ]
    boxes = "".join(
        f'<div class="card"><b>{escape(a)}</b><span>{escape(b)}</span><i>{escape(c)}</i></div>' for a, b, c in cards
    )
    snapshot = record["data"]["snapshot"]
    lead = f'<p class="lead">Trained on snapshot <code title="{snapshot}">{snapshot[:12]}</code>.</p>'
    return f'{lead}<div class="cards">{boxes}</div>'


def _median(line: Mapping[str, Any], name: str, column: Column) -> tuple[str, str, str]:
    spread = line[name]
    middle = f"{spread['median']:.{column.digits}f} {column.unit}".strip() if spread else "n/a"
    failures = f"{line['n_failed']} of {line['n']} images failed, {line['n_na']} not applicable"
    return (middle, f"median {column.title}", failures)


def _data(manifest: Manifest) -> str:
    parts = [part for part in ("train", "validation", "test") if manifest.part(part)]
    sites = sorted({sample.site or "not stated" for sample in manifest.samples})
    counts = Counter((sample.site or "not stated", sample.part) for sample in manifest.samples)
    rows = [[site, *(str(counts[site, part]) for part in parts)] for site in sites]
    persons = [str(len({sample.person for sample in manifest.part(part)})) for part in parts]
    images = [str(len(manifest.part(part))) for part in parts]
    table = html_table(["Site", *parts], [*rows, ["All images", *images], ["Persons", *persons]], totals=2)
    names = ", ".join(name for value, name in sorted(manifest.labels.items()) if value != "0")
    summary = f"Channels: {', '.join(manifest.channels)}. Labels: {names}. Images per site; no person is in two parts."
    return f"<section><h2>Data</h2><p>{escape(summary)}</p>{table}</section>"


def _curves(lines: Sequence[Mapping[str, Any]]) -> str:
    if not lines:
        return ""
    across = (0.0, float(lines[-1]["epoch"]))
    losses = [(line["epoch"], line["loss"]) for line in lines if line["loss"] is not None]
    dice = [(line["epoch"], line["validation_dice"]) for line in lines if line["validation_dice"] is not None]
    top = max((loss for _, loss in losses), default=1.0)
    left = figures.draw_line(losses, figures.Frame(across, (0.0, top), "epoch", "training loss"))
    lowest = math.floor(10 * min((value for _, value in dice), default=0.0)) / 10
    frame = figures.Frame(across, (lowest, 1.0), "epoch", "mean foreground Dice, validation part")
    right = figures.draw_line(dice, frame)
    return f'<section><h2>Training</h2><div class="row">{left}{right}</div></section>'


def _scores(evaluation: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    found = (
        "Found: reference components touched by the prediction. Right: predicted components that touch the reference."
    )
    policy = evaluation["empty_policy"]
    note = escape(f"Means over persons, with {evaluation['interval']}. {policy[0].upper() + policy[1:]}. {found}")
    human = any(line["source"] != "model" for line in evaluation["parts"])
    ceiling = "<p>Experts: each one against the majority of the others; the row <em>experts</em> pools them.</p>"
    table = score_table(evaluation["parts"], columns) + (ceiling if human else "")
    return f'<section><h2>Scores</h2>{table}<p class="note">{note}</p></section>'


def _by_site(rows: Sequence[Mapping[str, Any]], part: str, columns: Mapping[str, Column]) -> str:
    main, column = next(iter(columns.items()))
    names = list(dict.fromkeys(row["label_name"] for row in rows))
    charts = []
    for name in names:
        groups: dict[str, list[tuple[float, str]]] = {}
        for row in rows:
            if row["source"] == "model" and row["part"] == part and row["label_name"] == name:
                dots = groups.setdefault(row["site"] or "not stated", [])
                if row[main] is not None:
                    dots.append((row[main], f"{row['sample']}: {column.format(row[main])}"))
        values = [value for dots in groups.values() for value, _ in dots]
        up = (math.floor(min(values, default=0.0) * 10) / 10, column.top or max(values, default=1.0))
        frame = figures.Frame((0, 1), up, "site", f"{column.title} of {name}, {part} part")
        charts.append(figures.draw_strips(dict(sorted(groups.items())), frame))
    return f'<section><h2>Image by image</h2><div class="row">{"".join(charts)}</div></section>'


def _examples(shown: Sequence[examples.Example], part: str) -> str:
    legend = (
        '<p><span class="swatch reference"></span> reference <span class="swatch prediction"></span> prediction '
        '<span class="swatch both"></span> both. Axial slice where both together are largest; the right of the '
        "person is on the left.</p>"
    )
    pictures = "".join(examples.figure(example) for example in shown) or "<p>No image of this part has a value.</p>"
    return f'<section><h2>Examples from the {part} part</h2>{legend}<div class="row">{pictures}</div></section>'


def _details(record: Mapping[str, Any]) -> str:
    loop = record["training"]
    packages = ", ".join(f"{name} {version}" for name, version in record["code"]["packages"].items() if version)
    rows = [
        ["Optimiser", f"{loop['optimiser']}, peak learning rate {loop['lr']:g}, batch {loop['batch']}"],
        ["Budget", format_budget(record)],
        ["Precision", "bfloat16" if loop["bf16"] else "float32"],
        ["Seed", str(loop["seed"])],
        ["Kept weights", f"epoch {record['selection']['epoch']}, chosen on the validation part alone"],
        [
            "Hardware",
            f"{record['hardware']['gpu'] or record['hardware']['cpu']}, {record['hardware']['threads']} threads",
        ],
        ["Code", f"{record['code']['version']}, commit {(record['code']['commit'] or 'unknown')[:12]}"],
        ["Packages", packages],
        ["Snapshot", record["data"]["snapshot"]],
        ["Licences", ", ".join(record["data"]["licences"]) or "not stated"],
    ]
    return f"<section><h2>How it was made</h2>{html_table(['What', 'Value'], rows, text=True)}</section>"
