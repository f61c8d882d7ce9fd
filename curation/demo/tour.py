"""`cohortium demo`: every step from import to evaluation on a generated cohort, by the commands of a user."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.demo.texts import RAW_DESCRIPTION
from registry.errors import CohortiumError, InvalidInput, StorageError
from registry.store import open_registry

QUERY = "SELECT path FROM images WHERE suffix IN ('FLAIR', 'T1w')"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Tour:
    """The settings of the demo.

    Attributes:
        seed: of the generated cohort; the same seed gives the same bytes.
        persons: number of persons; the first is present as two subjects.
        config: training configuration, or None to stop after the snapshot.
    """

    seed: int = 2026
    persons: int = 14
    config: str | None = "demo"


def run(root: Path, say: Say, tour: Tour) -> dict[str, str]:
    """Make a registry at `root` from a generated delivery and take it through every step.

    Args:
        root: a new folder for the registry; the delivery is written beside it, as `<root>-delivery`.
        say: called with each command before it runs.
        tour: seed, size and training configuration.

    Returns:
        The places to look at: registry, snapshot, run, report, record.

    Raises:
        InvalidInput: `root` exists and is not a finished demo, or the delivery's folder is somebody else's.
        UsageError: no such number of persons, or no such seed.
        StorageError: the delivery's folder cannot be made.
        CohortiumError: a step failed; its own message was printed.
    """
    summary = root / ".cohortium" / "demo.json"
    if summary.is_file():
        say(f"The demo is in {root} already.")
        return _follow(json.loads(summary.read_text()), root.absolute())
    if root.exists() and any(root.iterdir()):
        raise InvalidInput(f"{root} exists and is not a finished demo.", "Remove it, or name another folder.")
    delivery = root.absolute().with_name(f"{root.absolute().name}-delivery")
    _require_own(delivery)
    _generate(delivery, tour, say)
    places = _run_steps(root, delivery, say, tour.config)
    summary.write_text(json.dumps(places, indent=1))
    return places


def _follow(places: dict[str, str], root: Path) -> dict[str, str]:
    """The places of a finished demo where its folder lies today: it may have been moved or copied since."""
    before = Path(places["registry"])
    inside = {key: Path(place) for key, place in places.items() if Path(place).is_relative_to(before)}
    return {**places, **{key: str(root / place.relative_to(before)) for key, place in inside.items()}}


def _require_own(delivery: Path) -> None:
    """Refuse to write a delivery over a folder that the demo did not generate.

    Raises:
        InvalidInput: something else lies there.
    """
    if not delivery.exists() or (delivery.is_dir() and not any(delivery.iterdir())):
        return
    try:
        made = json.loads((delivery / "dataset_description.json").read_bytes())["GeneratedBy"]
    except (OSError, ValueError, KeyError, TypeError):
        made = None
    if made != RAW_DESCRIPTION["GeneratedBy"]:
        raise InvalidInput(
            f"The demo would write its delivery to {delivery}, where something else lies.",
            "Move that folder, or name another one for the demo.",
        )


def _generate(delivery: Path, tour: Tour, say: Say) -> None:
    from curation import demo
    from registry.cli import console

    demo.plan(tour.seed, tour.persons)  # a mistake is told before anything is removed
    say(f"generating a multi-centre cohort in {delivery}")
    try:
        if delivery.exists():
            shutil.rmtree(delivery)
        delivery.mkdir(parents=True)
    except OSError as error:
        raise StorageError(
            f"{delivery} cannot be made: {error.strerror or error}.", "Check the path and permissions, then try again."
        ) from error
    with console.progress() as progress:
        demo.generate(delivery, seed=tour.seed, persons=tour.persons, progress=progress)


def _run_steps(root: Path, delivery: Path, say: Say, config: str | None) -> dict[str, str]:
    def step(*words: str, registry: bool = True) -> Any:
        return _command([*(["--registry", str(root)] if registry else []), *words], say)

    step("init", str(root), "--name", "Demo MS cohort", registry=False)
    step("import", "bids", str(delivery))
    step("consensus", "build", "--protocol", "mslesion")
    step("lesions", "build", "--protocol", "mslesion")
    step("validate")
    step("query", "save", "flair-t1", "--sql", QUERY)
    step("split", "create", "by-person", "--query", "flair-t1")
    step("split", "check", "by-person")
    snapshot = step("snapshot", "create", "--query", "flair-t1", "--split", "by-person")["snapshot"]
    step("snapshot", "verify", snapshot)
    places = {"registry": str(open_registry(root).root), "snapshot": snapshot}
    if config is None:
        return places
    run_id = step("train", config, "--snapshot", snapshot)["run"]
    scored = step("evaluate", run_id)
    folder = root.absolute() / ".cohortium" / "runs" / run_id
    return {**places, "run": run_id, "report": scored["report"], "record": str(folder / "run.json")}


def _command(words: list[str], say: Say) -> Any:
    """The JSON that one command prints; the command is shown and run as a user would run it."""
    say(shlex.join(["cohortium", *words]))
    command = [sys.executable, "-m", "registry", *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise CohortiumError(f"The demo stopped at: cohortium {words[0]} {words[1]}.", "The reason is printed above.")
    return json.loads(done.stdout)
