"""Items: every coercion against what upstream should not, but does, send."""

import json
import math
import typing
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches import item as read
from searches.item import MAX_COUNT, MAX_HASHTAGS, MAX_MARKS, MAX_TEXT, MAX_TITLE, MAX_URL, Item

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**53 - 1, 2**53, 2**64, 10**400, -(10**400), 1.5, -0.0, 1e308,
    math.nan, math.inf, -math.inf, "", " ", "\x00", "\ud800", "\udfff x", "0", "1,234", "1.2万", "9" * 5000, "NaN",
    "javascript:alert(1)", "https://ok.example/a", "https://x.example/\ud800", "data:text/html,x", "\u202egpj.exe",
    "\u3164", "#", "../../etc/passwd", "<svg onload=alert(1)>", "x" * 20_000, "2024-01-01T00:00:00Z",
    [], {}, [[]], [None], [{}], [{"name": None}], {"name": {"name": 1}}, [{"name": "\ud83d"}], ["#a", 1, True],
)  # fmt: skip
JSON_VALUES: st.SearchStrategy[Any] = st.sampled_from(HOSTILE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
COUNTS = ("followerCount", "playCount", "likeCount", "commentCount", "shareCount", "collectCount")
LINKS = ("creatorUrl", "thumbnail", "videoUrl", "webVideoUrl")
LIMITS = {"id": 128, "title": MAX_TITLE, "description": MAX_TEXT, "creator": MAX_TITLE} | dict.fromkeys(LINKS, MAX_URL)
FIELDS = [
    "id", "platform", "title", "description", "creator", "creatorUrl", "followerCount", "playCount", "likeCount",
    "commentCount", "shareCount", "collectCount", "createTime", "durationSeconds", "hashtags", "thumbnail", "videoUrl",
    "webVideoUrl",
]  # fmt: skip


def assert_valid_item(item: Item) -> None:
    """The whole promise of an Item, whatever upstream sent. Every platform's tests lean on it."""
    values: dict[str, Any] = dict(item)
    assert list(values) == FIELDS
    for field, declared in typing.get_type_hints(Item).items():
        kinds = typing.get_args(declared) or (declared,)
        assert type(values[field]) in (list if field == "hashtags" else kind for kind in kinds), field
    body = json.dumps(values, allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert json.loads(body) == values
    assert b"\\u0000" not in body
    for field, limit in LIMITS.items():
        assert values[field] is None or 0 < len(values[field]) <= limit, field
        assert values[field] is None or values[field] == values[field].strip(), field
    assert item["id"].isprintable()
    assert " " not in item["id"]
    for field in COUNTS:
        assert values[field] is None or 0 <= values[field] <= MAX_COUNT, field
    for field in LINKS:
        assert values[field] is None or _is_safe_link(values[field]), field
    assert item["createTime"] is None or 1_104_537_600_000 <= item["createTime"] <= 4_102_444_800_000
    assert item["durationSeconds"] is None or 0 < item["durationSeconds"] < 86_400
    assert item["title"] is None or "\n" not in item["title"]
    assert len(item["hashtags"]) == len(set(item["hashtags"])) <= MAX_HASHTAGS
    for tag in item["hashtags"]:
        assert type(tag) is str
        assert 0 < len(tag) <= 100
        assert tag == tag.strip()
        assert not tag.startswith("#")


def _is_safe_link(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and value.isprintable() and " " not in value


def test_it_works() -> None:
    assert list(Item.__annotations__) == FIELDS
    assert read.count("1,234") == 1234
    assert read.title(" two\nlines ") == "two lines"
    assert read.url("https://www.tiktok.com/@a/video/1?b=c#d") == "https://www.tiktok.com/@a/video/1?b=c#d"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"a": {"b": {"c": 1}}, "l": [1]}),
        (("a", "b", "c"), 1),
        (("a", "x"), None),
        (("a", "b", "c", "d"), None),
        (("l", "0"), None),
        (("x", "y"), None),
    ],
)
def test_dig(path: tuple[str, ...], found: object) -> None:
    assert read.dig({"a": {"b": {"c": 1}}, "l": [1]}, *path) == found


