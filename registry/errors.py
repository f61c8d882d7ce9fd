"""One error tree: every mistake a user can make has a sentence, a hint and an exit code."""

from __future__ import annotations

from collections.abc import Sequence


class CohortiumError(Exception):
    """A mistake that the user can correct. It is printed as `error: ...` and `hint: ...`, never as a traceback.

    Args:
        message: one sentence: what is wrong and which value.
        hint: what to do next, or which values are allowed.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CohortiumError):
    """A command or a setting was given a value it does not know."""

    exit_code = 2


class NotFound(CohortiumError):
    """A named thing (registry, query, split, snapshot, run, file) does not exist."""

    exit_code = 3


class InvalidInput(CohortiumError):
    """A file or folder that came from outside cannot be used as it is."""

    exit_code = 4


class GeometryError(InvalidInput):
    """A mask and its image do not share one grid."""


class QueryError(CohortiumError):
    """A query writes, fails, or does not return what a cohort needs."""

    exit_code = 5


class SplitError(CohortiumError):
    """A split cannot be made, or it leaks."""

    exit_code = 6


class IntegrityError(CohortiumError):
    """Files, rows and events disagree, or a snapshot no longer matches its files."""

    exit_code = 7


class ConfigError(UsageError):
    """A training configuration has an unknown key or an impossible value."""


class StorageError(CohortiumError):
    """The disk, git or git-annex failed; nothing was changed."""

    exit_code = 8


def require_known(what: str, names: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """The names that an option chose, each of which must be known: a misspelt one would choose nothing, without a word.

    Args:
        what: what the names are, in one word, such as `site`.
        names: the names.
        known: every name that the registry holds.

    Raises:
        NotFound: a name is not known.
    """
    if unknown := [name for name in names if name not in known]:
        raise NotFound(f"There is no {what} '{unknown[0]}'.", f"Known are: {', '.join(known) or 'none'}.")
    return names
