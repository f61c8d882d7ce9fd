"""The one owner of DataLad, git and git-annex: create a dataset, commit explicit paths, fetch content.

Never opens an annexed file for writing and never saves without paths.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from registry.errors import IntegrityError, StorageError
from registry.files.locks import list_inherited

GIT_ATTRIBUTES = """\
* annex.backend=SHA256E
* annex.largefiles=nothing
*.nii annex.largefiles=anything
*.nii.gz annex.largefiles=largerthan=64kb
*.safetensors annex.largefiles=anything
"""
"""Images go to the annex; tables, sidecars and small masks stay in git, where they can be diffed."""

_COMMITTER = {"GIT_COMMITTER_NAME": "Cohortium", "GIT_COMMITTER_EMAIL": "registry@cohortium.invalid"}
_BATCH = 500

_SETTINGS = (
    "core.quotepath=off",
    "core.autocrlf=false",  # a user's own settings must not change bytes ...
    "core.excludesfile=",  # ... nor leave planned files out ...
    "commit.gpgsign=false",  # ... nor ask for a passphrase ...
    "core.fsmonitor=false",  # ... nor start a program that keeps an inherited lock
)


def run_git(root: Path, *arguments: str, stdin: bytes | None = None, author: str | None = None) -> str:
    """Run one git command in `root` and return what it printed, as text.

    Args:
        root: the dataset.
        arguments: the words after `git`.
        stdin: bytes for its standard input.
        author: pseudonymous code of the person who made the change.

    Raises:
        StorageError: as `read_git`.
    """
    return read_git(root, *arguments, stdin=stdin, author=author).decode(errors="replace")


def read_git(root: Path, *arguments: str, stdin: bytes | None = None, author: str | None = None) -> bytes:
    """Run one git command in `root` and return the bytes it printed.

    Args:
        root: the dataset.
        arguments: the words after `git`.
        stdin: bytes for its standard input.
        author: pseudonymous code of the person who made the change.

    Raises:
        StorageError: git is missing or failed; the message holds git's last line.
    """
    name = author or "Cohortium"
    environment = {
        **os.environ,
        **_COMMITTER,
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": f"{name}@cohortium.invalid",
        "PATH": _put_programs_first(),
        "LC_ALL": "C.UTF-8",
        "GIT_LITERAL_PATHSPECS": "1",  # a file name may hold [ or *
    }
    command = ["git", *(word for setting in _SETTINGS for word in ("-c", setting)), *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, input=stdin, capture_output=True, env=environment, check=False, pass_fds=list_inherited()
        )
    except FileNotFoundError as error:
        raise StorageError("git is not installed.", "Install git, version 2.30 or newer.") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise StorageError(
            f"git {arguments[0]} failed: {lines[-1] if lines else 'no message'}", "Run: cohortium doctor"
        )
    return done.stdout


def _put_programs_first() -> str:
    """`PATH`, where git finds the git-annex of this environment first, however often this is called.

    Its wheel wraps the program in a script, and to start Python takes longer than most of the program's answers. git
    calls it several times for one commit.
    """
    programs = [str(Path(sys.executable).parent)]
    wheel = find_spec("git_annex")
    if wheel and wheel.origin and os.access(Path(wheel.origin).with_name("git-annex"), os.X_OK):
        programs.insert(0, str(Path(wheel.origin).parent))
    return os.pathsep.join(dict.fromkeys([*programs, *os.environ.get("PATH", "").split(os.pathsep)]))


def create_dataset(root: Path) -> None:
    """Make `root` a DataLad dataset with Cohortium's rules for annexed files."""
    os.environ["PATH"] = _put_programs_first()
    for key, value in {**_COMMITTER, "GIT_AUTHOR_NAME": "Cohortium", "GIT_AUTHOR_EMAIL": "a@cohortium.invalid"}.items():
        os.environ.setdefault(key, value)
    import datalad.api

    datalad.api.create(path=str(root), force=True, result_renderer="disabled")
    run_git(root, "config", "user.name", "Cohortium")
    run_git(root, "config", "user.email", _COMMITTER["GIT_COMMITTER_EMAIL"])
    run_git(root, "config", "gc.auto", "0")
    (root / ".gitattributes").write_text(GIT_ATTRIBUTES)
    (root / ".gitignore").write_text(".cohortium/\n")
    commit(root, [".gitattributes", ".gitignore"], "Say what is annexed and what stays on this machine", "Cohortium")


def commit(root: Path, paths: Sequence[str], message: str, author: str) -> str:
    """Commit exactly `paths` and return the commit's id.

    Paths whose content git already has are left out. So are files that somebody has deleted: a deletion is never
    committed along with other work, and must not block later commits.

    Args:
        root: the dataset.
        paths: relative to `root`; where none of them changed, the present commit is returned.
        message: the whole commit message.
        author: pseudonymous code of the person who made the change.

    Raises:
        IntegrityError: the commit holds files that were not planned.
        StorageError: git failed.
    """
    paths = [path for path in paths if os.path.lexists(root / path)]
    for start in range(0, len(paths), _BATCH):
        run_git(root, "annex", "add", "--quiet", "--", *paths[start : start + _BATCH])
    listing = "\0".join(paths).encode()
    changed = _split_names(run_git(root, "diff", "--cached", "--name-only", "-z", "HEAD"))
    if not changed & set(paths):
        return head(root)
    run_git(
        root,
        "commit",
        "--quiet",
        "--no-verify",
        "-m",
        message,
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        stdin=listing,
        author=author,
    )
    held = _split_names(run_git(root, "show", "--format=", "--name-only", "-z", "--no-renames", "HEAD"))
    if extra := held - set(paths):
        raise IntegrityError(
            f"The commit holds {len(extra)} files that were not planned, first: {min(extra)}.", "Run: cohortium doctor"
        )
    return head(root)


def head(root: Path) -> str:
    """Id of the present commit."""
    return run_git(root, "rev-parse", "HEAD").strip()


def fetch(root: Path, paths: Sequence[str]) -> None:
    """Copy annexed content from the remotes to this machine, for each path that some remote has."""
    for start in range(0, len(paths), _BATCH):
        run_git(root, "annex", "get", "--quiet", "--", *paths[start : start + _BATCH])


def _split_names(output: str) -> set[str]:
    return {item for item in output.split("\0") if item}