@pytest.mark.parametrize("raw", [None, True, 1, "id", ["id"], [{"id": 1}], math.nan])
def test_dig_into_what_is_no_mapping(raw: object) -> None:
    assert read.dig(raw, "id") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hello", "hello"),
        ("  two\nlines\t ", "two\nlines"),
        ("a\x00b\x1b[31m\x7f", "ab[31m"),
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("\u2066a\u2069", "a"),
        ("a\ud800b\udfff", "ab"),
        ("مرحبا \u200fabc", "مرحبا \u200fabc"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        (unicodedata.normalize("NFD", "메이크업"), "메이크업"),
        ("<b>&amp;", "<b>&amp;"),
        ("=1+1", "=1+1"),
        ("x" * 20_000, "x" * MAX_TEXT),
        ("x" * (MAX_TEXT - 1) + " y", "x" * (MAX_TEXT - 1)),
        ("\ud800" * 20_000, None),
        ("\x00" * MAX_TEXT + "x", "x"),
        ("", None),
        (" \n ", None),
        ("\x00", None),
        ("\u202e", None),
        ("\u3164", None),
        ("\u200b\u200d \ufeff", None),
        (None, None),
        (True, None),
        (5, None),
        (["a"], None),
        ({"a": "b"}, None),
        (b"a", None),
    ],
)
def test_text(value: object, expected: str | None) -> None:
    assert read.text(value) == expected


@pytest.mark.parametrize("clean", [read.text, read.title, lambda value: (read.hashtags([value]) or [None])[0]])
@pytest.mark.parametrize("marks", ["\u0301", "\u0316\u0301", "\u0344", "\u05bc\u0323", "\U0001d165"])
def test_accents_are_not_piled_up(clean: Any, marks: str) -> None:
    """Sorting thousands of them takes a second a field, a thousand rows a quarter of an hour."""
    cleaned = clean("a" + marks * 5_000 + "b")
    assert cleaned is not None
    found = [unicodedata.combining(character) != 0 for character in cleaned]
    assert sum(found) <= MAX_MARKS
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("value", ["e\u0301", "שָׁלוֹם", "ཧཱུྃ", "क्ष्म्य", "!" * 200, "🔥" * 200, "— " * 100 + "é", "한글"])
def test_what_people_write_stays(value: str) -> None:
    assert read.text(value) == unicodedata.normalize("NFC", value).strip()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("one", "one"),
        (" a \n\t\u2028 b\u3000c ", "a b c"),
        ("x" * 20_000, "x" * MAX_TITLE),
        ("x" * (MAX_TITLE - 1) + " y", "x" * (MAX_TITLE - 1)),
        ("🔥" * 600, "🔥" * MAX_TITLE),
        ("\n", None),
        ("", None),
        (None, None),
        (0, None),
        (["a"], None),
    ],
)
def test_title(value: object, expected: str | None) -> None:
    assert read.title(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7301234567890123456", "7301234567890123456"),
        (7301234567890123456, "7301234567890123456"),
        ("65f0c1d2000000001203abcd", "65f0c1d2000000001203abcd"),
        (" 73\n", "73"),
        ("7" * 128, "7" * 128),
        (2**80 - 1, str(2**80 - 1)),
        ("7" * 129, None),
        (2**80, None),
        (10**400, None),
        (0, None),
        (-1, None),
        (7.3e18, None),
        (math.nan, None),
        (True, None),
        (False, None),
        (None, None),
        ("", None),
        ("  ", None),
        ("7 3", None),
        ("7\t3", None),
        ("7\u00a03", None),
        ("7\u200b3", None),
        ("7\u202e3", None),
        ("7\x003", None),
        ("7\ud8003", None),
        (["73"], None),
        ({"id": "73"}, None),
    ],
)
def test_identifier(value: object, expected: str | None) -> None:
    assert read.identifier(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (1, 1),
        (MAX_COUNT, MAX_COUNT),
        (12.0, 12),
        (-0.0, 0),
        ("0", 0),
        (" 1,234,567 ", 1_234_567),
        (str(MAX_COUNT), MAX_COUNT),
        (MAX_COUNT + 1, None),
        (str(MAX_COUNT + 1), None),
        (2.0**53, None),
        (10**400, None),
        (1e308, None),
        ("9" * 5000, None),
        (-1, None),
        ("-1", None),
        (1.5, None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (True, None),
        (False, None),
        (None, None),
        ("", None),
        (",", None),
        ("1e3", None),
        ("0x10", None),
        ("1_000", None),
        ("\uff11\uff12", None),
        ("²", None),
        ("many", None),
        ("\ud800", None),
        ([1], None),
        ({"count": 1}, None),
    ],
)
def test_count(value: object, expected: int | None) -> None:
    found = read.count(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.2万", 12_000),
        ("10万+", 100_000),
        ("10万", 100_000),
        ("1.5亿", 150_000_000),
        ("1.2w", 12_000),
        ("1.2W+", 12_000),
        ("3千", 3_000),
        ("3.5千", 3_500),
        ("1.15万", 11_500),
        ("1.0000万", 10_000),
        ("1.23456万", 12_345),
        ("2.4k", 2_400),
        ("1.1M", 1_100_000),
        ("1.2萬", 12_000),
        ("1億", 100_000_000),
        ("1,234万", 12_340_000),
        ("0万", 0),
        ("1,234", 1_234),
        ("1,234,567", 1_234_567),
        ("999", 999),
        ("999+", 999),
        (" 12 ", 12),
        ("1 万", 10_000),
        ("0", 0),
        (7, 7),
        (0, 0),
        (12.0, 12),
        (MAX_COUNT, MAX_COUNT),
        ("9007199254740991", MAX_COUNT),
        ("9007199254740992", None),
        ("9999999999亿", None),
        ("1.5", None),
        ("1.2.3万", None),
        ("1.万", None),
        (".5万", None),
        ("1,23万", None),
        ("万", None),
        ("赞", None),
        ("点赞", None),
        ("-1.2万", None),
        ("+5", None),
        ("1.2万亿", None),
        ("1.2万人", None),
        ("１.２万", None),
        ("一万", None),
        ("1e3", None),
        ("NaN", None),
        ("", None),
        (" ", None),
        ("+", None),
        ("1" * 5000 + "万", None),
        ("\ud800万", None),
        (True, None),
        (None, None),
        (-1, None),
        (1.5, None),
        (2**70, None),
        (math.nan, None),
        (["1万"], None),
        ({"count": "1万"}, None),
    ],
)
def test_shown_count(value: object, expected: int | None) -> None:
    found = read.shown_count(value)
    assert found == expected
    assert type(found) is type(expected)


