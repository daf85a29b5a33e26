"""Numbers, ages and names as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from searches.ui.templatetags import ui


@pytest.mark.parametrize(
    ("value", "english", "korean"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1_000, "1K", "1천"),
        (12_345, "12.3K", "1.2만"),
        (999_949, "999.9K", "100만"),
        (999_950, "1M", "100만"),
        (999_999, "1M", "100만"),
        (9_999, "10K", "1만"),
        (99_999_999, "100M", "1억"),
        (123_456_789, "123.5M", "1.2억"),
        (1_200_000_000, "1.2B", "12억"),
        (2**53 - 1, "9007.2T", "9007.2조"),
    ],
)
def test_compact(value: int, english: str, korean: str) -> None:
    with translation.override("en"):
        assert ui.compact(value) == english
    with translation.override("ko"):
        assert ui.compact(value) == korean


@pytest.mark.parametrize("value", [None, "", "12", True, [], "<b>"])
def test_what_is_no_number_is_unknown_and_never_0(value: object) -> None:
    assert ui.compact(value) == ui.duration(value) == ui.span(value) == "–"
    assert ui.exact(value) == ""
    assert ui.count(value) == '<span aria-hidden="true">–</span><span class="vh">unknown</span>'


def test_count_of_a_number_is_plain() -> None:
    assert ui.count(0) == "0"
    assert ui.count(1_500) == "1.5K"
    assert ui.exact(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("before", "english", "korean"),
    [
        (timedelta(seconds=59), "just now", "방금"),
        (timedelta(minutes=1), "1 minute ago", "1분 전"),
        (timedelta(hours=3, minutes=59), "3 hours ago", "3시간 전"),
        (timedelta(hours=23, minutes=59), "23 hours ago", "23시간 전"),
        (timedelta(days=6), "6 days ago", "6일 전"),
        (timedelta(days=8), "1 week ago", "1주 전"),
        (timedelta(days=75), "2 months ago", "2개월 전"),
        (timedelta(days=800), "2 years ago", "2년 전"),
        (-timedelta(days=400), "in 1 year", "1년 후"),
    ],
)
def test_age(before: timedelta, english: str, korean: str) -> None:
    moment = timezone.now() - before - timedelta(seconds=0.3 if before > timedelta() else -0.3)
    with translation.override("en"):
        assert ui.age(moment) == ui.age(round(moment.timestamp() * 1000)) == english
    with translation.override("ko"):
        assert ui.age(moment) == korean


@pytest.mark.parametrize("value", [None, "", "yesterday", True])
def test_no_moment_has_no_age(value: object) -> None:
    assert ui.age(value) == "–"
    assert ui.absolute(value) == ui.iso(value) == ""


def test_absolute_says_the_zone() -> None:
    moment = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
    assert ui.iso(moment) == "2026-11-20T04:05:00+00:00"
    with translation.override("en"):
        assert ui.absolute(moment) == "November 20, 2026 04:05 UTC"
    with translation.override("ko"), timezone.override("Asia/Seoul"):
        assert ui.absolute(moment) == "2026년 11월 20일 13:05 KST"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0:00"), (9, "0:09"), (59.6, "1:00"), (75.4, "1:15"), (725, "12:05"), (3723, "1:02:03")]
)
def test_duration(seconds: float, shown: str) -> None:
    assert ui.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [(1, "1 second", "1초"), (89, "89 seconds", "89초"), (90, "2 minutes", "2분"), (600, "10 minutes", "10분")],
)
def test_span(seconds: int, english: str, korean: str) -> None:
    with translation.override("en"):
        assert ui.span(seconds) == english
    with translation.override("ko"):
        assert ui.span(seconds) == korean


def test_names() -> None:
    assert ui.platform_name("tiktok") == "TikTok"
    assert ui.range_name("7days") == "Past 7 days"
    assert ui.platform_name("<b>") == "<b>"


@pytest.mark.parametrize("language", ["ko", "en", "ko-kr", "en-us"])
def test_every_spelling_of_a_language_works(language: str) -> None:
    with translation.override(language):
        assert ui.compact(1_234) in {"1.2K", "1.2천"}


def test_without_a_language() -> None:
    with translation.override(None):
        assert ui.compact(1_234) == "1.2K"
