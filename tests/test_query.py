"""Queries: what is accepted, what is refused and why, and which texts share an answer."""

import copy
import pickle
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.query import (
    DATE_RANGE_DAYS,
    DATE_RANGE_NAMES,
    DATE_RANGES,
    MAX_LENGTH,
    PLATFORM_CHOICES,
    PLATFORM_NAMES,
    Query,
    QueryError,
    answer_key,
    normalise,
    parse,
)

KEY_COLUMN = 350  # what the answer table has room for
ARABIC = "\u0645\u0643\u064a\u0627\u062c \u0627\u0644\u0639\u064a\u0648\u0646"  # eye make-up
FAMILY = "👨\u200d👩\u200d👧"
TEXTS = st.text(st.characters()) | st.text(st.sampled_from("aß\u0131İ\u0130Åǰς \t\n\u3000\u200b\u200d\u0301\u0345\u3164\x00\ud800가"))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=MAX_LENGTH)
JUNK: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.lists(st.text())
REASONS = {
    ("invalid-query", "query"),
    ("empty-query", "query"),
    ("query-too-long", "query"),
    ("unknown-platform", "platform"),
    ("unknown-date-range", "dateRange"),
}


def outcome(*asked: object) -> Query | QueryError:
    try:
        return parse(*asked)
    except QueryError as error:
        return error


def test_it_works() -> None:
    query = parse("  메이크업 ", "tiktok", "7days")
    assert query == Query("메이크업", "tiktok", "7days")
    assert query.key == "tiktok:메이크업:7days"


def test_platform_and_date_range_have_defaults() -> None:
    assert parse("cats") == Query("cats", "tiktok", "7days")


@pytest.mark.parametrize("platform", PLATFORM_CHOICES)
@pytest.mark.parametrize("date_range", DATE_RANGES)
def test_every_platform_and_date_range_is_accepted_and_named(platform: str, date_range: str) -> None:
    assert parse("cats", platform, date_range).key == f"{platform}:cats:{date_range}"
    assert str(PLATFORM_NAMES[platform])
    assert str(DATE_RANGE_NAMES[date_range])


