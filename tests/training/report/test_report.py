"""The report is one file that shows the run without loading anything."""

from __future__ import annotations

import base64
import re
import shutil
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from registry.errors import UsageError
from tests.training.conftest import Cohort
from training.report import png, svg, write_report
from training.report.examples import chosen
from training.report.overlay import BOTH, PREDICTION, REFERENCE, View, draw


class Tags(HTMLParser):
    """Checks that tags close, and collects addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        pass

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.open.pop() == tag


def test_the_report_is_whole_and_loads_nothing(finished: Path, cohort: Cohort) -> None:
    text = write_report(finished, cohort.manifest, cohort.root).read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.addresses
    assert all(address.startswith("data:image/png;base64,") for address in tags.addresses)
    assert not re.search(r"https?://|@import|url\(|<script", text)
    for words in ("Data", "siteA", "validation", "experts", "HD95 mm", "95 % interval", "Best", "tinyrun"):
        assert words in text
    assert str(cohort.root) not in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower()


def test_the_report_needs_scores(finished: Path, cohort: Cohort, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "tinyrun")
    (tmp_path / "tinyrun" / "evaluation.json").unlink()
    with pytest.raises(UsageError, match="not evaluated yet"):
        write_report(tmp_path / "tinyrun", cohort.manifest, cohort.root)


def test_a_png_holds_the_pixels_it_was_given() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    data = png.encode(pixels)
    body = data[data.index(b"IDAT") + 4 :]
    rows = np.frombuffer(zlib.decompressobj().decompress(body), dtype=np.uint8).reshape(5, 22)
    assert np.array_equal(rows[:, 1:].reshape(5, 7, 3), pixels)
    assert base64.b64decode(png.data_url(pixels).partition(",")[2]) == data
    with pytest.raises(ValueError, match="uint8"):
        png.encode(pixels.astype(float))


def test_another_reader_agrees_about_the_png(tmp_path: Path) -> None:
    import SimpleITK

    pixels = np.random.default_rng(1).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    (tmp_path / "x.png").write_bytes(png.encode(pixels))
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "x.png"))), pixels)


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_an_overlay_shows_the_right_of_the_person_on_the_left(signs: tuple[int, int, int]) -> None:
    """A bright voxel right, front in the body must be drawn left, up, however the voxels are stored."""
    affine = np.diag([*(2.0 * s for s in signs), 1.0])
    image, mask = np.zeros((12, 10, 8), dtype=np.float32), np.zeros((12, 10, 8), dtype=np.uint8)
    place = tuple(9 if (axis < 2) == (sign > 0) else 1 for axis, sign in enumerate(signs))
    image[place[0] if signs[0] > 0 else 2, 8 if signs[1] > 0 else 1, 4] = 100
    mask[4:8, 4:7, 4] = 1
    pixels = draw(View(image, mask, np.roll(mask, 1, 1), affine))
    bright = np.argwhere(pixels[..., 0] == pixels[..., 1])
    bright = bright[pixels[bright[:, 0], bright[:, 1], 0] > 200]
    bright = bright[(pixels[bright[:, 0], bright[:, 1]] != BOTH).any(1)]
    assert (bright[:, 0] < pixels.shape[0] / 2).all(), "front is up"
    assert (bright[:, 1] < pixels.shape[1] / 2).all(), "right is left"
    colours = {tuple(colour) for colour in pixels.reshape(-1, 3).tolist()}
    assert {REFERENCE, PREDICTION, BOTH} <= colours


def test_best_median_and_worst_are_different_images() -> None:
    assert chosen({"a": 0.1, "b": 0.9, "c": 0.5}) == [("Best", "b"), ("Median", "c"), ("Worst", "a")]
    assert chosen({"a": 0.1, "b": 0.9}) == [("Best", "b"), ("Worst", "a")]
    assert chosen({"a": 0.5}) == [("Best", "a")]
    assert chosen({}) == []


def test_ticks_are_round_and_inside() -> None:
    assert svg.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert svg.ticks(0, 3) == [0, 1, 2, 3]
    assert svg.ticks(5, 5) == [5]
    assert all(0.83 <= tick <= 0.91 for tick in svg.ticks(0.83, 0.91))


def test_names_with_markup_are_shown_as_they_are() -> None:
    frame = svg.Frame((0, 1), (0.0, 1.0), "site", "Dice")
    assert "<b>" not in svg.strips({"<b>": [(0.5, "<i>")]}, frame)
    assert "<script>" not in svg.lines({"<script>": [(0, 0)], "x": [(1, 1)]}, frame)
