"""Settings are read as they are meant or refused with the key, the value and what is allowed, all mistakes at once."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Discriminator, Field

from registry.errors import ConfigError, InvalidInput
from registry.files.settings import Settings, read_settings, write_settings
from tests.support import ROOT


@dataclass(frozen=True)
class Segment(Settings):
    """A task with a default."""

    kind: Literal["segment"]
    classes: int = 2


@dataclass(frozen=True)
class Detect(Settings):
    """A task with a number that must be given."""

    kind: Literal["detect"]
    radius_mm: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Step(Settings):
    """An entry of a list."""

    name: str
    share: Annotated[float, Ge(0), Le(1)] = 0.5


@dataclass(frozen=True)
class Study(Settings):
    """One field of each kind."""

    name: str
    task: Annotated[Segment | Detect, Discriminator("kind")]
    size: tuple[int, int, int] = (1, 2, 3)
    class_label: Annotated[str | None, Field(alias="class")] = None
    word: re.Pattern[str] | None = None
    template: str | list[str] = ""
    labels: Mapping[int, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    free: Mapping[str, Any] = field(default_factory=dict)


TEXT = """
name = "x"
class = "MS"
word = "^a+$"
template = ["a", "b"]
size = [3, 4, 5]
labels = {0 = "background", 1 = "lesion"}
free = {a = [1, {b = 2.5}]}
[task]
kind = "detect"
radius_mm = 3
[[steps]]
name = "one"
[[steps]]
name = "two"
share = 1
"""


def test_toml_becomes_the_values_it_means() -> None:
    assert read_settings(Study, TEXT) == Study(
        "x",
        Detect("detect", 3.0),
        (3, 4, 5),
        "MS",
        re.compile("^a+$"),
        ["a", "b"],
        {0: "background", 1: "lesion"},
        (Step("one"), Step("two", 1.0)),
        {"a": [1, {"b": 2.5}]},
    )


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            ('kind = "detect"', 'kind = "detekt"'),
            "'task.kind' is 'detekt', which is not allowed",
            "detect, segm",
        ),
        (('kind = "detect"', ""), "The key 'task.kind' is missing.", "Allowed: detect, segment."),
        (("radius_mm = 3", "radius_mm = 0"), "'task.radius_mm' is 0, which is not possible", "above 0"),
        (("radius_mm = 3", "radius_mm = inf"), "'task.radius_mm' is inf", "above 0"),
        (("radius_mm = 3", "radius = 3"), "'task.radius' is not known. Did you mean 'radius_mm'", "kind, radius_mm"),
        (("share = 1", "share = 1.5"), "'steps (entry 2).share' is 1.5", "at least 0 and at most 1"),
        (("share = 1", "shares = 1"), "'steps (entry 2).shares' is not known. Did you mean 'share'", "name, share"),
        (("size = [3, 4, 5]", "size = [3, 4]"), "'size' needs 3 values, got 2", "3 values in square brackets"),
        (("size = [3, 4, 5]", "size = [3, 4, 5, 6]"), "'size' needs 3 values, got 4", "3 values in square brackets"),
        (("size = [3, 4, 5]", "size = [3, 4, 5.0]"), "'size' must be a whole number, got 5.0", "decimal point"),
        (("size = [3, 4, 5]", "size = 3"), "'size' must be a list, got 3", "square brackets"),
        (('name = "x"', "name = 3"), "'name' must be text, got 3", "quotes"),
        (('name = "x"', "name = 2020-01-01"), "The date 2020-01-01", "quotes"),
        (("class =", "clas ="), "'clas' is not known. Did you mean 'class'", "name, task, size, class, word"),
        (('"^a+$"', '"("'), "'word' is '(', which is no regular expression", "brackets"),
        (("template = [", "template = [1, "), "'template' must be text or a list, got [1, 'a', 'b']", "quotes"),
        (("0 =", "zero ="), "The key 'labels.zero' must be a whole number", "number before"),
        (('"lesion"', "1"), "'labels.1' must be text, got 1", "quotes"),
        (("free = {a = [1, {b = 2.5}]}", "free = 1"), "'free' must be a table, got 1", "Write [free]"),
    ],
)
def test_a_mistake_is_named_with_key_value_and_what_is_allowed(
    change: tuple[str, str], message: str, hint: str
) -> None:
    text = TEXT.replace(*change)
    assert text != TEXT
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        read_settings(Study, text)
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message, "one mistake, one sentence"


def test_all_mistakes_are_told_and_a_misspelt_key_is_no_missing_one() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(Study, 'nam = "x"\nsize = 3\n[task]\nkind = "segment"\nclasses = true')
    first, *others = caught.value.message.splitlines()
    assert first == "The key 'nam' is not known. Did you mean 'name'?"
    assert [line.partition(" must be ")[0] for line in others] == ["'task.classes'", "'size'"]


def test_a_table_is_read_below_its_name_and_with_the_caller_s_error(tmp_path: Path) -> None:
    table = {"name": "a", "share": 2}
    with pytest.raises(InvalidInput, match=r"^file x: 'options.share' is 2") as caught:
        read_settings(Step, table, "options", lambda message, hint: InvalidInput(f"file x: {message}", hint))
    assert caught.value.hint == "Allowed: at least 0 and at most 1."
    for content, message in ((b"name =", "x.toml is not valid TOML"), (b"name = '\xff'", "x.toml is not a text file")):
        (tmp_path / "x.toml").write_bytes(content)
        with pytest.raises(ConfigError, match=message):
            read_settings(Step, tmp_path / "x.toml")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4), NAMES, st.floats(0, 1))
def test_what_is_written_is_read_again(free: dict[str, Any], name: str, share: float) -> None:
    study = Study(name, Segment("segment"), free=free, steps=(Step(name, share), Step("b")), labels={3: name})
    text = write_settings(study)
    assert tomllib.loads(text)["free"] == free
    assert read_settings(Study, text) == study


def test_the_module_alone_does_not_load_pydantic() -> None:
    program = "import sys, registry.files.settings; print('pydantic' in sys.modules, 'tomli_w' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
