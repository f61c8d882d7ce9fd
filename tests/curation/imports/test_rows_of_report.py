"""The rows of the registry after an import are those that its report counts, and labels keep their meaning."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import func, select

import tests.support.cohorts.importer_twins as twins
from annotation.consensus import build
from curation import recipes
from curation.imports.delivery import import_delivery
from registry.catalog import Catalog, overview
from registry.maintenance.creation import create
from registry.store import Registry
from registry.tables import ConsensusMask, Image, Mask, Session, Subject
from tests.support.cohorts.cohort_twins import TWINS, make

COUNTED = {"subjects": Subject, "sessions": Session, "images": Image, "masks": Mask, "consensus": ConsensusMask}
DELIVERIES: dict[str, Callable[[Path], Path]] = {
    "decathlon": twins.decathlon,
    "bids": twins.bids,
    "gm-challenge": twins.near_bids,
    "open-ms": twins.open_ms,
    **{name: lambda root, name=name: make(root, TWINS[name]) for name in ("brats", "msseg-2016", "cord-7t", "ibc")},  # type: ignore[misc]
}


def imported(tmp_path: Path, name: str) -> Registry:
    registry = create(tmp_path / "registry", "Cohort")
    report = import_delivery(registry, name, DELIVERIES[name](tmp_path / "delivery"))
    with registry.reading() as database:
        rows = {kind: database.exec(select(func.count()).select_from(table)).one() for kind, table in COUNTED.items()}
    assert rows == dict(report.kept)
    return registry


@pytest.mark.parametrize("name", sorted(DELIVERIES))
def test_rows_agree_with_the_report_and_every_rater_has_a_row(tmp_path: Path, name: str) -> None:
    catalog = Catalog.of(imported(tmp_path, name))
    drew = {(row["rater"], row["protocol"]) for row in catalog.rows("SELECT DISTINCT rater, protocol FROM masks")}
    known = {(row["rater"], row["protocol"]) for row in catalog.rows("SELECT rater, protocol FROM raters")}
    assert drew <= known
    assert known <= drew or name == "msseg-2016", "a recipe may name raters of another part"


def test_a_person_who_was_scanned_once_lacks_no_second_visit(tmp_path: Path) -> None:
    """Both parts of the open MS data are of one centre, and each patient of one part came twice."""
    source = twins.open_ms(tmp_path / "delivery")
    for number in (2, 3, 4):
        shutil.copytree(source / "longitudinal/patient01", source / f"longitudinal/patient{number:02}")
        shutil.copytree(source / "cross_sectional/MNI/patient19", source / f"cross_sectional/MNI/patient2{number}")
    registry = create(tmp_path / "registry", "Cohort")
    import_delivery(registry, "open-ms", source)
    catalog = Catalog.of(registry)
    assert {row["source"] for row in catalog.rows("SELECT source FROM subjects")} == {recipes.load("open-ms").title}
    assert overview.gaps(overview.completeness(catalog)) == []
    counts = overview.headline(catalog)
    assert (counts["masks"], counts["consensus"]) == (0, 8)


def test_raters_of_a_recipe_come_with_their_description(tmp_path: Path) -> None:
    (row,) = Catalog.of(imported(tmp_path, "gm-challenge")).rows("SELECT * FROM raters")
    (rater,) = recipes.load("gm-challenge").raters
    assert (row["rater"], row["role"], row["description"]) == (rater.code, rater.role, rater.description)


def test_structures_keep_their_names_through_a_consensus(tmp_path: Path) -> None:
    registry = imported(tmp_path, "gm-challenge")
    first = registry.root / "derivatives/manual-cordgm"
    assert labels(registry, Mask) == {"cord": "cord", "GM": "GM"}
    _add_second_rater(registry, first)
    assert build.build(registry, "cordgm").written > 0
    assert labels(registry, ConsensusMask) == {"cord": "cord", "GM": "GM"}
    sidecars = list((registry.root / "derivatives/consensus-cordgm").rglob("*_mask.json"))
    assert {json.loads(path.read_bytes())["Type"] for path in sidecars} == {"ROI"}


def labels(registry: Registry, table: type[Mask] | type[ConsensusMask]) -> dict[str | None, str]:
    """The label of each mask's name, and what its value 1 is called."""
    with registry.reading() as database:
        return {mask.label: mask.labels["1"] for mask in database.exec(select(table)).all()}


def _add_second_rater(registry: Registry, folder: Path) -> None:
    """The masks of the first rater again, by a second one."""
    from registry.publishing import Change, publish

    def write(tree: Path) -> None:
        for path in folder.rglob("*_desc-e01_mask.*"):
            target = tree / path.relative_to(registry.root).as_posix().replace("desc-e01", "desc-e02")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes().replace(b'"RaterID": "e01"', b'"RaterID": "e02"'))

    publish(registry, Change("import", "A second rater"), write)
