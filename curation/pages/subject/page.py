"""The page Subject: the images of one subject with every mask on them, visit by visit, lesion by lesion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from curation import quality
from curation.pages.subject import choice, tables
from registry.app import shell
from registry.catalog import Catalog, subjects
from registry.catalog.subjects import Scan, Visit, Who
from registry.readings import overlays
from registry.readings.overlays import Drawing, Kind
from registry.store import Registry
from registry.viewer import CONSENSUS_COLOUR, PREDICTION_COLOUR, Label, Layer, rater_colour, show, volume_url
from registry.vocabulary.display import escape_markdown, format_code, format_day, format_scan


def render(registry: Registry) -> None:
    """Draw the page; `?subject=`, `session=`, `image=` and `run=` choose what is shown."""
    catalog = Catalog.of(registry)
    known = subjects.list_subjects(catalog)
    if not known:
        st.title("Subject")
        st.info("This registry holds no subjects yet.")
        return
    subject = choice.subject(known)
    who = subjects.who(catalog, subject)
    _heading(who)
    with st.container(horizontal=True, gap="medium"):
        visit = choice.visit(subjects.visits(catalog, subject))
        scan = choice.scan(subjects.scans(catalog, visit)) if visit else None
    if visit is None or scan is None:
        st.info("This visit has no image to show.")
        return
    _reading(registry, catalog, visit, scan)
    tables.growth(catalog, subject)


def _heading(who: Who) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(f"Person {escape_markdown(who.person)}", icon=":material/person:", color="gray")
        st.badge(f"Class {escape_markdown(who.class_label or 'not stated')}", color="blue")
        st.badge(f"Diagnosis {escape_markdown(who.diagnosis or 'not stated')}", color="gray")
        st.badge(escape_markdown(format_code(who.status)), color="gray", help="Radiological status")
        if who.sex or who.age is not None:
            years = f"{who.age:.0f} years at baseline" if who.age is not None else ""
            st.badge(escape_markdown(" · ".join(part for part in (who.sex, years) if part)), color="gray")
        for other in who.others:
            shell.link("subject", f"same person: {other}", {"subject": other})


def _reading(registry: Registry, catalog: Catalog, visit: Visit, scan: Scan) -> None:
    images = overlays.on_grid(registry, scan.path)
    drawn = overlays.over(registry, images)
    found = subjects.lesions(catalog, images)
    st.text(_facts(visit, scan))
    if verdicts := quality.of_image(catalog, scan.path):
        st.text("Quality check: " + "; ".join(verdicts))
    left, right = st.columns((2, 1), gap="medium")
    with right:
        at_mm = tables.lesions(scan.path, found)
    with left:
        show(_layers(catalog, scan, drawn), key="viewer", height=600, at_mm=at_mm)
    tables.masks(registry, drawn)


def _facts(visit: Visit, scan: Scan) -> str:
    field = f"{scan.field_strength_t:g} T" if scan.field_strength_t else None
    scanner = ", ".join(word for word in (visit.scanner or "scanner not stated", scan.model_name, field) if word)
    return " · ".join(
        (
            visit.site or "site not stated",
            scanner,
            format_day(visit.day),
            scan.title,
            format_scan(scan.shape, scan.spacing_mm),
        )
    )


def _layers(catalog: Catalog, scan: Scan, drawn: Sequence[Drawing]) -> list[Layer]:
    raters = subjects.raters(catalog)
    wanted = st.query_params.get("run")
    filled = Kind.CONSENSUS if any(drawing.kind is Kind.CONSENSUS for drawing in drawn) else Kind.READING
    layers = [Layer(volume_url(scan.sha256), scan.title)]
    for drawing in drawn:
        shown = drawing.kind is not Kind.PREDICTION or drawing.source == wanted
        layers.append(
            Layer(
                volume_url(drawing.sha256),
                tables.name_layer(drawing, drawn),
                "label",
                _colour(drawing, raters),
                opacity=0.3 if drawing.kind is filled else 0.0,
                visible=shown,
                labels=_labels(drawing),
            )
        )
    return layers


def _colour(drawing: Drawing, raters: Sequence[str]) -> str:
    if drawing.kind is Kind.READING:
        return rater_colour(raters.index(drawing.source))
    return CONSENSUS_COLOUR if drawing.kind is Kind.CONSENSUS else PREDICTION_COLOUR


def _labels(drawing: Drawing) -> tuple[Label, ...]:
    """Labels of a mask; where there are several values, each has a colour of its own."""
    several = not drawing.binary
    return tuple(
        Label(int(value), name, rater_colour(index) if several else "")
        for index, (value, name) in enumerate(sorted(drawing.labels.items(), key=lambda item: int(item[0])))
    )
