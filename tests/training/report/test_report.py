"""The report is one file that shows the run without loading anything."""

from __future__ import annotations

import base64
import csv
import re
import shutil
import statistics
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from registry.errors import UsageError
from tests.training.conftest import Cohort
from training.__main__ import main
from training.report import figures, write_report
from training.report.examples import chosen, data_url
from training.report.overlay import BOTH, PREDICTION, REFERENCE, OverlayImage, draw


class Tags(HTMLParser):
    """Checks that tags close, and collects addresses, names, titles, rows of tables, and words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.titles: list[str] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.handle_startendtag(tag, attrs)
        if tag == "tr":
            self.rows.append([])
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:  # noqa: D102
        self.words.append(data)
        if self.open and self.open[-1] == "title":
            self.titles.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


def test_the_report_is_whole_and_loads_nothing(finished: Path, cohort: Cohort) -> None:
    text = write_report(finished, cohort.manifest, cohort.root).read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    pictures = [address for address in tags.addresses if not address.startswith("#")]
    assert pictures
    assert all(address.startswith("data:image/png;base64,") for address in pictures)
    inside = {address.removeprefix("#") for address in tags.addresses if address.startswith("#")}
    assert inside <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids)), "a name stands for one thing in the whole page"
    assert not re.search(r"https?://|@import|url\((?!#)|<script", text)
    assert str(cohort.root) not in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower()


def test_the_numbers_of_the_report_are_those_of_the_table(finished: Path, cohort: Cohort) -> None:
    """Every person of the cohort has one image, so a mean over persons is a mean over the lines of `scores.csv`."""
    tags = Tags()
    tags.feed(write_report(finished, cohort.manifest, cohort.root).read_text())
    with (finished / "scores.csv").open(newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if line["label_name"] == "lesion"]
    expected = {}
    for part, source in {(line["part"], line["source"]) for line in lines}:
        found = [line for line in lines if (line["part"], line["source"]) == (part, source)]
        values = [float(line["dice"]) for line in found if line["dice"] != "n/a"]
        mean = f"{statistics.fmean(values):.3f}" if values else "n/a"
        expected[part, source] = (mean, str(len(found)), str(len(found) - len(values)))
    header = next(row for row in tags.rows if row[:2] == ["Part", "Drawn by"])
    shown = {
        (row[0], row[1]): tuple(row[header.index(name)] for name in ("Dice", "Images", "n/a"))
        for row in tags.rows
        if len(row) == len(header) and row[2] == "lesion" and row[1] != "experts"
    }
    assert shown == expected
    dots = [
        f"{line['sample']}: Dice {float(line['dice']):.3f}"
        for line in lines
        if (line["part"], line["source"]) == ("test", "model") and line["dice"] != "n/a"
    ]
    assert sorted(tags.titles[1:]) == sorted(dots), "one dot an image; the first title is the page's"


def test_the_same_run_gives_the_same_report_whatever_the_users_settings(finished: Path, cohort: Cohort) -> None:
    import matplotlib as mpl

    first = write_report(finished, cohort.manifest, cohort.root).read_bytes()
    with mpl.rc_context({"lines.linewidth": 9, "svg.fonttype": "path", "axes.facecolor": "red"}):
        assert write_report(finished, cohort.manifest, cohort.root).read_bytes() == first
        assert mpl.rcParams["lines.linewidth"] == 9


def test_a_machine_without_matplotlib_trains_and_says_why_there_is_no_report(
    finished: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # what an import meets where it is not installed
    with pytest.raises(UsageError, match="drawn by matplotlib, which is not installed") as caught:
        write_report(finished, cohort.manifest, cohort.root)
    assert "cohortium[report]" in caught.value.hint
    arguments = ["evaluate", str(finished), "--manifest", str(cohort.file), "--root", str(cohort.root)]
    assert main(arguments) == 0
    assert "cohortium[report]" in capsys.readouterr().err


def test_the_report_needs_scores(finished: Path, cohort: Cohort, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "tinyrun")
    (tmp_path / "tinyrun" / "evaluation.json").unlink()
    with pytest.raises(UsageError, match="not evaluated yet"):
        write_report(tmp_path / "tinyrun", cohort.manifest, cohort.root)


def test_a_picture_of_the_report_holds_the_pixels_it_was_given(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    (tmp_path / "x.png").write_bytes(base64.b64decode(data_url(pixels).removeprefix("data:image/png;base64,")))
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "x.png"))), pixels)


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_an_overlay_shows_the_right_of_the_person_on_the_left(signs: tuple[int, int, int]) -> None:
    """A bright voxel right, front in the body must be drawn left, up, however the voxels are stored."""
    affine = np.diag([*(2.0 * s for s in signs), 1.0])
    image, mask = np.zeros((12, 10, 8), dtype=np.float32), np.zeros((12, 10, 8), dtype=np.uint8)
    place = tuple(9 if (axis < 2) == (sign > 0) else 1 for axis, sign in enumerate(signs))
    image[place[0] if signs[0] > 0 else 2, 8 if signs[1] > 0 else 1, 4] = 100
    mask[4:8, 4:7, 4] = 1
    pixels = draw(OverlayImage(image, mask, np.roll(mask, 1, 1), affine))
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


def test_names_with_markup_are_shown_as_they_are() -> None:
    frame = figures.Frame((0, 1), (0.0, 1.0), "site", "Dice of $x_1$ <script>")
    tags = Tags()
    tags.feed(figures.draw_strips({"<b>": [(0.5, "<i> & co")], "nobody": []}, frame))
    assert tags.titles == ["<i> & co"]
    assert {"<b> (n = 1)", "nobody (n = 0)", "Dice of $x_1$ <script>"} <= set(tags.words)


def test_a_chart_of_one_point_or_none_is_drawn() -> None:
    frame = figures.Frame((0, 0), (1.0, 1.0), "epoch", "Dice")
    for points in ([], [(1.0, 1.0)]):
        assert 'aria-label="Dice by epoch"' in figures.draw_line(points, frame)
