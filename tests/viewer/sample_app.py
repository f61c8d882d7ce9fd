"""The app that the viewer's tests open; its folder of volumes is in `COHORTIUM_SAMPLE`."""

import os
from pathlib import Path

import streamlit as st

from registry.canon import sha256_file
from registry.pages import Page
from registry.viewer import CONSENSUS_COLOUR, Label, Layer, rater_colour, shell, show, volume_url


def render(folder: Path) -> None:
    st.title("sub-0001")
    st.caption("Centre A · baseline · FLAIR")
    url = {path.name.split(".")[0]: volume_url(sha256_file(path)) for path in sorted(folder.glob("*.nii.gz"))}
    lesion = (Label(1, "lesion"),)
    layers = [
        Layer(url["image"], "FLAIR"),
        Layer(url["rater-a"], "Rater A", "label", rater_colour(0), labels=lesion),
        Layer(url["rater-b"], "Rater B", "label", rater_colour(1), labels=lesion),
    ]
    if st.toggle("With the consensus", value=True):
        layers.append(Layer(url["consensus"], "Consensus", "label", CONSENSUS_COLOUR))
    state = show(layers, key="viewer", at_mm=(26.0, 8.0, 0.0), clicks=True)
    st.write(f"Clicked at {state.position_mm}")


def other(folder: Path) -> None:
    st.title("Other")
    shell.link("subject", "Back to the subject")


def open_sample() -> Path:
    return Path(os.environ["COHORTIUM_SAMPLE"])


shell.run(
    open_sample,  # type: ignore[arg-type]
    [
        Page("Subject", "subject", ":material/person:", render, order=1),  # type: ignore[arg-type]
        Page("Other", "other", ":material/monitoring:", other, "Models"),  # type: ignore[arg-type]
    ],
)
