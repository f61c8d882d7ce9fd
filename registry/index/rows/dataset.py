"""Read the facts above subjects: participants, raters, links between datasets, label tables, sidecars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.bids import places
from registry.bids.sidecars import Level, by_folder
from registry.index.rows.persons import People, resolve
from registry.index.rows.values import mapping
from registry.tables import File


@dataclass(frozen=True)
class Roots:
    """The facts of files that belong to no subject.

    Attributes:
        participants: participant id to its row.
        raters: (dataset folder, desc) to the row of `descriptions.tsv`.
        links: dataset folder to its `DatasetLinks`.
        labels: dataset folder to its label tables, stem of the table to {value: name}.
        people: the person of every subject, confirmed links included.
        sidecars: folder above subjects to the sidecars in it.
    """

    participants: Mapping[str, Mapping[str, str | None]]
    raters: Mapping[tuple[str, str], Mapping[str, str | None]]
    links: Mapping[str, dict[str, str]]
    labels: Mapping[str, Mapping[str, dict[str, str]]]
    people: People = field(default_factory=People)
    sidecars: Mapping[str, Level] = field(default_factory=dict)


def read_roots(files: Iterable[File]) -> Roots:
    """Collect root facts from the files that belong to no subject."""
    participants: dict[str, Mapping[str, str | None]] = {}
    raters: dict[tuple[str, str], Mapping[str, str | None]] = {}
    links: dict[str, dict[str, str]] = {}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    person_links: list[dict[str, str | None]] = []
    documents: dict[str, Any] = {}
    for file in files:
        dataset, inner = places.split_dataset(file.path)
        rows = file.facts.get("rows", [])
        if "json" in file.facts:
            documents[file.path] = file.facts["json"]
        if file.path == "participants.tsv":
            participants = {row["participant_id"]: row for row in rows}
        elif file.path == places.PERSON_LINKS:
            person_links = rows
        elif inner == "descriptions.tsv":
            raters.update({(dataset, str(row["desc_id"]).removeprefix("desc-")): row for row in rows})
        elif inner == "dataset_description.json":
            links[dataset] = {
                name: str(url) for name, url in mapping(mapping(file.facts.get("json")).get("DatasetLinks")).items()
            }
        elif inner.endswith("dseg.tsv"):
            names = {str(row["index"]): str(row["name"]) for row in rows if row.get("index")}
            labels.setdefault(dataset, {})[inner.removesuffix(".tsv")] = names
    return Roots(participants, raters, links, labels, resolve(participants, person_links), by_folder(documents.items()))
