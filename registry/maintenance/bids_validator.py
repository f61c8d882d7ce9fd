"""The official BIDS validator: what it says about one dataset.

It is a program of its own, optional, and works offline. Each dataset is given to it directly: when it recurses from the
root, it does not read the `.bidsignore` of a derivative.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import IntegrityError

PROGRAM = "bids-validator-deno"

ABSENT = "The official BIDS validator is not installed, so its rules were not checked"
"""What is said where the program is missing; the sentence has no end, so that others can go on from it."""

INSTALL = f"Install it with: pip install {PROGRAM}"

_CLOSED = ("/dev", "/proc", "/sys")
"""Folders that its runtime, Deno, does not read whatever it is allowed; a link into them is no way around."""

_LIMIT_S = 3600
"""It takes 1 to 2 ms a file; whoever waits longer waits for a program that hangs."""

_UNREAD = "NotCapable"
"""It gives a dataset whose files it may not read one error for each file, and calls it by this subcode."""


@dataclass(frozen=True)
class Issue:
    """One issue that the validator found.

    Attributes:
        code: the validator's own, `SIDECAR_KEY_REQUIRED`.
        path: the file, from the folder above all datasets; the dataset's folder where the issue is about no file.
        message: one sentence.
        field: the sidecar field or the column; empty where the issue is about none.
        is_error: whether the dataset is not valid BIDS; other issues are recommendations.
    """

    code: str
    path: str
    message: str
    field: str
    is_error: bool


class ValidatorFailed(IntegrityError):
    """The validator gave no result, so nobody knows whether the dataset is valid."""


def list_datasets(root: Path) -> list[str]:
    """The raw root (`""`) and every derivative that is a BIDS dataset."""
    derivatives = sorted(path.parent.name for path in root.glob("derivatives/*/dataset_description.json"))
    return ["", *(f"derivatives/{name}" for name in derivatives)]


def find_program() -> str | None:
    """Path of the validator's program; None where it is not installed."""
    beside = Path(sys.executable).parent / PROGRAM
    return str(beside) if beside.exists() else shutil.which(PROGRAM)


def list_issues(root: Path, folder: str) -> list[Issue]:
    """The issues of one dataset; empty where the program is not installed.

    Args:
        root: the folder above all datasets, a registry or a staged tree.
        folder: of the dataset; empty for the raw root.

    Raises:
        ValidatorFailed: the program gave no result; the hint says why, where that is known.
    """
    program = find_program()
    if program is None:
        return []
    place = root / folder
    command = [program, str(place), "--format", "json", "--max-rows", "-1"]
    environment = {**os.environ, "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=_LIMIT_S)
        told: Mapping[str, Any] = json.loads(done.stdout)["issues"]
        found = [issue for issue in told["issues"] if issue["severity"] in ("error", "warning")]
        issues = [_read(issue, folder, told.get("codeMessages") or {}) for issue in found]
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _make_failure(place) from error
    if any(issue.field == _UNREAD for issue in issues):
        raise _make_failure(place)
    return issues


def _read(issue: Mapping[str, Any], folder: str, words: Mapping[str, str]) -> Issue:
    code, field = str(issue["code"]), str(issue.get("subCode") or "")
    message = " ".join(filter(None, (field, _find_sentence((issue.get("issueMessage"), words.get(code))))))
    path = f"{folder}{issue.get('location') or ''}".lstrip("/")
    return Issue(code, path, message or code, field, issue["severity"] == "error")


def _find_sentence(texts: Iterable[str | None]) -> str:
    """The first sentence of the first text that says anything, on one line: the texts hold whole paragraphs."""
    text = next((text for text in texts if text and text.strip()), "").replace("Field description: ", "")
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0].removesuffix(".")


def _make_failure(place: Path) -> ValidatorFailed:
    real = str(place.resolve())
    closed = next((folder for folder in _CLOSED if real.startswith(f"{folder}/")), None)
    if closed:
        hint = f"It cannot read below {closed}: keep the registry in another folder, or validate a copy of it there."
    else:
        hint = f"Run it by hand to see why: {PROGRAM} {place}"
    return ValidatorFailed("The official BIDS validator gave no result.", hint)
