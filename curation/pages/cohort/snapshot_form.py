"""The form of a snapshot: choose the query, the split, and which mask is the target; then freeze."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from curation.pages.cohort import at_hand
from registry import snapshots
from registry.app import shell
from registry.catalog import Catalog
from registry.cohorts import recent
from registry.errors import CohortiumError, QueryError
from registry.snapshots import selection, targets
from registry.snapshots.targets import DEFAULT_SEED, TargetPolicy, in_words, parse_policy
from registry.store import Registry
from registry.tables import Split
from registry.vocabulary.display import format_count, format_number

NO_SPLIT = "no split"
_QUERY, _SPLIT = "snapshot_query", "snapshot_split"
_TARGETS, _SEED, _PROTOCOL, _LABELS = "targets", "target_seed", "target_protocol", "target_labels"
_CLASSES = "target_classes"
_USUAL = ["consensus", "expert"]
_TITLES = {"consensus": "Consensus", "expert": "Rater", "random-expert": "A rater by lot", "soft": "Share of raters"}
_ALONE = {"expert": "The only rater"}


@dataclass(frozen=True)
class SnapshotChoice:
    """The choices that make a snapshot."""

    query: str
    sql: str
    split: str | None
    policy: TargetPolicy


def choose(registry: Registry) -> SnapshotChoice | None:
    """Draw the choices and return them; None, with a sentence on the page, while one is missing."""
    saved = recent.saved_queries(registry)
    if not saved:
        st.info("A snapshot freezes a saved query. Save one first.")
        return None
    st.session_state[_QUERY] = at_hand.query(list(saved))
    query = st.selectbox("Freeze the query", list(saved), key=_QUERY, on_change=_query_chosen)
    split = _split(registry, query)
    policy = _policy(registry, saved[query].sql)
    return SnapshotChoice(query, saved[query].sql, split, policy) if policy else None


def _query_chosen() -> None:
    at_hand.take(st.session_state[_QUERY])


def _split(registry: Registry, query: str) -> str | None:
    """Draw the choice of the split that gives the parts; splits of this query's persons come first."""
    made = recent.list_splits(registry, query)
    fits = [name for name, split in made.items() if split.query == query]
    offered = [*made, NO_SPLIT] if fits else [NO_SPLIT, *made]
    st.session_state[_SPLIT] = at_hand.split(query, offered)
    chosen = st.selectbox(
        "with the parts of",
        offered,
        key=_SPLIT,
        on_change=_split_chosen,
        args=(query,),
        format_func=lambda name: _name_split(name, made.get(name), query),
    )
    if chosen == NO_SPLIT:
        if not fits:
            st.caption(f"No split divides the persons of {query} yet.")
        return None
    if chosen not in fits:
        st.warning(
            f"{chosen} divides the persons of {made[chosen].query}, not of {query}. Persons to whom it gives "
            "no part are left out.",
            icon=":material/call_split:",
        )
    return chosen


def _name_split(name: str, split: Split | None, query: str) -> str:
    return name if split is None or split.query == query else f"{name} · of {split.query}"


def _split_chosen(query: str) -> None:
    at_hand.take(query, st.session_state[_SPLIT])


def _policy(registry: Registry, sql: str) -> TargetPolicy | None:
    """Draw the choice of the target policy; None, with a sentence on the page, while nothing is chosen."""
    at_hand.hold(_TARGETS, _SEED, _PROTOCOL, _LABELS, _CLASSES)
    offers = targets.list_offers(Catalog.of(registry))
    words = [word.partition(":")[0] if word.startswith("random-expert") else word for word in offers.words]
    st.session_state[_TARGETS] = [word for word in st.session_state.get(_TARGETS, _USUAL) if word in words]
    chosen = st.multiselect(
        "The target of each image, in order of preference",
        words,
        key=_TARGETS,
        format_func=_title,
        help="The first that an image has is taken.",
    )
    if not chosen:
        st.info("Choose at least one kind of mask.")
        return None
    order = [f"{word}:{_seed()}" if word == "random-expert" else word for word in chosen]
    st.caption("The target of each image is " + ", else ".join(in_words(word) for word in order) + ".")
    protocol = _protocol(registry, sql) if len(offers.protocols) > 1 else None
    labels = _labels(registry, sql, protocol)
    return parse_policy(order, protocol, labels) if labels is not None else None


def _seed() -> int:
    st.session_state.setdefault(_SEED, int(DEFAULT_SEED))
    return st.number_input("Seed of the draw", 0, 2**31 - 1, key=_SEED)


def _protocol(registry: Registry, sql: str) -> str | None:
    """Draw the choice of the protocol, the one of most masks first; None where there is none or the query fails."""
    try:
        found = targets.list_protocols(Catalog.of(registry), sql)
    except QueryError:  # freezing explains the error
        return None
    if len(found) < 2:
        return None
    if st.session_state.get(_PROTOCOL) not in found:
        st.session_state[_PROTOCOL] = found[0]
    return st.selectbox(
        "Only masks of the protocol", found, key=_PROTOCOL, help="The protocol of most masks comes first."
    )


def _labels(registry: Registry, sql: str, protocol: str | None) -> list[str] | None:
    """Draw the choice of the structures that the target shows; none where its masks show one thing.

    None, with a sentence on the page, while there are several and none is chosen: no structure is the usual one.
    """
    try:
        found = targets.list_labels(Catalog.of(registry), sql, protocol)
        if len(found) < 2 or targets.show_the_same(Catalog.of(registry), sql, protocol):
            return []
    except QueryError:  # freezing explains the error
        return []
    st.session_state[_LABELS] = [name for name in st.session_state.get(_LABELS, []) if name in found]
    chosen = st.multiselect(
        "The structures that the target shows",
        found,
        key=_LABELS,
        help="The masks show several. Each one is a class; where two overlap, the one that was chosen later counts.",
    )
    if not chosen:
        st.info("Choose at least one structure.")
        return None
    together = len(chosen) > 1 and st.checkbox("All of them are one class", key=_CLASSES)
    return ["+".join(chosen)] if together else chosen


def _title(word: str) -> str:
    """The title of a target, short enough for a tag; the caption below says the rest."""
    kind, _, source = word.partition(":")
    return f"{_TITLES[kind]} {source}".strip() if source else _ALONE.get(word, _TITLES[kind])


def freeze(registry: Registry, wanted: SnapshotChoice) -> str | None:
    """Freeze the choice behind a bar; the id of the snapshot, or None where it fails and the page says why."""
    bar = st.progress(0.0, "Selecting images")

    def report(done: int, total: int, what: str) -> None:
        bar.progress(
            done / max(total, 1), f"{what.capitalize()}: {format_number(done)} of {format_count(total, 'image')}"
        )

    try:
        manifest = snapshots.create(registry, wanted.query, wanted.split, wanted.policy, report)
    except CohortiumError as error:
        shell.explain(error)
        return None
    finally:
        bar.empty()
    st.success(
        f"Snapshot {manifest.snapshot_id[:12]} holds {format_count(len(manifest.samples), 'sample')}.",
        icon=":material/check_circle:",
    )
    taken = (file.path for sample in manifest.samples for file in sample.images.values())
    if sentence := selection.rejected_once(Catalog.of(registry), taken):
        st.warning(sentence, icon=":material/history:")
    return manifest.snapshot_id