@given(st.integers(0, MAX_COUNT))
def test_a_shown_count_is_never_more_than_the_real_one(value: int) -> None:
    assert read.shown_count(str(value)) == read.shown_count(f"{value:,}") == value
    shown = f"{value // 1000 / 10}万" if value < 10**12 else str(value)
    found = read.shown_count(shown)
    assert found is not None
    assert value - 1000 < found <= value


@pytest.mark.parametrize(
    ("names", "found"), [(("a",), None), (("a", "b"), 0), (("a", "c"), 5), (("c", "b"), 5), (("x",), None), ((), None), (("d", "c"), 5)]
)
def test_first(names: tuple[str, ...], found: int | None) -> None:
    assert read.first(read.count, {"a": None, "b": 0, "c": 5, "d": "many"}, *names) == found


@pytest.mark.parametrize("raw", [None, [], "a", 5])
def test_first_in_what_is_no_mapping(raw: object) -> None:
    assert read.first(read.count, raw, "a") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (15, 15.0),
        (15.26, 15.3),
        (0.1, 0.1),
        (86_399, 86_399.0),
        (0, None),
        (0.04, None),
        (5e-324, None),
        (-1, None),
        (86_399.99, None),
        (86_400, None),
        (10**400, None),
        (-(10**400), None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        ("15", None),
        (None, None),
        ([15], None),
    ],
)
def test_seconds(value: object, expected: float | None) -> None:
    found = read.seconds(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000.5, 1_700_000_000_500),
        (2_147_484_301.766, 2_147_484_301_766),
        ("1700000000", 1_700_000_000_000),
        (" 1700000000 ", 1_700_000_000_000),
        ("2023-11-14T22:13:20.000Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20.001Z", 1_700_000_000_001),
        ("2023-11-14T22:13:20.019Z", 1_700_000_000_019),
        ("2023-11-14T22:13:20", 1_700_000_000_000),
        ("2023-11-15T07:13:20+09:00", 1_700_000_000_000),
        ("2023-11-14", 1_699_920_000_000),
        (1_104_537_600, 1_104_537_600_000),
        (4_102_444_800, 4_102_444_800_000),
        (1_104_537_599, None),
        (4_102_444_801, None),
        (0, None),
        (-1, None),
        (1_700_000_000_000, None),
        ("1700000000000", None),
        ("2024010112345", None),
        ("20240101", None),
        (10**400, None),
        (-(10**400), None),
        (1e308, None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("3小时前", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2023-13-01", None),
        ("2023-02-30T00:00:00Z", None),
        ("2023-11-14T25:00:00Z", None),
        ("2023-11-14T00:00:00+99:00", None),
        ("\ud800", None),
        ("\uff12\uff10\uff12\uff13-11-14", None),
        ("1" * 20_000, None),
        ([1_700_000_000], None),
        ({}, None),
    ],
)
def test_millis(value: object, expected: int | None) -> None:
    found = read.millis(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000_000, 1_700_000_000_000),
        (1_700_000_000_001, 1_700_000_000_001),
        (1_700_000_000_001.0, 1_700_000_000_001),
        ("1700000000", 1_700_000_000_000),
        (" 1700000000001 ", 1_700_000_000_001),
        ("2023-11-14T22:13:20.000Z", 1_700_000_000_000),
        (4_102_444_800_000, 4_102_444_800_000),
        (4_102_444_800_001, None),
        (1_104_537_599_999, None),
        (1_700_000_000_000_000, None),
        ("1700000000000000", None),
        ("1" * 5000, None),
        (5_000_000_000, None),
        (0, None),
        (-1, None),
        (True, None),
        (None, None),
        (10**400, None),
        (math.nan, None),
        (math.inf, None),
        ("02-10", None),
        ("", None),
        ([1_700_000_000], None),
    ],
)
def test_moment(value: object, expected: int | None) -> None:
    found = read.moment(value)
    assert found == expected
    assert type(found) is type(expected)


