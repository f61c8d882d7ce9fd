"""Whatever one value or one name of a delivery becomes, an import ends in a whole tree and a report, or a sentence."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.errors import CohortiumError
from registry.files.canonical import readable_json
from registry.index import facts

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
TELLING = st.sampled_from(
    [
        "2020-01-01T00:00:00Z",
        "sub-01",
        "ses-a",
        "raw",
        "bids:raw:sub-01/x.nii.gz",
        "F",
        "n/a",
        "0",
        "file:../..",
        "Levels",
    ]
)
Spoil = Callable[[Path], object]
FEW = settings(max_examples=settings.default.max_examples // 4)
"""Each example is an import."""


def small_bids(root: Path) -> Path:
    source = twins.bids(root)
    for gone in ("sub-02", "derivatives/manual-ms/sub-02", "sub-01/ses-b", "derivatives/manual-ms/sub-01/ses-b"):
        shutil.rmtree(source / gone)
    twins.write_json(source / "participants.json", {"sex": {"Levels": {"F": "female"}}, "age": {"Units": "year"}})
    mask = next(source.glob("derivatives/*/*/*/*/*.nii.gz"))
    twins.write_json(
        mask.with_name(mask.name.replace(".nii.gz", ".json")),
        {
            "Sources": ["bids:raw:sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz"],
            "SpatialReference": {"x": "y"},
            "RaterID": "e01",
            "Protocol": "ms",
            "Revision": 1,
            "SHA256": "0",
            "GeneratedBy": [{"Name": "x"}],
        },
    )
    twins.write(source / "derivatives/manual-ms/descriptions.tsv", "desc_id\trater_id\trole\ndesc-e01\te01\texpert\n")
    return source


DELIVERIES: dict[str, Callable[[Path], Path]] = {"bids": small_bids, "decathlon": twins.decathlon}
_WHERE = tempfile.TemporaryDirectory()
WHOLE = {recipe: write(Path(_WHERE.name) / recipe) for recipe, write in DELIVERIES.items()}


def files(recipe: str, *endings: str) -> list[str]:
    found = (path.relative_to(WHOLE[recipe]).as_posix() for path in WHOLE[recipe].rglob("*") if path.is_file())
    return sorted(path for path in found if path.endswith(endings))


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the whole of it first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, held in inner for place in places(held, (*at, key)))]


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    value[place[0]] = put(value[place[0]], place[1:], new)
    return value


@st.composite
def changed_json(draw: st.DrawFn, recipe: str) -> Spoil:
    path = draw(st.sampled_from(files(recipe, ".json")))
    value = json.loads((WHOLE[recipe] / path).read_text())
    value = put(value, draw(st.sampled_from(places(value))), draw(ANY_JSON | TELLING | st.just(10**400)))
    return lambda source: (source / path).write_text(json.dumps(value))


@st.composite
def changed_cell(draw: st.DrawFn, recipe: str) -> Spoil:
    path = draw(st.sampled_from(files(recipe, ".tsv")))
    lines = [line.split("\t") for line in (WHOLE[recipe] / path).read_text().splitlines()]
    line = draw(st.integers(0, len(lines) - 1))
    lines[line][draw(st.integers(0, len(lines[line]) - 1))] = draw(ANY_TEXT | TELLING)
    text = "\n".join("\t".join(cells) for cells in lines)
    return lambda source: (source / path).write_bytes(text.encode(errors="surrogatepass"))


@st.composite
def changed_name(draw: st.DrawFn, recipe: str) -> Spoil:
    path = Path(draw(st.sampled_from(files(recipe, ""))))
    stem, ending = path.name.partition(".")[::2]
    name = draw(
        st.binary(min_size=1, max_size=40)
        | st.builds(lambda text: f"{stem}{text}.{ending}".encode(errors="replace"), ANY_TEXT)
    )
    name = name.replace(b"/", b"").replace(b"\0", b"")[:250]
    fresh = os.fsdecode(name if name not in (b"", b".", b"..") else b"x")
    return lambda source: (source / path).replace(source / path.with_name(fresh))


def check(recipe: str, spoil: Spoil) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, into = Path(folder) / "delivery", Path(folder) / "into"
        shutil.copytree(WHOLE[recipe], source)
        spoil(source)
        try:
            report = stage(recipes.load(recipe), source, into)
        except CohortiumError as error:
            said = f"{error.message} {error.hint}"
        else:
            said = _whole(into, report)
        assert said.encode()
        assert any(into.iterdir()) == ("kept" in said)


def _whole(into: Path, report: ImportReport) -> str:
    readable_json(report.to_json())
    written = sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file())
    assert len(facts.read_all(into, written, cores=1)) == len(written)
    return report.text()


@pytest.mark.parametrize("recipe", DELIVERIES)
def test_any_value_of_a_json(recipe: str) -> None:
    FEW(given(changed_json(recipe))(lambda spoil: check(recipe, spoil)))()


def test_any_cell_of_a_table() -> None:
    FEW(given(changed_cell("bids"))(lambda spoil: check("bids", spoil)))()


@pytest.mark.parametrize("recipe", DELIVERIES)
def test_any_name_of_a_file(recipe: str) -> None:
    FEW(given(changed_name(recipe))(lambda spoil: check(recipe, spoil)))()
