"""Charts: their ticks, their size, what they say to those who do not see them, and that hostile words stay words."""

import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from searches.ui import axis
from searches.ui.templatetags.chart import MOST_SERIES

DAY = 86_400_000
START = 1_763_596_800_000  # midnight of 20 November 2025
EVIL = "<script>alert(1)</script>\"'&"


def draw(**figure: Any) -> str:
    given = {"id": "x", "title": "Views over time", "description": "from 1 to 9"} | figure
    return Template("{% load chart %}{% chart figure %}").render(Context({"figure": given}))


def line(*series: list[tuple[float, float | None]], **figure: Any) -> str:
    return draw(kind="line", series=[{"name": f"Series {i}", "points": points} for i, points in enumerate(series)], **figure)


class Shape(HTMLParser):
    """Elements with their attributes and texts; fails on what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.found.append((tag, dict(attrs), []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.found and data.strip():
            self.found[-1][2].append(data.strip())

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        match = [(attrs, " ".join(texts)) for name, attrs, texts in self.found if name == tag]
        return [(attrs, text) for attrs, text in match if all(attrs.get(k.strip("_")) == v for k, v in wanted.items())]


def days(count: int, step: float = 1_000) -> list[tuple[float, float | None]]:
    return [(START + i * DAY, i * step) for i in range(count)]


def test_it_works() -> None:
    shape = Shape(line(days(5), days(5, 2_000)))
    assert [text for _a, text in shape.all("title")] == ["Views over time"]
    assert [text for _a, text in shape.all("desc")] == ["from 1 to 9"]
    (svg,) = [attrs for attrs, _text in shape.all("svg", role="img")]
    ids = {attrs["id"] for tag in ("title", "desc") for attrs, _text in shape.all(tag)}
    assert set(str(svg["aria-labelledby"]).split()) == ids
    assert [text for _a, text in shape.all("text")][:5] == ["0", "2K", "4K", "6K", "8K"]
    paths = [attrs for attrs, _text in shape.all("path") if "L" in str(attrs["d"])]
    assert [attrs["class"] for attrs in paths] == ["c1", "c2"]
    assert paths[1]["d"] == "M0 200L250 150L500 100L750 50L1000 0"
    assert paths[0]["d"] == "M0 200L250 175L500 150L750 125L1000 100"


def test_the_table_has_the_same_numbers() -> None:
    one, other = [(START, 12_345.0), (START + DAY, None)], [(START + DAY, 7.0)]
    shape = Shape(line(one, other))  # type: ignore[arg-type]
    assert [text for _a, text in shape.all("th", scope="col")] == ["Time", "Series 0", "Series 1"]
    assert [text for _a, text in shape.all("th", scope="row")] == ["Nov 20 00:00", "Nov 21 00:00"]
    assert [text for _a, text in shape.all("td")] == ["12,345", "–", "–", "7"]


def test_it_is_small() -> None:
    series = [[(START + i * DAY, 123_456 * (i + n)) for i in range(30)] for n in range(3)]
    assert len(line(*series).encode()) < 6_000  # type: ignore[arg-type]


def test_no_style_no_script_no_size_of_its_own() -> None:
    page = line(days(30)) + draw(kind="bars", bars=[("a", 1, "")]) + draw(kind="heat", rows=["a"], columns=["b"], cells=[[(1, "x")]])
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|width=\"\d+\"(?! height=\"10\")", page)


@pytest.mark.parametrize("kind", ["line", "bars", "heat"])
def test_hostile_words_stay_words(kind: str) -> None:
    page = draw(
        kind=kind,
        title=EVIL,
        description=EVIL,
        series=[{"name": EVIL, "points": [(START, 1)]}],
        bars=[(EVIL, 1, EVIL)],
        rows=[EVIL],
        columns=[EVIL],
        cells=[[(2, EVIL)]],
        x_name=EVIL,
        y_name=EVIL,
    )
    Shape(page)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


# Nothing, and next to nothing.


@pytest.mark.parametrize(
    "figure",
    [
        {"kind": "line", "series": []},
        {"kind": "line", "series": [{"name": "a", "points": []}]},
        {"kind": "line", "series": [{"name": "a", "points": [(START, None)]}]},
        {"kind": "bars", "bars": []},
        {"kind": "heat", "rows": [], "columns": [], "cells": []},
    ],
)
def test_nothing_to_draw_is_said(figure: dict[str, Any]) -> None:
    page = draw(**figure)
    assert "Nothing to draw yet" in page
    assert "<svg" not in page
    assert "<table" not in page


def test_a_single_point_stands_in_the_middle() -> None:
    shape = Shape(line([(START, 5)]))
    ((dot, _text),) = shape.all("circle")
    assert (dot["cx"], dot["cy"]) == ("50%", "51.3")
    assert [attrs["x"] for attrs, text in shape.all("text") if "Nov" in text] == ["50%"]


def test_all_zero_lies_on_the_ground() -> None:
    shape = Shape(line([(START, 0), (START + DAY, 0)]))
    assert shape.all("path")[-1][0]["d"] == "M0 200L1000 200"


def test_a_line_breaks_where_nothing_is_known() -> None:
    shape = Shape(line([(START, 1), (START + DAY, 2), (START + 2 * DAY, None), (START + 3 * DAY, 3), (START + 4 * DAY, 4)]))
    assert [re.sub(r"[\d. ]+", "", str(attrs["d"])) for attrs, _t in shape.all("path")][-1] == "MLML"


def test_no_more_series_than_can_be_told_apart() -> None:
    shape = Shape(line(*[days(3)] * 9))
    assert len(shape.all("circle")) == MOST_SERIES


def test_bars() -> None:
    shape = Shape(draw(kind="bars", bars=[("#뷰티", 12_345, ""), ("x" * 60, 0, "none")], x_name="Tag", y_name="Posts"))
    assert [attrs["width"] for attrs, _t in shape.all("rect", class_="cb")] == ["100%", "0.5%"]
    assert [text for _a, text in shape.all("text")] == ["#뷰티", "12.3K", "x" * 25 + "…", "none"]
    assert [text for _a, text in shape.all("td")] == ["12,345", "none"]
    assert [text for _a, text in shape.all("th", scope="row")] == ["#뷰티", "x" * 60]


def test_bars_of_nothing_but_zero() -> None:
    assert "0.5%" in draw(kind="bars", bars=[("a", 0, "")])


def test_a_heat_map() -> None:
    shape = Shape(
        draw(
            kind="heat",
            rows=["Mon", "Tue"],
            columns=["00", "12"],
            cells=[[(4, "2.1×"), (None, "")], [(0, "0.1×"), (9, "9×")]],
            x_name="Day",
        )
    )
    assert [attrs["class"] for attrs, _t in shape.all("rect")] == ["h4", "hn", "h0", "h4"]
    assert [text for _a, text in shape.all("td")] == ["2.1×", "–", "0.1×", "9×"]
    assert [text for _a, text in shape.all("text")] == ["00", "12", "Mon", "2.1×", "Tue", "0.1×", "9×"]


def test_a_fine_heat_map_has_its_numbers_in_the_table() -> None:
    hours = [f"{h:02}" for h in range(24)]
    shape = Shape(draw(kind="heat", rows=["Mon"], columns=hours, cells=[[(1, "1×")] * 24], x_name="Day"))
    assert [text for _a, text in shape.all("text")] == ["00", "06", "12", "18", "Mon"]
    assert len(shape.all("td")) == 24


# Axes.


@given(st.floats(1e-3, 2**53))
def test_ticks_are_round_and_reach_over_the_top(most: float) -> None:
    found = axis.ticks(most)
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-9)
    assert found[-2] < most
    assert 2 <= len(found) <= 6
    assert all(tick == int(tick) for tick in found)
    assert all(math.isclose(b - a, found[1], rel_tol=1e-9) for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("most", "wanted"),
    [(0, [0, 1]), (-5, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (9_999, [0, 2_500, 5_000, 7_500, 10_000])],
)
def test_ticks(most: float, wanted: list[float]) -> None:
    assert axis.ticks(most) == wanted


@pytest.mark.parametrize(("language", "wanted"), [("en", ["0", "50K", "100K", "150K"]), ("ko", ["0", "5만", "10만", "15만"])])
def test_ticks_in_the_readers_words(language: str, wanted: list[str]) -> None:
    with translation.override(language):
        shape = Shape(line([(START, 0), (START + DAY, 150_000)]))
    assert [text for attrs, text in shape.all("text") if "dy" in attrs] == wanted


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 10**11))
def test_the_first_and_the_last_label_are_not_cut_off(left: int, width: int) -> None:
    found = axis.moments(left, left + width)
    places = [place for _text, place, _end in found]
    assert places == sorted(places)
    for text, place, end in found:
        assert text
        assert (place == 0) == (end == "s")
        assert (place == 100) == (end == "e")
    assert len({text for text, _p, _e in found}) == len(found) <= 4


def test_moments_are_days_or_minutes() -> None:
    assert [text for text, _p, _e in axis.moments(START, START + 9 * DAY)] == ["Nov 20", "Nov 23", "Nov 26", "Nov 29"]
    assert [text for text, _p, _e in axis.moments(START, START + 3_600_000)] == ["Nov 20 00:00", "Nov 20 01:00"]
    with translation.override("ko"):
        assert axis.moments(START, START + 9 * DAY)[0][0] == "11월 20일"