SCRAPED = "2026-03-05T02:00:00.000Z"  # ten in the morning in China


def china(*parts: int) -> int:
    return int((datetime(*parts, tzinfo=UTC) - timedelta(hours=8)).timestamp() * 1000)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("刚刚", china(2026, 3, 5, 10)),
        ("just now", china(2026, 3, 5, 10)),
        ("30秒前", china(2026, 3, 5, 9, 59, 30) - 500),
        ("5分钟前", china(2026, 3, 5, 9, 54, 30)),
        ("5 分钟前", china(2026, 3, 5, 9, 54, 30)),
        ("59分前", china(2026, 3, 5, 9, 0, 30)),
        ("3小时前", china(2026, 3, 5, 6, 30)),
        ("3小時前", china(2026, 3, 5, 6, 30)),
        ("3 hours ago", china(2026, 3, 5, 6, 30)),
        ("1 Hour Ago", china(2026, 3, 5, 8, 30)),
        ("3h ago", china(2026, 3, 5, 6, 30)),
        ("5 minutes ago", china(2026, 3, 5, 9, 54, 30)),
        ("2 days ago", china(2026, 3, 2, 22)),
        ("昨天 12:30", china(2026, 3, 4, 12, 30)),
        ("昨天", china(2026, 3, 4, 12)),
        ("Yesterday 00:05", china(2026, 3, 4, 0, 5)),
        ("前天 23:59", china(2026, 3, 3, 23, 59)),
        ("今天 08:15", china(2026, 3, 5, 8, 15)),
        ("今天", china(2026, 3, 5, 10)),
        ("今天 23:00", china(2026, 3, 5, 10)),
        ("3天前", china(2026, 3, 1, 22)),
        ("1周前", china(2026, 2, 22, 22)),
        ("2 weeks ago", china(2026, 2, 15, 22)),
        ("2个月前", china(2025, 12, 20, 10)),
        ("1年前", china(2024, 9, 3, 22)),
        ("02-10", china(2026, 2, 10, 12)),
        ("2-10", china(2026, 2, 10, 12)),
        ("2月10日", china(2026, 2, 10, 12)),
        ("03-05", china(2026, 3, 5, 10)),
        ("03-06", china(2025, 3, 6, 12)),
        ("12-31", china(2025, 12, 31, 12)),
        ("02-29", china(2024, 2, 29, 12)),
        ("2025-02-20", china(2025, 2, 20, 12)),
        ("2025/02/20", china(2025, 2, 20, 12)),
        ("2025年2月20日", china(2025, 2, 20, 12)),
        ("2025-02-20 21:05", china(2025, 2, 20, 21, 5)),
        ("2025-02-20 21:05:59", china(2025, 2, 20, 21, 5)),
        ("编辑于 02-10", china(2026, 2, 10, 12)),
        ("编辑于02-10 广东", china(2026, 2, 10, 12)),
        ("编辑于 昨天 12:30 内蒙古", china(2026, 3, 4, 12, 30)),
        ("发布于 3天前", china(2026, 3, 1, 22)),
        ("Edited on 02-10", china(2026, 2, 10, 12)),
        ("3天前 上海", china(2026, 3, 1, 22)),
        ("  02-10\u00a0", china(2026, 2, 10, 12)),
        ("2026-03-06", None),
        ("2025-02-29", None),
        ("02-30", None),
        ("13-01", None),
        ("00-00", None),
        ("99-99", None),
        ("1999-01-01", None),
        ("2004-12-31", None),
        ("昨天 25:00", None),
        ("昨天 12:60", None),
        ("9999年前", None),
        ("99999天前", None),
        ("-3小时前", None),
        ("3小时", None),
        ("3小时后", None),
        ("小时前", None),
        ("三天前", None),
        ("1.5小时前", None),
        ("02-10-2025", None),
        ("1/2/3", None),
        ("直播中", None),
        ("已编辑", None),
        ("", None),
        ("刚刚" * 5000, None),
        ("\ud800", None),
        ("３天前", None),
        (None, None),
        (True, None),
        (1_700_000_000, None),
        (["刚刚"], None),
        ({"text": "刚刚"}, None),
    ],
)
def test_shown_date(shown: object, expected: int | None) -> None:
    found = read.shown_date(shown, SCRAPED)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("scraped", [None, "", "yesterday", "刚刚", 0, -1, True, math.nan, 10**400, [], {}, "1999-01-01T00:00:00Z"])
