"""Splits: every person is in exactly one part, stratified by site and class; a later version moves nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from registry.bids import places
from registry.catalog import Catalog
from registry.cohorts import queries, versioned
from registry.cohorts.persons import people
from registry.errors import SplitError, UsageError
from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.index.rows.persons import People
from registry.manifests import PARTS
from registry.publishing import Change, publish, write_files
from registry.store import Registry
from registry.tables import Query, Split, SplitAssignment

STRATA = ("site", "class", "sex", "diagnosis", "scanner")
COLUMNS = ("person_id", "part", "stratum")


@dataclass(frozen=True)
class SplitRequest:
    """How a cohort is divided.

    Attributes:
        ratios: shares of persons in train, validation and test; they sum to 1.
        seed: determines the order of persons within a stratum.
        stratify: columns of the view `images`; every part should have the cohort's mix of their values.
    """

    ratios: tuple[float, float, float] = (0.6, 0.2, 0.2)
    seed: int = 2026
    stratify: tuple[str, ...] = ("site", "class")

    def __post_init__(self) -> None:
        if any(ratio < 0 for ratio in self.ratios) or abs(sum(self.ratios) - 1) > 1e-6:
            raise UsageError(f"The shares {self.ratios} do not add up to 1.", "Give three, for example 0.6,0.2,0.2")
        if unknown := set(self.stratify) - set(STRATA):
            raise UsageError(f"Cannot stratify by '{min(unknown)}'.", f"Known: {', '.join(STRATA)}.")


def create(registry: Registry, name: str, query: str, request: SplitRequest | None = None) -> Split:
    """Divide the persons of a saved query, and return the split; a new version keeps every earlier assignment.

    Args:
        registry: the registry.
        name: a simple word; where the split exists, its next version is made, unless that would be the same.
        query: a saved query, `name` or `name@version`.
        request: shares, seed and strata; by default 0.6, 0.2, 0.2, stratified by site and class.

    Raises:
        NotFound: there is no such query.
        UsageError: the name is not a simple word.
        SplitError: there are fewer persons than parts, or two persons of different parts were since found to be one.
    """
    queries.require_name(name)
    request = request or SplitRequest()
    saved = queries.get(registry, query)
    catalog = Catalog.of(registry)
    persons = _group_persons(catalog.rows(_person_sql(catalog.subquery(saved.sql), request.stratify)), request.stratify)
    earlier = next(iter(versioned.list_versions(registry, Split, name)), None)
    kept = parts_now(registry, earlier) if earlier else {}
    declared = assignments(registry, earlier) if earlier else {}
    parts = {**declared, **kept, **assign(persons, request, kept)}
    rows = [
        {"person_id": person, "part": parts[person], "stratum": "|".join(persons.get(person, ()))}
        for person in sorted(parts, key=str.encode)
    ]
    table = tsv_bytes(rows, COLUMNS)
    if earlier and _is_same_request(earlier, saved, request) and earlier.sha256 == sha256_bytes(table):
        return earlier
    version = earlier.version + 1 if earlier else 1
    meta = {
        "name": name,
        "version": version,
        "query": f"{saved.name}@{saved.version}",
        "seed": request.seed,
        "ratios": dict(zip(PARTS, request.ratios, strict=True)),
        "stratify": list(request.stratify),
        "sha256": sha256_bytes(table),
    }
    _publish(registry, f"{name}@{version}", meta, table)
    return get(registry, f"{name}@{version}")


def _is_same_request(split: Split, query: Query, request: SplitRequest) -> bool:
    wanted = (f"{query.name}@{query.version}", request.seed, list(request.ratios), list(request.stratify))
    return (split.query, split.seed, [split.ratios[part] for part in PARTS], split.stratify) == wanted


def assign(persons: Mapping[str, tuple[str, ...]], request: SplitRequest, kept: Mapping[str, str]) -> dict[str, str]:
    """The part of every person.

    Persons are sorted by stratum and dealt out like cards, each to the part that is furthest below its share. So every
    part stays close to its share in the cohort and in every stratum.

    Args:
        persons: person id to stratum.
        request: shares and seed.
        kept: person id to part, for earlier assignments, which stay.

    Raises:
        SplitError: a part whose share is not 0 would stay empty.
    """
    wanted = [part for part, ratio in zip(PARTS, request.ratios, strict=True) if ratio > 0]
    if len(persons) < len(wanted):
        raise SplitError(
            f"{len(persons)} persons cannot fill {len(wanted)} parts.",
            "Widen the query, or ask for fewer parts with --ratios.",
        )
    shares = dict(zip(PARTS, request.ratios, strict=True))
    totals: Counter[str] = Counter()
    dealt: dict[str, str] = {}
    for position, person in enumerate(_sort_persons(persons, request.seed), start=1):
        deficits = {part: shares[part] * position - totals[part] for part in wanted}
        dealt[person] = kept.get(person) or max(wanted, key=deficits.__getitem__)
        totals[dealt[person]] += 1
    return _fill_empty(dealt, wanted, totals, kept)


def _fill_empty(
    dealt: dict[str, str], wanted: Sequence[str], totals: Counter[str], kept: Mapping[str, str]
) -> dict[str, str]:
    """Give each empty part one new person of the largest part that can spare one; an earlier assignment stays."""
    for part in wanted:
        if totals[part]:
            continue
        free = [person for person, at in dealt.items() if person not in kept and totals[at] > 1]
        if not free:
            raise SplitError(f"No person is left for the part '{part}'.", "Widen the query, or start a new split.")
        person = max(free, key=lambda item: (totals[dealt[item]], item.encode()))
        totals[dealt[person]] -= 1
        dealt[person] = part
        totals[part] += 1
    return dealt


def get(registry: Registry, reference: str) -> Split:
    """The split `name@version`, or the newest version of `name`.

    Raises:
        NotFound: there is no such split.
    """
    return versioned.get(registry, Split, reference)


def assignments(registry: Registry, split: Split) -> dict[str, str]:
    """Person id to part, as the split was made."""
    columns = select(SplitAssignment.person_id, SplitAssignment.part)
    chosen = columns.where(SplitAssignment.name == split.name, SplitAssignment.version == split.version)
    with registry.reading() as database:
        return dict(database.exec(chosen).all())


def parts_now(registry: Registry, split: Split) -> dict[str, str]:
    """Present person id to part.

    Raises:
        SplitError: two persons of different parts were since found to be one.
    """
    return translate(assignments(registry, split), people(registry))


def translate(parts: Mapping[str, str], people: People) -> dict[str, str]:
    """Present person id to part, from person ids of earlier.

    Raises:
        SplitError: two persons of different parts are one; the message names them.
    """
    known: dict[str, str] = {}
    for person in sorted(parts, key=str.encode):
        other = known.setdefault(people.now(person), person)
        if parts[other] != parts[person]:
            raise SplitError(
                f"{other} ({parts[other]}) and {person} ({parts[person]}) are one person and cannot keep their parts.",
                "Make a split under a new name; or, if they are two persons, separate them: cohortium persons clear",
            )
    return {present: parts[person] for present, person in known.items()}


def _person_sql(subquery: str, stratify: Sequence[str]) -> str:
    columns = ", ".join(f'i."{column}"' for column in ["person_id", *stratify])
    return f"SELECT DISTINCT {columns} FROM {subquery} q JOIN images i ON i.path = q.path"


def _group_persons(rows: Sequence[Mapping[str, Any]], stratify: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Person to stratum, one value per column; several values of one person are joined by `+`."""
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        strata = seen[row["person_id"]]
        for column in stratify:
            strata[column].add(str(row[column] or "n/a"))
    return {person: tuple("+".join(sorted(seen[person][column])) for column in stratify) for person in seen}


def _sort_persons(persons: Mapping[str, tuple[str, ...]], seed: int) -> list[str]:
    """Persons by stratum, and within one by a seeded hash, so the order of two persons never depends on a third."""
    return sorted(persons, key=lambda person: (persons[person], sha256_bytes(f"{seed}|{person}".encode())))


def _publish(registry: Registry, reference: str, meta: Mapping[str, Any], table: bytes) -> None:
    stem = f"{places.SPLITS}/{reference}"
    files = {f"{stem}.tsv": table, f"{stem}.json": readable_json(meta)}
    publish(registry, Change("split.create", f"Create split {reference}", {"split": reference}), write_files(files))
