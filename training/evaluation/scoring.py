"""Scoring a run: its predictions against the frozen targets, image by image, without the network."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import IntegrityError, UsageError
from registry.files import atomic
from registry.files.canonical import readable_json, sha256_bytes, sha256_file
from registry.files.progress import Progress
from registry.files.volumes import Volume, load_labels
from registry.manifests import Manifest, Sample
from training import spec as configs
from training.data.samples import Source, foreground_labels, read_truth, target_of
from training.evaluation.metrics.metric import Column
from training.evaluation.profiles import table as profiles
from training.evaluation.profiles.profile import FAILED, Profile, describe
from training.evaluation.raters import expert_rows
from training.evaluation.results import FILE, LESIONS, NO_VALUE, TABLE
from training.evaluation.statistics import summarise
from training.evaluation.table import ScoredSample, image_rows
from training.predict.derivatives import folder_of
from training.record import run_record
from training.record.budget import format_budget

LESION_COLUMNS = (
    "source",
    "part",
    "sample",
    "label_name",
    "side",
    "number",
    "mm3",
    "overlap_mm3",
    "matched",
    "i",
    "j",
    "k",
)


@dataclass(frozen=True)
class Evaluation:
    """The scores of a run.

    Attributes:
        run: its id.
        rows: one per source, image and label, as in the table.
        parts: one summary per source, part and label; `experts` pools the raters.
        table: the CSV file of the rows.
        table_sha256: SHA-256 of that file.
        columns: the profile's measures by name, the most important first.
        budget: a sentence on what the run's budget came to.
    """

    run: str
    rows: tuple[Mapping[str, Any], ...]
    parts: tuple[Mapping[str, Any], ...]
    table: Path
    table_sha256: str
    columns: Mapping[str, Column]
    budget: str = ""

    def to_json(self) -> dict[str, Any]:
        """The run, its summaries, and the path of the table, as plain data."""
        return {
            "run": self.run,
            "budget": self.budget,
            "parts": [dict(part) for part in self.parts],
            "table": str(self.table),
            "table_sha256": self.table_sha256,
        }

    def text(self) -> str:
        """Every summary as a line for people, with the first measure and its interval."""
        lines = [_line(part, *next(iter(self.columns.items()))) for part in self.parts]
        head = [f"Run {self.run}", *([self.budget] if self.budget else [])]
        return "\n".join([*head, *lines, f"Table: {self.table}"])


def evaluate(
    run_dir: Path, manifest: Manifest, root: Path, *, progress: Progress | None = None, verify: bool = True
) -> Evaluation:
    """Score every prediction of a run and write `scores.csv`, `lesions.csv` and `evaluation.json` into its folder.

    Args:
        run_dir: the run's folder.
        manifest: the snapshot it was trained on.
        root: folder the manifest's paths are relative to.
        progress: called with `(done, total, what)`.
        verify: compare files with the manifest's checksums.

    Raises:
        UsageError: the run is not finished.
        ConfigError: its profile is not known here.
        IntegrityError: another snapshot, or a file that is missing or changed.
    """
    record = run_record.read(run_dir)
    _require_ready(record, manifest)
    scoring = configs.loads((run_dir / "config.toml").read_text(encoding="utf-8")).evaluation
    labels = foreground_labels(manifest)
    source = Source(root, manifest.channels, labels, configs.Preprocessing(), verify, manifest.classes)
    profile = profiles.get(scoring.profile)
    rows, lesions = _score_all(profile, manifest, source, _predictions(run_dir, record, manifest, progress))
    parts = summarise(profile, rows, scoring.bootstrap, seed=0)
    return _write(run_dir, record, profile, (rows, lesions, parts), scoring.bootstrap)


def _require_ready(record: Mapping[str, Any], manifest: Manifest) -> None:
    if not record["predictions"]:
        raise UsageError(
            f"Run {record['run']} has no predictions yet (status: {record['status']}).", "Let it finish, or resume it."
        )
    if record["data"]["snapshot"] != manifest.snapshot_id:
        raise IntegrityError(
            f"Run {record['run']} was trained on snapshot {record['data']['snapshot'][:12]}, "
            f"not on {manifest.snapshot_id[:12]}.",
            "Evaluate it with its own snapshot.",
        )


def _predictions(
    run_dir: Path, record: Mapping[str, Any], manifest: Manifest, progress: Progress | None
) -> Iterator[tuple[Sample, Volume]]:
    """Every predicted sample with its label map, one at a time; progress is reported once it was scored."""
    samples = {sample.sample: sample for sample in manifest.samples}
    for number, entry in enumerate(record["predictions"], start=1):
        sample = samples[entry["sample"]]
        yield sample, _prediction(run_dir, record["run"], entry)
        if progress:
            progress(number, len(record["predictions"]), f"scoring {sample.sample}")


def _score_all(
    profile: Profile, manifest: Manifest, source: Source, answers: Iterable[tuple[Sample, Volume]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    lesions: list[dict[str, Any]] = []
    for sample, predicted in answers:
        target_of(sample)
        reference = read_truth(source, sample.targets)
        subject = ScoredSample("model", sample, manifest.labels)
        own, found = image_rows(profile, subject, reference, predicted, source.labels)
        others, more = expert_rows(profile, source, sample, manifest.labels)
        rows += [*own, *others]
        lesions += [*found, *more]
    return rows, lesions


def _prediction(run_dir: Path, run: str, entry: Mapping[str, Any]) -> Volume:
    path = folder_of(run_dir, run) / entry["path"]
    if not path.is_file() or sha256_file(path) != entry["sha256"]:
        raise IntegrityError(
            f"The prediction {path.name} is missing or was changed.", "Resume the run to write it again."
        )
    return load_labels(path)


def _write(
    run_dir: Path, record: Mapping[str, Any], profile: Profile, found: tuple[Any, Any, Any], resamples: int
) -> Evaluation:
    rows, lesions, parts = found
    table = _csv(rows, tuple(rows[0]))
    atomic.write(run_dir / TABLE, table)
    atomic.write(run_dir / LESIONS, _csv(lesions, LESION_COLUMNS))
    digest, described = sha256_bytes(table), describe(profile)
    summary = {
        "run": record["run"],
        "snapshot": record["data"]["snapshot"],
        "profile": described,
        "empty_policy": profile.empty_policy,
        "interval": f"95 % percentile bootstrap over persons, {resamples} resamples, seed 0",
        "table": TABLE,
        "table_sha256": digest,
        "lesions": LESIONS,
        "parts": parts,
    }
    atomic.write(run_dir / FILE, readable_json(summary))
    kept = {
        "profile": described["name"],
        "profile_sha256": described["sha256"],
        "table": TABLE,
        "table_sha256": digest,
        "empty_policy": summary["empty_policy"],
        "n_failed": sum(row["status"] in FAILED for row in rows if row["source"] == "model"),
    }
    run_record.update(run_dir, evaluation=kept)
    budget = format_budget(record)
    return Evaluation(record["run"], tuple(rows), tuple(parts), run_dir / TABLE, digest, profile.columns, budget)


def _csv(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: NO_VALUE if value is None else value for key, value in row.items()} for row in rows)
    return stream.getvalue().encode()


def _line(part: Mapping[str, Any], name: str, column: Column) -> str:
    score = f"{column.title} {column.format_spread(part[name]) if part[name] else 'n/a'}"
    counts = f"{part['n']} images, {part['n_na']} not applicable, {part['n_failed']} failed"
    return f"  {part['part']:<11}{part['source']:<10}{part['label']:<12}{score}  ({counts})"
