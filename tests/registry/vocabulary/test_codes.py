"""Law 12 at its doors: what names a person, or a folder elsewhere, never becomes part of a record or a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.bids.portable_names import require_portable
from registry.errors import InvalidInput, UsageError
from registry.store import ACTOR_ENVIRONMENT, actor
from registry.vocabulary.codes import require_code, require_protocol

NAMES = ["Dr Mueller", "Jane Doe", "Müller", "x\ny", "", "../x", "a/b", "-x", "x" * 65, "jane@centre"]
FOLDERS = ["../x", "..", "a/b", "../../.git/hooks/x", "Jane Doe", ".", "", "a--b", "ä"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_code(name: str) -> None:
    with pytest.raises(UsageError, match=r"is no rater's code"):
        require_code(name, "rater's code")


@pytest.mark.parametrize("name", FOLDERS)
def test_what_leads_elsewhere_names_no_protocol(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a protocol"):
        require_protocol(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_nobody_acts_under_a_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, name)
    with pytest.raises(UsageError, match=ACTOR_ENVIRONMENT):
        actor()


def test_hidden_folders_are_not_published(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="hidden folder"):
        require_portable(tmp_path, ["derivatives/.git/hooks/x"], tmp_path)
