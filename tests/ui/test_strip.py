"""The strip of sources: what each gave, in words; the server's and strip.js's are the same."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.translation import override

from searches.ui.templatetags import strip
from tests.environment import ROOT

ROW: dict[str, Any] = {
    "platform": "douyin",
    "actor": "a/b",
    "name": "Douyin",
    "status": "completed",
    "itemCount": 3,
    "askedDays": 30,
    "actorDays": 30,
    "outsideCount": 0,
    "undatedCount": 0,
    "fetchedAt": "2026-11-20T10:00:00+00:00",
    "ageSeconds": 7_300,
    "stale": False,
    "partial": False,
    "suspendedUntil": None,
    "error": None,
    "message": "3 results",
}


def shown(*rows: dict[str, Any], live: bool = False) -> str:
    page = Template('{% include "search/_strip.html" %}').render(Context({"rows": rows, "live": live}))
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_works() -> None:
    assert shown(ROW) == "Douyin 2 hours ago Done 3 results"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"stale": True}, "Douyin 2 hours ago Out of date 3 results"),
        ({"partial": True, "message": "3 results, cut short"}, "Douyin 2 hours ago Cut short 3 results, cut short"),
        ({"actorDays": 182}, "Douyin 2 hours ago Done 3 results asked: past month; scraper gives: past half year"),
        ({"actorDays": None}, "Douyin 2 hours ago Done 3 results asked: past month; scraper gives: any time"),
        ({"actorDays": 45}, "Douyin 2 hours ago Done 3 results asked: past month; scraper gives: past 45 days"),
        ({"actorDays": None, "askedDays": None}, "Douyin 2 hours ago Done 3 results"),
        ({"actorDays": 7}, "Douyin 2 hours ago Done 3 results"),
        (
            {"error": {"type": "timed-out", "message": "It took too long."}},
            "Douyin 2 hours ago Done 3 results The last refresh failed. It took too long.",
        ),
        ({"status": "queued", "fetchedAt": None, "message": "waiting"}, "Douyin In line"),
        ({"status": "running", "fetchedAt": None, "message": "2 so far"}, "Douyin Searching 2 so far"),
        ({"status": "failed", "fetchedAt": None, "message": "It stopped."}, "Douyin Failed It stopped."),
        ({"status": "cancelled", "fetchedAt": None, "message": "cancelled"}, "Douyin Cancelled"),
        ({"status": "missing", "fetchedAt": None, "message": "Not searched yet."}, "Douyin Missing Not searched yet."),
        (
            {"status": "queued", "fetchedAt": None, "suspendedUntil": "2026", "message": "Douyin is paused until 10:00: why."},
            "Douyin Paused Douyin is paused until 10:00: why.",
        ),
    ],
)
def test_states(changes: dict[str, Any], text: str) -> None:
    assert shown(ROW | changes) == text


def test_every_status_of_the_wire_has_a_word() -> None:
    for status in ("missing", "queued", "running", "completed", "failed", "cancelled"):
        assert strip.state_word(ROW | {"status": status})


def test_a_state_is_more_than_a_colour() -> None:
    """Each has a word, and a shape of its own."""
    css = (ROOT / "searches/ui/static/ui/results.css").read_text()
    for name in set(strip._STATES) - {"missing"}:
        assert re.search(rf'\[data-state="{name}"\][^{{]*{{ --shape', css), name


def test_hostile_rows_stay_text() -> None:
    page = Template('{% include "search/_strip.html" %}').render(
        Context({"rows": [ROW | {"message": "<script>alert(1)</script>", "name": '"><img src=x>'}]})
    )
    assert "<script" not in page
    assert "<img" not in page


def test_one_is_a_line_and_several_are_not() -> None:
    render = Template('{% include "search/_strip.html" %}').render
    assert 'class="strip one"' in render(Context({"rows": [ROW]}))
    assert 'class="strip"' in render(Context({"rows": [ROW, ROW]}))
    assert "data-strip" not in render(Context({"rows": [ROW]}))


@pytest.mark.parametrize(("language", "word", "sentence"), [("en", "Searching", "asked: {asked}"), ("ko", "검색 중", "요청: {asked}")])
def test_words_for_the_script(language: str, word: str, sentence: str) -> None:
    with override(language):
        words = str(strip.strip_words())
    assert f'data-running="{word}"' in words
    assert sentence in words
    assert "{gives}" in words
    script = (ROOT / "searches/ui/static/ui/strip.js").read_text()
    assert "words.wider" in script
    assert "words.windowAny" in script
    assert 'data-window-any="' in words
    assert 'data-window-182="' in words


def test_filters() -> None:
    render = lambda text, **values: Template("{% load ui %}" + text).render(Context(values))  # noqa: E731
    assert render("{{ s|ago }}", s=7_300) == "2 hours ago"
    assert render("{{ s|ago }}", s=None) == "–"
    now = timezone.now()
    assert render("{{ at|clock }}", at=now) == f"{timezone.localtime(now):%H:%M}"
    other_day = now.replace(month=3, day=5, hour=9, minute=10) - timedelta(days=365)
    assert render("{{ at|clock }}", at=other_day) == "Mar 5 09:10"
    assert render("{{ at|clock }}", at=None) == ""
    with override("ko"):
        assert render("{{ at|clock }}", at=other_day) == "3월 5일 09:10"


@pytest.mark.parametrize(("usd", "said"), [("0.08", "$0.08"), ("0.0801", "$0.09"), ("0", "$0.00"), ("0.0001", "$0.01"), ("12.5", "$12.50")])
def test_dollars_are_rounded_upwards(usd: str, said: str) -> None:
    assert Template("{% load ui %}{{ usd|usd }}").render(Context({"usd": Decimal(usd)})) == said
