"""Draw a flow as an SVG with a title, a description in words, and high contrast."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from registry.catalog import facets
from registry.snapshots.flow import Flow, Step
from registry.vocabulary.display import format_count
from registry.vocabulary.reasons import in_words

_BOX, _SIDE, _GAP, _MARGIN = 300, 204, 28, 6
_LINE, _PAD, _SPACE = 18, 10, 28
_LETTERS, _SIDE_LETTERS = ((width - 2 * _PAD) // 8 for width in (_BOX, _SIDE))  # of a wide font
_WIDTH = 2 * _MARGIN + _BOX + _GAP + _SIDE
_SIDE_X = _MARGIN + _BOX + _GAP


@dataclass(frozen=True)
class Colours:
    """Colours of the picture: text, lines, boxes and the ground behind them."""

    text: str
    line: str
    box: str
    ground: str


PAPER = Colours("#111", "#333", "#fff", "#fff")
DARK = Colours("#E4E9EF", "#8A94A0", "#1B212A", "#12161C")


def _style(colours: Colours) -> str:
    return (
        f"text{{font:14px system-ui,sans-serif;fill:{colours.text}}}.b{{font-weight:600}}"
        f"rect{{fill:{colours.box};stroke:{colours.line};stroke-width:1.5}}.lost rect{{stroke-dasharray:5 3}}"
        f"line{{stroke:{colours.line};stroke-width:1.5}}path{{fill:{colours.line}}}"
        f".ground{{fill:{colours.ground};stroke:none}}"
    )


def svg(flow: Flow, colours: Colours = PAPER) -> str:
    """An SVG document of the flow: what remains is on the left, what each step left out on the right."""
    body: list[str] = []
    y = _MARGIN
    for step in flow.steps:
        if body:
            body.append(_arrow(_MARGIN + _BOX / 2, y - _SPACE, y))
        boxes, height = _draw_step(step, y)
        body.append(boxes)
        y += height + _SPACE
    height = y - _SPACE + _MARGIN
    title = f"Flow of the query {flow.query}" + (f", split {flow.split}" if flow.split else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="flow-title flow-words" '
        f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">'
        f'<title id="flow-title">{escape(title)}</title><desc id="flow-words">{escape(words(flow))}</desc>'
        f'<style>{_style(colours)}</style><rect class="ground" width="{_WIDTH}" height="{height}"/>'
        f"{''.join(body)}</svg>\n"
    )


def _draw_step(step: Step, y: int) -> tuple[str, int]:
    """SVG of a step whose top is at `y`, and its height: its box, and beside it the box of what it left out."""
    left, right = _list_left_lines(step), _list_right_lines(step)
    height = 2 * _PAD + _LINE * max(len(left), len(right))
    remaining = _box(_MARGIN, y, _BOX, height, left)
    if not right:
        return remaining, height
    middle = y + height / 2
    line = f'<line x1="{_MARGIN + _BOX}" y1="{middle}" x2="{_SIDE_X}" y2="{middle}"/>'
    return f'{remaining}{line}<g class="lost">{_box(_SIDE_X, y, _SIDE, height, right)}</g>', height


def words(flow: Flow) -> str:
    """The flow in sentences."""
    return " ".join(
        f"{' '.join(filter(None, _name_step(step)))}: {_format_remaining(step)}."
        + (f" Left out: {'; '.join(losses(step))}." if step.lost else "")
        for step in flow.steps
    )


def _name_step(step: Step) -> tuple[str, str]:
    """The step's name and its condition; a condition that a filter wrote becomes the name, such as `Channel: FLAIR`."""
    chosen = facets.recognise(step.detail)
    return (facets.format_filter(chosen), "") if chosen else (step.name, step.detail)


def losses(step: Step) -> list[str]:
    """One phrase for each reason: `excluded: motion (2 samples, 4 images)`."""
    return [
        f"{in_words(loss.reason)} ({_format_counts({'sample': loss.samples or None, 'image': loss.images})})"
        for loss in step.lost
    ]


def _format_remaining(step: Step) -> str:
    counts = {"person": step.persons, "session": step.sessions, "image": step.images, "sample": step.samples}
    return _format_counts(counts)


def _format_counts(counts: Mapping[str, int | None]) -> str:
    return ", ".join(format_count(count, word) for word, count in counts.items() if count is not None)


def _list_left_lines(step: Step) -> list[tuple[str, str]]:
    name, detail = _name_step(step)
    lines = [("b", line) for line in textwrap.wrap(name, _LETTERS)]
    lines += [("", line) for line in textwrap.wrap(detail, _LETTERS, max_lines=4, placeholder=" ...")]
    return [*lines, *(("", line) for line in _wrap(_format_remaining(step), _LETTERS))]


def _list_right_lines(step: Step) -> list[tuple[str, str]]:
    if not step.lost:
        return []
    return [("b", "Left out"), *(("", line) for text in losses(step) for line in _wrap(text, _SIDE_LETTERS))]


def _wrap(text: str, letters: int) -> list[str]:
    """The text broken into lines; a number and the word after it stay on one line."""
    held = re.sub(r"(\d) ", "\\1\N{NO-BREAK SPACE}", text)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(held, letters)]


def _box(x: float, y: float, width: float, height: float, lines: Sequence[tuple[str, str]]) -> str:
    texts = "".join(
        f'<text class="{kind}" x="{x + _PAD}" y="{y + _PAD + _LINE * (number + 0.75)}">{escape(line)}</text>'
        for number, (kind, line) in enumerate(lines)
    )
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>{texts}'


def _arrow(x: float, top: float, bottom: float) -> str:
    head = f'<path d="M{x - 5} {bottom - 8} L{x} {bottom} L{x + 5} {bottom - 8} Z"/>'
    return f'<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom - 4}"/>{head}'