def test_platforms_and_ranges_are_those_of_the_contract() -> None:
    assert set(PLATFORM_CHOICES) == {"tiktok", "douyin", "xiaohongshu", "all"}
    assert DATE_RANGE_DAYS == {"all": None, "yesterday": 1, "7days": 7, "1month": 30, "3months": 90}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a", "a"),
        ("a" * 100, "a" * 100),
        ("  " + "a" * 100 + "\n", "a" * 100),
        ("a\t b\r\n\u3000c", "a b c"),
        ("Straße", "Straße"),
        ("🔥", "🔥"),
        ("🔥" * 100, "🔥" * 100),
        (FAMILY, FAMILY),
        ("❤\ufe0f", "❤\ufe0f"),
        (ARABIC, ARABIC),
        ("\u202b\u05d0\u05d9\u05e4\u05d5\u05e8\u202c", "\u05d0\u05d9\u05e4\u05d5\u05e8"),
        ("\u2067\u05de\u05d7\u05d9\u05e8\u2069 5", "\u05de\u05d7\u05d9\u05e8 5"),
        (f"\u061c{ARABIC}\u200f", ARABIC),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\ufeffcats\u200b", "cats"),
        ("ma\u00adke\u00adup", "makeup"),
        ("a\u3164b", "a b"),
        (unicodedata.normalize("NFD", "메이크업"), "메이크업"),
        ("e\u200b\u0301", "é"),
        (unicodedata.normalize("NFD", "가" * 100), "가" * 100),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=1+1", "=1+1"),
        ("a:b:7days", "a:b:7days"),
        ("①\uff21\uff22\uff23", "①\uff21\uff22\uff23"),
        ("%s %(x)s {0}", "%s %(x)s {0}"),
    ],
)
def test_text_is_kept_as_typed_but_for_spaces_and_steering(raw: str, text: str) -> None:
    assert parse(raw).text == text


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("", "empty-query"),
        (" ", "empty-query"),
        ("\t\r\n\u3000\u2028", "empty-query"),
        ("\u200b\u200e\u202e\u2066\ufeff", "empty-query"),
        ("\u200d", "empty-query"),
        ("\u200c \u200d", "empty-query"),
        ("\ufe0f", "empty-query"),
        ("\u3164", "empty-query"),
        ("\u2800\uffa0", "empty-query"),
        ("a" * 101, "query-too-long"),
        ("🔥" * 101, "query-too-long"),
        ("a b" * 40, "query-too-long"),
        ("a" + "\u0300\u0316" * 500_000, "query-too-long"),
        ("a\x00b", "invalid-query"),
        ("\x07", "invalid-query"),
        ("\x1f", "invalid-query"),
        ("cats\x1b[31m", "invalid-query"),
        ("a\x7fb", "invalid-query"),
        ("a\x9fb", "invalid-query"),
        ("a\ud800b", "invalid-query"),
        ("\udfff", "invalid-query"),
        (None, "invalid-query"),
        (True, "invalid-query"),
        (5, "invalid-query"),
        (b"cats", "invalid-query"),
        (["cats"], "invalid-query"),
        ({"query": "cats"}, "invalid-query"),
    ],
)
def test_text_that_cannot_be_searched_is_refused(raw: object, kind: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(raw)
    assert caught.value.type == kind
    assert caught.value.field == "query"
    assert str(caught.value).strip()


def test_too_long_says_how_long_after_composing() -> None:
    with pytest.raises(QueryError) as caught:
        parse(unicodedata.normalize("NFD", "한" * 101))
    assert "101" in str(caught.value)
    assert "100" in str(caught.value)


@pytest.mark.parametrize("value", ["", "TikTok", "tiktok ", "youtube", "tiktok,douyin", None, 1, True, [], ["tiktok"], {}])
def test_unknown_platform_is_refused_and_the_known_are_named(value: object) -> None:
    with pytest.raises(QueryError) as caught:
        parse("cats", value)
    assert (caught.value.type, caught.value.field) == ("unknown-platform", "platform")
    assert all(platform in str(caught.value) for platform in PLATFORM_CHOICES)


@pytest.mark.parametrize("value", ["", "7 days", "7DAYS", "1year", "week", None, 7, True, [], {"days": 7}])
def test_unknown_date_range_is_refused_and_the_known_are_named(value: object) -> None:
    with pytest.raises(QueryError) as caught:
        parse("cats", "tiktok", value)
    assert (caught.value.type, caught.value.field) == ("unknown-date-range", "dateRange")
    assert all(date_range in str(caught.value) for date_range in DATE_RANGES)


def test_an_error_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(QueryError) as caught:
        parse("cats", "<img src=x>")
    assert "<img" not in str(caught.value)


@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_being_copied(clone: Any) -> None:
    error = clone(QueryError("empty-query", "query", "Type something."))
    assert (error.type, error.field, str(error)) == ("empty-query", "query", "Type something.")


def test_on_asks_the_same_of_another_platform() -> None:
    query = parse("Cats", "all", "1month")
    assert query.on("douyin") == Query("Cats", "douyin", "1month")
    assert query.platform == "all"


def test_a_query_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse("cats").text = "dogs"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MakeUp", "makeup"),
        ("eye  liner", "Eye\tliner"),
        ("eye\u3000liner", "eye liner"),
        ("café", "cafe\u0301"),
        ("CAFE\u0301", "café"),
        ("메이크업", unicodedata.normalize("NFD", "메이크업")),
        ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
        ("Straße", "STRASSE"),
        ("straße", "STRAẞE"),
        ("İstanbul", "I\u0307stanbul"),
        ("ΟΔΟΣ", "οδος"),
        ("οδος", "οδοσ"),
        ("ŒUVRE", "œuvre"),
        ("МАКИЯЖ", "МАКИЯЖ".lower()),
        ("ﬁt", "FIT"),
        ("ǰ", "J\u030c"),
        ("Å", "\u212b"),
        ("ᾳ\u0301", "\u03b1\u0301\u0345"),
        ("q\u0307\u0323", "q\u0323\u0307"),
        ("\u200fcats\u200b", "cats"),
    ],
)
def test_texts_that_mean_the_same_share_an_answer(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0131l\u0131k", "ilik"),  # Turkish: a dotless i is another letter
        ("cafe", "café"),
        ("eyeliner", "eye liner"),
        ("ガ", "カ"),
        ("한", "하"),
        ("👨👩👧", FAMILY),
        ("a", "\u0430"),  # Latin and Cyrillic
    ],
)
def test_texts_that_mean_something_else_do_not(one: str, other: str) -> None:
    assert parse(one).key != parse(other).key


