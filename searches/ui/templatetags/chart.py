"""Charts as SVG: lines, bars and a heat map, without JavaScript, without inline styles, with the same numbers as a table.

`{% chart figure %}` takes a mapping (see `Figure`). Everything is laid out in percentages of the width and pixels of the height, so
that a chart is as wide as there is room while its words keep their size: lines are drawn into a stretched inner SVG, whose strokes
do not scale. Colours and dashes are in ui/chart.css; series are told apart by both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from searches.ui import axis
from searches.ui.templatetags.ui import UNKNOWN, compact, exact

register = template.Library()
HEIGHT, TOP, BAR, CELL = 200, 18, 36, 30
MOST_SERIES = 4
_STRETCH = 1_000
_HEAT_LEVELS = 5
_LABEL = 26
_OUTER = (
    '<svg width="100%" height="{3}" role="img" aria-labelledby="{0}-t {0}-d"><title id="{0}-t">{1}</title>'
    '<desc id="{0}-d">{2}</desc>{4}</svg>'
)
_SAMPLE = '<svg width="28" height="10" aria-hidden="true"><path class="c{}" d="M0 5H28"/></svg>'
_INNER = '<svg y="{0}" width="100%" height="{1}" viewBox="0 0 {2} {1}" preserveAspectRatio="none">{3}</svg>'


class Figure(TypedDict, total=False):
    """What a chart shows. `id` is its own on the page; `title` and `description` are read out in its place.

    `kind` "line": `series` of {name, points: [(x, y)]}, x in milliseconds since 1970, y a number or None for unknown, MOST_SERIES of
    them at most; `x_name` and `y_name` head the table. "bars": `bars` of (label, value, text); `text` stands for the value, if
    it is given. "heat": `rows` and `columns` are labels, `cells` rows of (level 0 to 4 or None for unknown, text).
    """

    id: str
    kind: str
    title: str
    description: str
    series: Sequence[Mapping[str, Any]]
    bars: Sequence[tuple[str, float, str]]
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[tuple[int | None, str]]]
    x_name: str
    y_name: str


@register.inclusion_tag("ui/_chart.html")
def chart(figure: Figure) -> dict[str, Any]:
    """The figure's chart, its legend and its table."""
    draw = {"line": _line, "bars": _bars, "heat": _heat}[figure["kind"]]
    drawn = draw(figure)
    return {"figure": figure, "drawn": drawn and {**drawn, "svg": _svg(figure, drawn["height"], drawn["parts"])}}


def _svg(figure: Figure, height: int, parts: Iterable[SafeString]) -> SafeString:
    return format_html(_OUTER, figure["id"], figure["title"], figure["description"], height, _joined(parts))


def _line(figure: Figure) -> dict[str, Any]:
    series = list(figure["series"])[:MOST_SERIES]
    shown = [(x, y) for one in series for x, y in one["points"] if y is not None]
    if not shown:
        return {}
    left, right = min(x for x, _y in shown), max(x for x, _y in shown)
    ticks = axis.ticks(max(y for _x, y in shown))
    scale = _Scale(left, right, ticks[-1])
    parts = [_grid(tick, scale) for tick in ticks]
    labels = [_tick(tick, scale) for tick in ticks]
    labels += [_x_label(x, place, anchor) for x, place, anchor in axis.moments(left, right)]
    paths = [_path(number, one["points"], scale) for number, one in enumerate(series, 1)]
    ends = [_end(number, one["points"], scale) for number, one in enumerate(series, 1)]
    return {
        "height": HEIGHT + TOP + 24,
        "parts": [*parts, format_html(_INNER, TOP, HEIGHT, _STRETCH, _joined(paths)), *ends, *labels],
        "legend": [(format_html(_SAMPLE, number), one["name"]) for number, one in enumerate(series, 1)],
        "heads": [figure.get("x_name") or _("Time"), *[one["name"] for one in series]],
        "lines": _table(series),
    }


class _Scale:
    """From values to places: x to thousandths of the width, y to pixels."""

    def __init__(self, left: float, right: float, top: float) -> None:
        self.left, self.width, self.top = left, right - left, top

    def x(self, value: float) -> float:
        """A single moment stands in the middle."""
        return (value - self.left) / self.width * _STRETCH if self.width else _STRETCH / 2

    def y(self, value: float) -> float:
        return HEIGHT - value / self.top * HEIGHT


def _grid(tick: float, scale: _Scale) -> SafeString:
    return format_html('<line class="cg" x2="100%" y1="{0}" y2="{0}"/>', _short(TOP + scale.y(tick)))


