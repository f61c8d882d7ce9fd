"""The command line: help without heavy libraries, JSON that parses, one sentence and a hint for every mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from registry.cli import console
from registry.cli.main import app, main
from registry.errors import CohortiumError
from registry.store import Registry
from tests.support.templates import registry_state

HEAVY = ("torch", "monai", "streamlit", "pandas", "duckdb", "nibabel", "numpy", "datalad", "pydicom", "scipy")
FLAIR = "SELECT * FROM images WHERE suffix = 'FLAIR'"


@pytest.fixture(scope="module")
def runner() -> CliRunner:
    """The whole command line with every workspace's commands, as `main` puts it together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "run", lambda _: None)
        main()
    return CliRunner()


def leaves(command: Any, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group, as the words that name it."""
    found = [words]
    for name, inner in getattr(command, "commands", {}).items():
        found += leaves(inner, (*words, name))
    return found


def test_help_of_the_whole_program_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from registry.cli.main import main\n"
        "sys.argv = ['cohortium', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"


@pytest.mark.slow
def test_every_command_explains_itself(runner: CliRunner) -> None:
    """And none loads torch or streamlit to do so; in one process, since importing is what could go wrong."""
    commands = leaves(typer.main.get_command(app))
    assert len(commands) > 20
    for words in commands:
        shown = runner.invoke(app, [*words, "--help"])
        assert shown.exit_code == 0, words
        assert "Usage:" in shown.stdout
        command = typer.main.get_command(app)
        for word in words:
            command = command.commands[word]  # type: ignore[attr-defined]
        assert (command.help or "").strip(), f"{words} has no sentence"


def call(registry: Registry, *words: str) -> Any:
    shown = CliRunner().invoke(app, ["--registry", str(registry.root), *words], catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    return shown


JSON_COMMANDS: list[tuple[str, ...]] = [
    ("status",),
    ("log",),
    ("doctor",),
    ("rebuild",),
    ("validate", "--no-bids"),
    ("query", "save", "flair", "--sql", FLAIR),
    ("query", "list"),
    ("query", "show", "flair"),
    ("query", "run", "flair"),
    ("split", "create", "s", "--query", "flair"),
    ("split", "list"),
    ("split", "show", "s"),
    ("split", "check", "s"),
    ("snapshot", "create", "--query", "flair", "--split", "s", "--target", "expert:e01"),
    ("snapshot", "list"),
]


def test_every_result_is_one_json_value_on_stdout(runner: CliRunner, cohort: Registry) -> None:
    results = {words: json.loads(call(cohort, *words, "--json").stdout) for words in JSON_COMMANDS}
    assert results[("status",)]["counts"]["subjects"] == 6
    assert results[("split", "create", "s", "--query", "flair")]["split"] == "s"
    (frozen,) = (result["snapshot"] for words, result in results.items() if words[:2] == ("snapshot", "create"))
    shown = json.loads(call(cohort, "snapshot", "show", frozen, "--json").stdout)
    assert (shown["snapshot"], len(shown["samples"])) == (frozen, 6)
    assert json.loads(call(cohort, "snapshot", "verify", frozen[:8], "--json").stdout)["ok"]
    assert registry_state.uncommitted(cohort) == "", "each command commits what it wrote"


def test_every_result_is_also_text(runner: CliRunner, cohort: Registry) -> None:
    for words in JSON_COMMANDS:
        assert call(cohort, *words).stdout.strip()


@pytest.mark.parametrize("words", [("log",), ("query", "run", "flair")])
@pytest.mark.parametrize("number", ["0", "-3"])
def test_a_number_of_rows_is_at_least_one(
    runner: CliRunner, shared: Registry, words: tuple[str, ...], number: str
) -> None:
    """-3 would leave the last three rows out, without a word."""
    shown = runner.invoke(app, at(shared, *words, "--limit", number))
    assert (shown.exit_code, shown.stdout) == (2, "")


@pytest.mark.parametrize(("channel", "count", "words"), [("FLAIR", 6, "6 images"), ("FLIAR", 0, "no image")])
def test_a_saved_query_says_how_many_images_it_finds(
    runner: CliRunner, cohort: Registry, channel: str, count: int, words: str
) -> None:
    """A misspelt value is no mistake of SQL; the cohort it makes is empty."""
    sql = ("query", "save", "by-sql", "--sql", f"SELECT path FROM images WHERE suffix = '{channel}'")
    filters = ("query", "build", "by-filter", "--where", f"channel={channel}")
    for command in (sql, filters):
        assert call(cohort, *command).stdout.splitlines()[0] == f"Saved {command[2]}@1: it finds {words} now"
        assert json.loads(call(cohort, *command, "--json").stdout)["images"] == count


def test_what_has_nothing_to_do_says_so(runner: CliRunner, cohort: Registry) -> None:
    """A nought reads like a failure, and silence like a command that did not run."""
    steps = ("consensus", "lesions", "consensus", "lesions")
    assert [call(cohort, step, "build", "--protocol", "ms").stdout for step in steps] == [
        "6 consensus masks written\n",
        "6 lesion tables written\n",
        "Every consensus mask is there already, computed from the masks of now.\n",
        "The lesions of every consensus mask are measured already.\n",
    ]
    assert call(cohort, "worker", "--once").stderr == "No run is waiting.\n"


def test_a_registry_without_images_has_none_to_judge(runner: CliRunner, tmp_path: Path) -> None:
    """All are judged only where there were some."""
    runner.invoke(app, ["init", str(tmp_path / "new")], catch_exceptions=False)
    shown = runner.invoke(app, ["--registry", str(tmp_path / "new"), "qc", "next"], catch_exceptions=False)
    assert shown.stdout == "There is no image to judge.\n"


def test_numbers_that_json_does_not_have_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    console.emit({"rows": [{"a": float("nan"), "b": [float("inf"), 1.5]}]}, True, "")
    strict = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert strict == {"rows": [{"a": None, "b": [None, 1.5]}]}


Words = Callable[[Registry, Path], list[str]]


def at(registry: Registry, *words: str) -> list[str]:
    return ["--registry", str(registry.root), *words]


MISTAKES: dict[str, tuple[int, Words]] = {
    "no folder": (3, lambda r, tmp: ["--registry", str(tmp / "nowhere"), "status"]),
    "not a registry": (3, lambda r, tmp: ["--registry", str(tmp), "status"]),
    "init where something is": (4, lambda r, tmp: ["init", str(r.root)]),
    "missing source folder": (3, lambda r, tmp: at(r, "import", "bids", str(tmp / "nowhere"))),
    "unknown recipe": (3, lambda r, tmp: at(r, "import", "nobody", str(tmp))),
    "a folder without images": (4, lambda r, tmp: at(r, "import", "decathlon", str(empty_folder(tmp)))),
    "SQL that writes": (5, lambda r, tmp: at(r, "query", "save", "q", "--sql", "DELETE FROM images")),
    "SQL that fails": (5, lambda r, tmp: at(r, "query", "save", "q", "--sql", "SELECT path FROM nowhere")),
    "SQL without paths": (5, lambda r, tmp: at(r, "query", "save", "q", "--sql", "SELECT 1 AS x")),
    "a name that is none": (2, lambda r, tmp: at(r, "query", "save", "../q", "--sql", FLAIR)),
    "unknown query": (3, lambda r, tmp: at(r, "query", "run", "nobody")),
    "unknown split": (3, lambda r, tmp: at(r, "split", "show", "nobody")),
    "unknown snapshot": (3, lambda r, tmp: at(r, "snapshot", "show", "0" * 64)),
    "snapshot of nothing": (3, lambda r, tmp: at(r, "snapshot", "create", "--query", "nobody")),
    "too few persons": (6, lambda r, tmp: at(r, "split", "create", "s", "--query", "one")),
    "shares that are words": (2, lambda r, tmp: at(r, "split", "create", "s", "--query", "one", "--ratios", "a,b")),
    "unknown consensus recipe": (2, lambda r, tmp: at(r, "consensus", "build", "--protocol", "ms", "--recipe", "x")),
    "init where nothing can be made": (8, lambda r, tmp: ["init", str(a_file(tmp) / "registry")]),
    "findings of an unknown site": (3, lambda r, tmp: at(r, "check", "list", "--site", "nowhere")),
    "findings of an unknown channel": (3, lambda r, tmp: at(r, "check", "list", "--channel", "FLIAR")),
    "findings of an unknown check": (3, lambda r, tmp: at(r, "check", "list", "--code", "nobody")),
    "next image of an unknown site": (3, lambda r, tmp: at(r, "qc", "next", "--site", "nowhere")),
    "next image of an unknown channel": (3, lambda r, tmp: at(r, "qc", "next", "--channel", "FLIAR")),
    "completeness of an unknown site": (3, lambda r, tmp: at(r, "completeness", "--site", "nowhere")),
    "unknown work": (3, lambda r, tmp: at(r, "work", "stop", "nobody")),
    "unknown import": (3, lambda r, tmp: at(r, "imports", "stop", "nobody")),
    "unknown protocol": (2, lambda r, tmp: at(r, "consensus", "build", "--protocol", "nobody")),
}


def empty_folder(tmp: Path) -> Path:
    (tmp / "delivery").mkdir()
    (tmp / "delivery" / "notes.txt").write_text("no image here")
    return tmp / "delivery"


def a_file(tmp: Path) -> Path:
    (tmp / "file").write_text("no folder")
    return tmp / "file"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_a_hint_and_changes_nothing(
    runner: CliRunner, cohort: Registry, tmp_path: Path, mistake: str
) -> None:
    CliRunner().invoke(app, at(cohort, "query", "save", "one", "--sql", f"{FLAIR} AND subject = 'sub-A000'"))
    before = registry_state.everything(cohort)
    code, words = MISTAKES[mistake]
    shown = CliRunner().invoke(app, words(cohort, tmp_path))
    assert isinstance(shown.exception, CohortiumError), shown.exception
    assert shown.exception.exit_code == code
    assert shown.exception.message.endswith(".")
    assert shown.exception.hint
    assert shown.stdout == ""
    assert registry_state.everything(cohort) == before


def test_a_mistake_is_printed_on_stderr_and_ends_with_its_own_code(cohort: Registry) -> None:
    command = [sys.executable, "-m", "registry", "--registry", str(cohort.root), "snapshot", "show", "0" * 64]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    error, hint = done.stderr.splitlines()
    assert error == f"error: There is no snapshot '{'0' * 64}'."
    assert hint == "hint: List them with: cohortium snapshot list"
    assert (done.returncode, done.stdout) == (3, "")


def test_a_bug_keeps_its_traceback() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        console.run(broken)


def test_the_registry_is_named_by_the_environment_too(runner: CliRunner, shared: Registry) -> None:
    shown = CliRunner().invoke(app, ["status", "--json"], env={"COHORTIUM_REGISTRY": str(shared.root)})
    assert json.loads(shown.stdout)["registry"] == str(shared.root)
    assert "COHORTIUM_REGISTRY" not in os.environ
