"""The app that the viewer's tests open; its folder of volumes is in `COHORTIUM_SAMPLE`."""

import os
from pathlib import Path

import streamlit as st

from curation.quality import SweepImage
from curation.quality.component import sweep
from registry.app import shell
from registry.app.page import Page
from registry.files.canonical import sha256_file
from registry.store import Registry, registry_at
from registry.viewer import CONSENSUS_COLOUR, Label, Layer, rater_colour, show, volume_url
from tests.support.viewer import sample as viewer_sample


def render(registry: Registry) -> None:
    st.title("sub-0001")
    st.caption("Centre A · baseline · FLAIR")
    url = {path.name.split(".")[0]: volume_url(sha256_file(path)) for path in sorted(registry.root.glob("*.nii.gz"))}
    lesion = (Label(1, "lesion"),)
    layers = [
        Layer(url["image"], "FLAIR"),
        Layer(url["rater-a"], "Rater A", "label", rater_colour(0), labels=lesion),
        Layer(url["rater-b"], "Rater B", "label", rater_colour(1), labels=lesion),
    ]
    st.session_state.setdefault("went on", 0)
    if st.button("Next", shortcut="n"):
        st.session_state["went on"] += 1
    st.write(f"Went on {st.session_state['went on']} times")
    if st.toggle("With the consensus", value=True):
        layers.append(Layer(url["consensus"], "Consensus", "label", CONSENSUS_COLOUR))
    state = show(layers, key="viewer", at_mm=(26.0, 8.0, 0.0), clicks=True)
    st.write(f"Clicked at {state.position_mm}")


def other(registry: Registry) -> None:
    st.title("Other")
    shell.link("subject", "Back to the subject")


def quality(registry: Registry) -> None:
    st.title("QC")
    digests = {name: sha256_file(registry.root / f"{name}.nii.gz") for name in viewer_sample.CENTRES}
    cases = [
        SweepImage(f"{name}.nii.gz", sha256, "sub-0001", "FLAIR", name, "", "") for name, sha256 in digests.items()
    ]
    sweep(cases, {}, key="sweep", name="sample", rater="r01", today=0)


def open_sample() -> Registry:
    return registry_at(Path(os.environ["COHORTIUM_SAMPLE"]))


shell.run(
    open_sample,
    [
        Page("Subject", "subject", ":material/person:", render, order=1),
        Page("Other", "other", ":material/monitoring:", other, "Models"),
        Page("QC", "qc", ":material/fact_check:", quality),
    ],
)
