"""What a budget came to: the epochs of a run, and which limit ended it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EPOCHS, MINUTES = "epochs", "minutes"


def ended_by(training: Mapping[str, Any], steps: int) -> str:
    """The limit that ended a run: `EPOCHS` where all epochs were done, else `MINUTES`.

    Args:
        training: the record's section: `epochs`, `steps_per_epoch`.
        steps: steps done in all.
    """
    whole = training["epochs"] and steps >= training["epochs"] * training["steps_per_epoch"]
    return EPOCHS if whole else MINUTES


def format_budget(record: Mapping[str, Any]) -> str:
    """What a trained run's budget came to, as a sentence; empty before it is trained.

    Minutes are a budget of this machine at this hour, so the sentence says what they were worth.
    """
    done, training = record.get("progress"), record.get("training")
    if not done or not training:
        return ""
    epochs = "1 epoch" if done["epochs"] == 1 else f"{done['epochs']} epochs"
    if ended_by(training, done["steps"]) == EPOCHS:
        return f"Trained for {epochs}, as the configuration says."
    wanted = f" of {training['epochs']}" if training["epochs"] else ""
    return (
        f"Trained for {epochs}{wanted}, all that {training['max_minutes']:g} minutes allowed on this machine: "
        "one with less to do reaches more, so the scores are not comparable."
    )
