"""Training for a registry: it takes snapshots from it and publishes records in it.

No other module of `training` but the command line and the pages knows a registry.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from registry import runs, snapshots
from registry.cohorts import leakage, leaks, withdrawals
from registry.files.progress import Progress
from registry.publishing import git
from registry.snapshots import frozen_files
from registry.store import Registry
from registry.tables import Work
from registry.work import queue, rows
from registry.work.kinds import Kind
from registry.work.progress import Stopped
from training.spec import load

_WORD = "despite_withdrawal"
"""Key of a row's inputs, and of the launcher in a run's record, that holds the word given for withdrawn consent."""

_LOGGER = logging.getLogger(__name__)


def prepare(registry: Registry, config_name: str, snapshot: str, *, score: bool, despite_withdrawal: str = "") -> Work:
    """The row of a new run, after everything that can be refused was checked.

    Nothing is written yet but the word that `despite_withdrawal` gives, where it is needed.

    Args:
        registry: the registry of the snapshot.
        config_name: a file, or the name of a configuration that comes with Cohortium.
        snapshot: id of the frozen cohort.
        score: whether the run is evaluated afterwards.
        despite_withdrawal: why persons who withdrew their consent are trained on nevertheless; empty refuses them.

    Raises:
        UsageError: somebody in the snapshot withdrew the consent, and there is no word.
        ConfigError: an unknown key or an impossible value.
        NotFound: no such configuration or snapshot.
        SplitError: a person or a file crosses parts.
        InvalidInput: the snapshot has a label for what nobody judged.
    """
    from training.evaluation.profiles import table as profiles
    from training.record.run_record import new_run_id
    from training.requirements import require_trainable

    path = Path(config_name)
    config = load(path)
    profiles.get(config.evaluation.profile)
    manifest = snapshots.get(registry, snapshot)
    leakage.refuse(leaks.check_snapshot(registry, manifest))
    run_id = new_run_id()
    require_trainable(config, manifest, registry.runs / run_id)
    name = str(path.absolute()) if path.is_file() else config_name  # a worker may run in another folder
    word = withdrawals.require_word(registry, manifest, f"train {run_id}", despite_withdrawal)
    inputs = {"config": name, "snapshot_id": manifest.snapshot_id, "score": score, **_format_word(word)}
    return queue.describe(RUN, f"Training {name} on {manifest.snapshot_id[:12]}", inputs, run_id)


def _format_word(word: withdrawals.Word | None) -> dict[str, Any]:
    return {_WORD: word.to_json()} if word else {}


def enqueue(registry: Registry, config_name: str, snapshot: str, despite_withdrawal: str = "") -> str:
    """Leave a new run to a worker and return its id; errors as in `prepare`.

    Args:
        registry: the registry of the snapshot.
        config_name: as in `prepare`.
        snapshot: id of the frozen cohort.
        despite_withdrawal: as in `prepare`.
    """
    work = prepare(registry, config_name, snapshot, score=True, despite_withdrawal=despite_withdrawal)
    run_id = work.work_id
    rows.add(registry, work)
    return run_id


def resume(registry: Registry, reference: str, despite_withdrawal: str = "") -> Work:
    """The row of a run that ended too early and continues from its last checkpoint.

    Args:
        registry: the registry of the run.
        reference: the start of the run's id.
        despite_withdrawal: as in `prepare`.

    Raises:
        NotFound: no such run.
        UsageError: several runs begin with this text, or somebody withdrew the consent and there is no word.
    """
    run = runs.get(registry, reference)
    manifest = snapshots.get(registry, run.snapshot_id)
    word = withdrawals.require_word(registry, manifest, f"resume {run.run_id}", despite_withdrawal)
    inputs = {"config": run.config, "snapshot_id": run.snapshot_id, "score": False, "resume": True}
    inputs |= _format_word(word)
    return queue.describe(RUN, f"Training {run.config} on {run.snapshot_id[:12]}", inputs, run.run_id)


def _perform(registry: Registry, work: Work, progress: Progress) -> str:
    """Train, predict, publish the record in the registry, and score the run where its row says so."""
    from training.run import train

    def interruptible(done: int, total: int, what: str) -> None:
        try:
            progress(done, total, what)
        except Stopped as stopped:
            raise KeyboardInterrupt from stopped  # so that the record says `interrupted`

    run_id, inputs = work.work_id, work.inputs
    resumed = bool(inputs.get("resume"))
    manifest = snapshots.get(registry, inputs["snapshot_id"])
    word = inputs.get(_WORD)
    withdrawals.require_covered(registry, manifest, word)
    folder = registry.runs / run_id
    config = load(folder / "config.toml" if resumed else Path(inputs["config"]))
    context = {
        "command": ["cohortium", "train", inputs["config"], "--snapshot", manifest.snapshot_id],
        "launcher": {"program": "cohortium", "actor": work.actor, **({_WORD: word} if word else {})},
        "dataset_commit": git.head(registry.root),
    }
    root = frozen_files.materialise(registry, manifest)
    train(config, manifest, root, folder, progress=interruptible, resume=resumed, context=context)
    runs.publish_run(registry, run_id, {"snapshot": manifest.snapshot_id})
    if inputs["score"]:
        _score(registry, run_id, interruptible)
    return run_id


RUN = Kind(
    runs.KIND,
    "training.service:RUN",
    _perform,
    event="run",
    result=lambda event: str(event.payload["run"]),
    stopped="Stopped; continue with --resume {id}",
    again="Continue it with: cohortium train --resume {id}",
)


def score(
    registry: Registry, reference: str, progress: Progress | None = None, despite_withdrawal: str = ""
) -> tuple[Any, Path]:
    """Evaluate a run, write its report, publish both, and return the evaluation and the run's folder.

    Args:
        registry: the registry of the run.
        reference: the start of the run's id.
        progress: called with `(done, total, what)`.
        despite_withdrawal: as in `prepare`.

    Raises:
        NotFound: no such run.
        UsageError: the run has no predictions yet, or somebody withdrew the consent and there is no word.
    """
    run = runs.get(registry, reference)
    manifest = snapshots.get(registry, run.snapshot_id)
    withdrawals.require_word(registry, manifest, f"evaluate {run.run_id}", despite_withdrawal)
    return _score(registry, run.run_id, progress)


def _score(registry: Registry, reference: str, progress: Progress | None) -> tuple[Any, Path]:
    from training.evaluation.scoring import evaluate
    from training.report import NoFiguresError, write_report

    run = runs.get(registry, reference)
    manifest = snapshots.get(registry, run.snapshot_id)
    folder = runs.working_copy(registry, run.run_id)
    root = frozen_files.materialise(registry, manifest)
    evaluation = evaluate(folder, manifest, root, progress=progress)
    try:
        write_report(folder, manifest, root)
    except NoFiguresError as error:  # the scores are complete without the report
        _LOGGER.warning("%s %s", error, error.hint)
    runs.publish_run(registry, run.run_id, {"evaluated": True})
    return evaluation, folder