@pytest.mark.parametrize("shown", ["刚刚", "3小时前", "02-10", "2025-02-20"])
def test_a_date_without_its_day_of_scraping_is_not_known(shown: str, scraped: object) -> None:
    assert read.shown_date(shown, scraped) is None


@pytest.mark.parametrize("scraped", [SCRAPED, "2026-03-05T10:00:00+08:00", 1_772_676_000, 1_772_676_000_000, "1772676000000"])
def test_the_day_of_scraping_in_any_form(scraped: object) -> None:
    assert read.shown_date("3小时前", scraped) == china(2026, 3, 5, 6, 30)


@pytest.mark.parametrize(
    ("scraped", "shown", "expected"),
    [
        # In China it is tomorrow already.
        ("2026-03-04T17:00:00Z", "今天 00:30", china(2026, 3, 5, 0, 30)),
        ("2026-03-04T17:00:00Z", "03-05", china(2026, 3, 5, 1)),
        ("2026-03-04T15:00:00Z", "03-05", china(2025, 3, 5, 12)),
        ("2025-12-31T17:00:00Z", "01-01", china(2026, 1, 1, 1)),
        ("2025-12-31T17:00:00Z", "昨天", china(2025, 12, 31, 12)),
        ("2024-02-29T04:00:00Z", "02-29", china(2024, 2, 29, 12)),
        ("2007-06-01T00:00:00Z", "02-29", None),
    ],
)
def test_days_are_chinas(scraped: str, shown: str, expected: int | None) -> None:
    assert read.shown_date(shown, scraped) == expected


@given(st.text(st.characters(), max_size=45) | st.from_regex(read._AGO) | st.from_regex(read._DAY), JSON_VALUES | st.just(SCRAPED))
def test_a_shown_date_is_in_range_and_not_after_the_scraping(shown: str, scraped: Any) -> None:
    found, seen = read.shown_date(shown, scraped), read.moment(scraped)
    assert found is None or (seen is not None and 1_104_537_600_000 <= found <= seen)


