"""Filters and order as they stand in an address: read, written, and never a reason to fail."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from searches.search.sieve import ANY, OPEN, ORDERS, RANGED, UNKNOWABLE, WITHIN, Range, Sieve, parse, to_query

NAMES = [*(f"{n}-{end}" for n in RANGED for end in ("min", "max")), "on", "within", "length", "engagement", "text", "creator", "tag"]
NAMES += ["new", "kept", "dated", "unknown", "sort", "q", "page", "nonsense"]
VALUES = ["1", "0", "5", "7", "10k", "1.2만", "tiktok", "short", "views", "date-up", "#ootd", "메이크업  팁", "CAFÉ", "-1", "1e400", "NaN"]


def test_it_works() -> None:
    sieve = parse(QueryDict("q=x&sort=likes-up&tag=ootd&tag=%EB%B7%B0%ED%8B%B0&views-min=10k&unknown=views&on=tiktok"))
    assert sieve == Sieve(
        platforms=("tiktok",), views=Range(10_000, None), tags=("ootd", "뷰티"), unknown=("views",), sort="likes", ascending=True
    )
    assert sieve.passed_over == ()
    assert to_query(sieve) == "on=tiktok&views-min=10000&tag=ootd&tag=%EB%B7%B0%ED%8B%B0&unknown=views&sort=likes-up"


def test_nothing_asked_is_the_open_sieve() -> None:
    empty = QueryDict("q=x&platform=all&range=7days&text=&views-min=&tag=&tag=&sort=&page=2&view=table")
    assert (parse(empty), parse({}), to_query(OPEN)) == (OPEN, OPEN, "")
    assert OPEN.is_open
    assert parse({"sort": "likes", "unknown": "views"}).is_open
    assert not parse({"new": "1"}).is_open


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("views-min", "many"),
        ("views-min", "-5"),
        ("likes-max", "1e9"),
        ("likes-max", "9" * 400),
        ("comments-min", "１２"),
        ("rate-min", "inf"),
        ("within", "2"),
        ("within", "<b>"),
        ("length", "huge"),
        ("engagement", "6"),
        ("engagement", "٣"),
        ("on", "youtube"),
        ("on", "all"),
        ("sort", "random"),
        ("sort", "fair-up"),
        ("sort", "-up"),
        ("new", "yes"),
        ("dated", "2"),
        ("unknown", "title"),
        ("text", "\u200b"),
        ("text", "x" * 101),
        ("tag", "#"),
        ("creator", "\x00"),
        ("nonsense", "1"),
    ],
)
def test_what_cannot_be_read_is_passed_over_and_named(name: str, value: str) -> None:
    sieve = parse({name: value})
    assert (sieve, sieve.passed_over) == (OPEN, (name,))


@pytest.mark.parametrize("value", [None, 5, b"x", {"a": 1}, [None], [["x"]]])
def test_what_is_no_text_is_passed_over(value: Any) -> None:
    assert parse({"tag": value}).passed_over == ("tag",)


@pytest.mark.parametrize(
    ("written", "read"), [("10,000", 10_000), ("10k", 10_000), ("1.2만", 12_000), ("3천", 3_000), ("1억", 10**8), ("2.5M", 2_500_000)]
)
def test_numbers_as_people_write_them(written: str, read: int) -> None:
    assert parse({"views-min": written}).views == Range(read, None)


def test_ends_the_wrong_way_round_are_turned() -> None:
    assert parse({"likes-min": "9", "likes-max": "3"}).likes == Range(3, 9)


def test_a_range_of_whole_numbers_leaves_no_gap_for_fractions() -> None:
    assert Range(10, 99).holds(99.9)
    assert not Range(10, 99).holds(100.0)
    assert not Range(100, None).holds(99.9)
    assert ANY.holds(0)


def test_the_last_one_of_a_form_counts_and_the_same_words_count_once() -> None:
    sieve = parse({"sort": ["likes", "views"], "tag": ["OOTD", "ootd", "#Ootd"]})
    assert (sieve.sort, sieve.tags, sieve.passed_over) == ("views", ("OOTD",), ())


def test_too_many_values() -> None:
    sieve = parse({"tag": [f"t{n}" for n in range(500)]})
    assert (len(sieve.tags), sieve.passed_over) == (20, ("tag",))


texts = st.one_of(st.sampled_from(VALUES), st.text(max_size=30))


@given(st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), st.lists(texts, max_size=4), max_size=8))
def test_whatever_is_given_is_read_and_its_spelling_is_stable(params: dict[str, list[str]]) -> None:
    sieve = parse(params)
    again = parse(QueryDict(to_query(sieve)))
    assert again == sieve
    assert again.passed_over == ()
    assert to_query(again) == to_query(sieve)
    assert set(parse_qs(to_query(sieve))) <= set(NAMES)


def test_every_name_is_one_that_can_be_given() -> None:
    for order in ORDERS:
        assert parse({"sort": order}).sort == order
    for name in UNKNOWABLE:
        assert parse({"unknown": name}).unknown == (name,)
    for days in WITHIN:
        assert parse({"within": str(days)}).within == days
