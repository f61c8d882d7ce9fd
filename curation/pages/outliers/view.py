"""One unit with findings: its image, what was found, and what a person may do: acknowledge or exclude."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation import checks
from curation.checks import Measure, outliers
from registry.app import decisions, shell
from registry.bids import places
from registry.bids.names import parse
from registry.catalog import Catalog, units
from registry.store import Registry
from registry.viewer import Layer, show, volume_url
from registry.vocabulary.display import escape_markdown, format_code, format_scan, format_visit

Row = dict[str, Any]

_STATE = {
    "open": "",
    "outdated": "(the image has changed since; the next check says whether it still holds)",
}


def in_words(unit: str) -> str:
    """`Image FLAIR of sub-A000, M00`, `Visit M12 of sub-A000`, `Channel FLAIR`."""
    return units.in_words(unit) if unit.startswith(("sub-", "derivatives/")) else f"Channel {unit}"


def short(unit: str) -> str:
    """The unit for a column of a table: `sub-A000 · M00 · FLAIR (MNI152NLin6Asym)`, `sub-A000 · M12`, `FLAIR`.

    The parentheses tell an image of a derivative from the raw one: they hold its space, or else the derivative.
    """
    dataset, inner = places.split_dataset(unit)
    name = parse(inner)
    if name is None:
        return unit.replace("/ses-", " · ")
    rest = [f"{key}-{value}" for key, value in name.entities.items() if key not in ("sub", "ses", "space", "desc")]
    made = name.entities.get("space") or dataset.partition("/")[2]
    visited = [format_visit(name.session)] if name.session else []
    return " · ".join([name.subject, *visited, "_".join([*rest, name.suffix]) + (f" ({made})" if made else "")])


def kind(code: str) -> str:
    """A check's code in words: `image unreadable`, `outlier: noise`."""
    measure = next((item for item in checks.MEASURES if item.code == code), None)
    return f"outlier: {measure.title.lower()}" if measure else format_code(code)


def look(catalog: Catalog, unit: str, measure: Measure) -> None:
    """Draw the image of a unit, or say that a visit or a channel has none.

    Args:
        catalog: the registry's views.
        unit: an image's path, a session, or a channel.
        measure: the measure by which a typical image is chosen for comparison.
    """
    image = outliers.image(catalog, unit)
    if image is None:
        st.info("A visit or a channel has no single image to show. What was found about it is below.")
        return
    _picture(catalog, image, measure)


def decide(registry: Registry, catalog: Catalog, unit: str, found: list[Row]) -> None:
    """Draw the findings about a unit, and the forms to acknowledge them or to leave the image out.

    Args:
        registry: the registry.
        catalog: its views.
        unit: an image's path, a session, or a channel.
        found: rows of its findings, of every state.
    """
    st.markdown(f"**{escape_markdown(in_words(unit))}**")
    if found:
        _findings(found)
    else:
        st.caption("No check found anything odd here.")
    if still := [row for row in found if row["state"] == "open"]:
        _acknowledge(registry, unit, still)
    if image := outliers.image(catalog, unit):
        _exclude(registry, image)


def _picture(catalog: Catalog, image: Row, measure: Measure) -> None:
    shape, spacing = (image["n_i"], image["n_j"], image["n_k"]), tuple(image[f"spacing_{axis}_mm"] for axis in "ijk")
    st.text(
        " · ".join(
            (image["site"], image["scanner"] or "scanner not stated", image["channel"], format_scan(shape, spacing))
        )
    )
    if image["problem"] or image["n_t"] != 1 or not image["path"].endswith(".nii.gz"):
        st.info("This file cannot be shown." if image["problem"] else "Only single volumes can be shown here.")
        return
    beside = outliers.typical(catalog, image["path"], measure)
    wanted = st.toggle(
        "A typical image of the site instead",
        key="outlier_typical",
        disabled=beside is None,
        help=f"The one whose {measure.title.lower()} is nearest to the site's median.",
    )
    shown = beside if wanted and beside else image
    if shown is beside:
        st.caption(f"Shown for comparison: {escape_markdown(in_words(shown['path']))}")
    show([Layer(volume_url(shown["sha256"]), shown["channel"])], key="outlier_viewer", height=400)
    query = {"subject": image["subject"], "session": image["session"].partition("/")[2]}
    shell.link("subject", f"Open {image['subject']}", query)


def _findings(found: list[Row]) -> None:
    """Draw a table of the findings, then each advice once."""
    known = {check.code: check for check in checks.list_checks()}
    rows = "\n".join(f"| {escape_markdown(kind(row['code']).capitalize())} | {_format_finding(row)} |" for row in found)
    st.markdown(f"| Finding | What |\n|---|---|\n{rows}")
    still = [known[row["code"]] for row in found if row["state"] == "open" and row["code"] in known]
    for advice in dict.fromkeys(check.advice for check in still):
        st.caption(escape_markdown(advice))


def _format_finding(row: Row) -> str:
    """A finding's sentence with its state, for a cell of a table."""
    sentence = escape_markdown(f"{row['message'][:1].upper()}{row['message'][1:].removesuffix('.')}.")
    if row["state"] == "acknowledged":
        seen = escape_markdown(f"Acknowledged by {row['acknowledged_by']}: {row['reason']}")
        return f"{sentence} *{seen}*"
    return f"{sentence} {_STATE[row['state']]}"


def _acknowledge(registry: Registry, unit: str, found: list[Row]) -> None:
    codes = [row["code"] for row in found]
    with st.form(f"acknowledge {unit}", border=False):
        several = len(codes) > 1
        chosen = st.multiselect("Findings that may stand", codes, default=codes, format_func=kind) if several else codes
        reason = st.text_input(
            "Why they may stand" if several else "Why it may stand",
            key=f"acknowledge why {unit}",
            placeholder="looked at it, the coil was changed",
        )
        pressed = st.form_submit_button("Acknowledge", icon=":material/done:")
    if pressed:
        decisions.carry_out(
            lambda: checks.acknowledge(registry, unit, reason, chosen), f"{in_words(unit)}: acknowledged."
        )


def _exclude(registry: Registry, image: Row) -> None:
    wide = {image["path"]: "This image", image["session"]: "Its visit"}
    unit = st.selectbox("Leave out", list(wide), format_func=wide.__getitem__)
    reason = decisions.ask_why(registry, "outlier")
    if st.button("Exclude", icon=":material/block:"):
        decisions.exclude(registry, unit, reason)