@pytest.mark.parametrize(
    "value",
    [
        "https://www.tiktok.com/@a.b_c/video/7301234567890123456",
        "http://p16.example:8080/x~tplv.image?x-expires=1&x-signature=a%2Bb%3D",
        "HTTPS://EXAMPLE.COM/",
        "https://例え.jp/ページ",
        "https://[2001:db8::1]/a",
        "https://a.example/" + "x" * (MAX_URL - 18),
    ],
)
def test_url_that_is_kept(value: str) -> None:
    assert read.url(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "blob:https://example.com/1",
        "//example.com/a",
        "/a",
        "example.com/a",
        "https:example.com",
        "https:///a",
        "https://",
        "https://:80/",
        "https://user:pass@example.com/",
        "https://tiktok.com@evil.example/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://[::1",
        "https://ex\u2100mple.com/",
        "https://example.com/a b",
        "https://example.com/\u00a0",
        "https://example.com/\u2028",
        "https://example.com/\u200b",
        "\ufeffhttps://example.com/",
        "https://example.com/\u202egpj",
        "https://example.com/\u200f",
        "https://example.com/\x00",
        "https://example.com/\x7f",
        "https://example.com/\ud800",
        'https://example.com/"onload="alert(1)',
        "https://example.com/'",
        "https://example.com/<script>",
        "https:\\\\example.com",
        "https://example.com\\@evil.example/",
        "https://a.example/" + "x" * MAX_URL,
        "",
        None,
        True,
        5,
        ["https://example.com/"],
        {"url": "https://example.com/"},
    ],
)
def test_url_that_is_dropped(value: object) -> None:
    assert read.url(value) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        (["a", "#b", "a", " #c "], ["a", "b", "c"]),
        ([{"id": "1", "name": "fyp", "title": "", "cover": ""}, {"name": "뷰티"}], ["fyp", "뷰티"]),
        ([{"name": "a"}, {"name": None}, {}, None, 5, True, [], [["x"]], {"name": {"name": "x"}}, "b"], ["a", "b"]),
        (["", "#", "##", " ", "# #x", "\u202e", "\ud800"], ["x"]),
        (["x" * 99 + " y", "x" * 99], ["x" * 99]),
        (["x" * 200], ["x" * 100]),
        (["#"] * 1000 + ["x"], []),
        ([str(n) for n in range(1000)], [str(n) for n in range(MAX_HASHTAGS)]),
        ([unicodedata.normalize("NFD", "뷰티"), "뷰티"], ["뷰티"]),
        ("fyp", []),
        ({"name": "fyp"}, []),
        (None, []),
        (True, []),
        (5, []),
    ],
)
def test_hashtags(values: object, expected: list[str]) -> None:
    assert read.hashtags(values) == expected


def test_hashtags_under_another_name() -> None:
    assert read.hashtags([{"hashtagName": "fyp", "name": "x"}], "hashtagName") == ["fyp"]


@given(JSON_VALUES)
def test_an_item_of_anything_keeps_its_promise(value: Any) -> None:
    assert_valid_item(
        Item(
            id=read.identifier(value) or "1",
            platform="tiktok",
            title=read.title(value),
            description=read.text(value),
            creator=read.title(value),
            creatorUrl=read.url(value),
            followerCount=read.count(value),
            playCount=read.count(value),
            likeCount=read.shown_count(value),
            commentCount=read.shown_count(value),
            shareCount=read.count(value),
            collectCount=read.count(value),
            createTime=read.moment(value),
            durationSeconds=read.seconds(value),
            hashtags=read.hashtags(value),
            thumbnail=read.url(value),
            videoUrl=read.url(value),
            webVideoUrl=read.url(value),
        )
    )


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing(value: str) -> None:
    for clean in (read.text, read.title, read.identifier):
        once = clean(value)
        assert once is None or clean(once) == once


@given(st.sampled_from(["https://", "http://", "javascript:", "//"]), st.text(st.characters(), max_size=40))
def test_a_url_is_kept_whole_or_not_at_all(start: str, rest: str) -> None:
    kept = read.url(start + rest)
    assert kept is None or (kept == start + rest and _is_safe_link(kept))


@given(st.integers(-(2**60), 2**60))
def test_a_count_reads_the_same_as_number_and_as_digits(value: int) -> None:
    expected = value if 0 <= value <= MAX_COUNT else None
    assert read.count(value) == expected
    assert read.count(f"{value:,}") == expected


@given(st.datetimes(), st.sampled_from(["", "Z", "+09:00", "-11:30"]))
def test_any_moment_is_in_range_or_dropped(moment: Any, zone: str) -> None:
    found = read.millis(moment.isoformat() + zone)
    if 2006 <= moment.year < 2099:
        assert found is not None
    if not 2004 <= moment.year <= 2100:
        assert found is None


@given(st.integers(1_104_537_600_000, 4_102_444_799_999))
def test_milliseconds_are_exact(stamp: int) -> None:
    assert read.millis(stamp / 1000) == stamp