def _tick(tick: float, scale: _Scale) -> SafeString:
    """The number of a line of the grid, over its left end and over whatever runs through there."""
    return format_html('<text y="{}" dy="-4">{}</text>', _short(TOP + scale.y(tick)), compact(tick))


def _x_label(text: str, place: float, anchor: str) -> SafeString:
    return format_html('<text x="{}%" y="{}" class="{}">{}</text>', _short(place), HEIGHT + TOP + 18, anchor, text)


def _path(number: int, points: Sequence[tuple[float, float | None]], scale: _Scale) -> SafeString:
    """A line through what is known; it breaks where nothing is."""
    drawn, pen = [], "M"
    for x, y in sorted(points, key=lambda point: point[0]):
        if y is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{_short(scale.x(x))} {_short(scale.y(max(y, 0)))}")
        pen = "L"
    return format_html('<path class="c{}" d="{}"/>', number, "".join(drawn))


def _end(number: int, points: Sequence[tuple[float, float | None]], scale: _Scale) -> SafeString:
    """A dot on the last known point: all that there is to see of a series of one."""
    known = [(x, y) for x, y in points if y is not None]
    if not known:
        return SafeString()
    x, y = max(known)
    place = _short(scale.x(x) / 10), _short(TOP + scale.y(max(y, 0)))
    return format_html('<circle class="c{}" cx="{}%" cy="{}" r="4"/>', number, *place)


def _table(series: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """A line for each moment, with every series' number there."""
    columns = [dict(one["points"]) for one in series]
    moments = sorted({x for column in columns for x in column})
    names = axis.names(moments)
    return [(name, [exact(column.get(x)) or UNKNOWN for column in columns]) for name, x in zip(names, moments, strict=True)]


def _bars(figure: Figure) -> dict[str, Any]:
    bars = list(figure["bars"])
    top = max((value for _label, value, _text in bars), default=0)
    if not bars:
        return {}
    parts = [_bar(i, label, value / top * 100 if top > 0 else 0, text or compact(value)) for i, (label, value, text) in enumerate(bars)]
    return {
        "height": BAR * len(bars),
        "parts": parts,
        "heads": [figure.get("x_name", ""), figure.get("y_name", "")],
        "lines": [(label, [text or exact(value)]) for label, value, text in bars],
    }


def _bar(row: int, label: str, percent: float, text: str) -> SafeString:
    y = row * BAR
    shown = label if len(label) <= _LABEL else f"{label[: _LABEL - 1].rstrip()}…"
    words = '<text x="0" y="{0}">{1}</text><text class="e" x="100%" y="{0}">{2}</text>'
    bar = '<rect class="ct" y="{3}" width="100%" height="8" rx="4"/><rect class="cb" y="{3}" width="{4}%" height="8" rx="4"/>'
    return format_html(words + bar, y + 15, shown, text, y + 22, _short(max(percent, 0.5)))


def _heat(figure: Figure) -> dict[str, Any]:
    rows, columns, cells = figure["rows"], figure["columns"], figure["cells"]
    if not rows or not columns:
        return {}
    margin = 12
    step = (100 - margin) / len(columns)
    every = 1 if len(columns) <= 8 else len(columns) // 4
    parts: list[SafeString] = []
    for i, label in enumerate(columns):
        if i % every == 0:
            parts.append(format_html('<text x="{}%" y="12">{}</text>', _short(margin + i * step), label))
    for j, row in enumerate(rows):
        parts.append(format_html('<text y="{}">{}</text>', TOP + j * CELL + 19, row))
        for i, (level, text) in enumerate(cells[j]):
            parts.append(_cell(margin + i * step, TOP + j * CELL, step, level, text if len(columns) <= 8 else ""))
    return {
        "height": TOP + CELL * len(rows),
        "parts": parts,
        "heads": [figure.get("x_name", ""), *columns],
        "lines": [(row, [text or UNKNOWN for _level, text in line]) for row, line in zip(rows, cells, strict=True)],
    }


def _cell(x: float, y: int, width: float, level: int | None, text: str) -> SafeString:
    known = level is not None
    kind = f"h{min(max(level or 0, 0), _HEAT_LEVELS - 1)}" if known else "hn"
    box = '<rect class="{}" x="{}%" y="{}" width="{}%" height="26" rx="4"/>'
    found = format_html(box, kind, _short(x), y, _short(width * 0.94))
    if known and text:
        found += format_html('<text class="m {}" x="{}%" y="{}">{}</text>', kind, _short(x + width * 0.47), y + 17, text)
    return found


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _short(value: float) -> str:
    """To a tenth, without a zero behind the point."""
    return f"{value:.1f}".removesuffix(".0")