@pytest.mark.parametrize("text", ["\u03b1\u0345\u0301", "\u03b1\u0301\u0345", "ᾴ", "ά\u0345"])
def test_normalise_composes_before_it_folds(text: str) -> None:
    assert normalise(text) == "άι"


def test_key_tells_platform_and_range_apart() -> None:
    keys = {answer_key(platform, "cats", days) for platform in PLATFORM_CHOICES for days in DATE_RANGES}
    assert len(keys) == len(PLATFORM_CHOICES) * len(DATE_RANGES)


def test_key_of_every_single_letter_ignores_its_composition_and_case() -> None:
    for code in range(0x30000):
        letter = chr(code)
        known = normalise(letter)
        assert normalise(known) == known
        assert normalise(unicodedata.normalize("NFD", letter)) == known
        assert normalise(letter.lower()) == known
        assert letter == "\u0131" or normalise(letter.upper()) == known
        assert len(known) * MAX_LENGTH <= KEY_COLUMN


@given(TEXTS)
def test_normalise_is_idempotent_and_composed(text: str) -> None:
    known = normalise(text)
    assert normalise(known) == known
    assert unicodedata.is_normalized("NFC", known)
    assert known == " ".join(known.split())


@given(WORDS)
def test_normalise_ignores_composition_case_and_spaces(text: str) -> None:
    known = normalise(text)
    assert normalise(unicodedata.normalize("NFD", text)) == known
    assert normalise(unicodedata.normalize("NFC", text).casefold()) == known
    assert normalise("\n\u3000".join(["", *text.split(" "), ""])) == known


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=MAX_LENGTH))
def test_korean_in_jamo_is_the_same_query(text: str) -> None:
    assert parse(unicodedata.normalize("NFD", text)) == parse(text)


@given(TEXTS | JUNK, st.sampled_from(PLATFORM_CHOICES) | TEXTS | JUNK, st.sampled_from(DATE_RANGES) | TEXTS | JUNK)
def test_parse_answers_with_a_query_or_a_reason(text: object, platform: object, date_range: object) -> None:
    query = outcome(text, platform, date_range)
    if isinstance(query, QueryError):
        assert (query.type, query.field) in REASONS
        assert str(query).strip()
        return
    assert 1 <= len(query.text) <= MAX_LENGTH
    assert query.text == query.text.strip()
    assert unicodedata.is_normalized("NFC", query.text)
    assert query.platform in PLATFORM_CHOICES
    assert query.date_range in DATE_RANGES
    assert parse(query.text, query.platform, query.date_range) == query
    assert len(query.key.encode()) >= len(query.platform) + len(query.date_range) + 3


@given(WORDS)
def test_any_words_are_searched_or_refused_for_their_size(text: str) -> None:
    query = outcome(text, "all", "all")
    if isinstance(query, QueryError):
        assert query.type in {"empty-query", "query-too-long"}
        return
    assert len(normalise(query.text)) <= KEY_COLUMN
