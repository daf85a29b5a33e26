"""Every actor against everything: rows with wounds, inputs for every question, and rows of the sandbox over real HTTP."""

import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searches.item import Item
from searches.platforms.actor import Actor
from searches.platforms.apify import Apify
from searches.platforms.registry import ACTORS, actors_of
from searches.query import DATE_RANGE_DAYS, DATE_RANGES, PLATFORMS, parse
from tests.platforms.recorded import FIXTURES, cases
from tests.sandbox_control import Sandbox
from tests.test_item import FIELDS, HOSTILE, JSON_VALUES, assert_valid_item

EVERY = pytest.mark.parametrize("actor", ACTORS.values(), ids=lambda actor: actor.id)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
WORSE: tuple[Any, ...] = (
    *HOSTILE, "A" * 100_000, "万" * 100_000, "a" + "\u0301\u0316" * 50_000, "\ud83d" * 100_000, BIDI + "x" + BIDI, "\u200f" * 50,
    "JaVaScRiPt:alert(1)", "https://evil.example/\u202egpj", "https://user:pass@evil.example/", "http://[::1", "昨天 99:99", "02-30",
    "9999年前", "1.2万亿", "10万+" * 1000, 2**1024, -(2**1024), 5e-324, [[[[[[[[1]]]]]]]], {"a": {"a": {"a": {"a": []}}}},
    [None] * 10_000, ["x"] * 10_000, [{"name": "x" * 100_000}] * 300, {"url_list": ["javascript:x"]}, {"": ""}, {"id": "1"},
)  # fmt: skip
#: What the actors' documents allow; a field that is not here may be anything of its type.
ENUMS: dict[str, set[Any]] = {
    "searchDatePosted": {"0", "1", "2", "3", "4", "5"},
    "searchSection": {"", "/video", "/user"},
    "dateRange": {"DEFAULT", "YESTERDAY", "THIS_WEEK", "THIS_MONTH", "LAST_THREE_MONTHS"},
    "searchSortFilter": {"general", "most_liked", "latest"},
    "searchPublishTimeFilter": {"all", "last_day", "last_week", "last_half_year"},
    "timeFilter": {"all", "1d", "1w", "6mo"},
    "sortType": {"general"},
    "noteType": {"all", "text", "video", "image"},
}
HOW_MANY = {"resultsPerPage", "maxItems", "maxItemsPerUrl", "maxResults"}
ASKED = {"searchQueries", "keywords", "searchTermsOrHashtags"}
#: Everything that costs extra, and what none of our posts needs.
CHARGED = re.compile(r"^(shouldDownload|scrape|topUp)")


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside nested JSON."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in steps for found in [(*here, key), *paths(inner, (*here, key))]]


def put(row: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with the value at this place replaced."""
    changed = copy.deepcopy(row)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


@st.composite
def mutilated(draw: st.DrawFn, rows: list[Any]) -> Any:
    """One of the rows with a few places dropped, moved or replaced by anything; an earlier wound may have taken a later place."""
    sample = draw(st.sampled_from(rows))
    row = copy.deepcopy(sample)
    places = paths(sample)
    for path in draw(st.lists(st.sampled_from(places), min_size=1, max_size=8)) if places else []:
        at: Any = row
        for step in path[:-1]:
            at = at[step] if holds(at, step) else None
        if not holds(at, path[-1]):
            continue
        wound = draw(st.sampled_from(["replace", "hostile", "drop", "wrap", "text"]))
        if wound == "drop":
            del at[path[-1]]
        elif wound == "wrap":
            at[path[-1]] = draw(st.sampled_from([[at[path[-1]]], {"name": at[path[-1]]}]))
        elif wound == "text":
            at[path[-1]] = str(at[path[-1]])
        else:
            at[path[-1]] = copy.deepcopy(draw(JSON_VALUES if wound == "replace" else st.sampled_from(WORSE)))
    return row


def holds(at: Any, step: Any) -> bool:
    return (isinstance(at, dict) and step in at) or (isinstance(at, list) and isinstance(step, int) and step < len(at))


def texts(item: Item) -> Iterator[str]:
    for value in dict(item).values():
        yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))


def assert_nothing_or_valid(actor: Actor, row: Any) -> None:
    item = actor.to_item(row)
    if item is None:
        return
    assert_valid_item(item)
    assert item["platform"] == actor.platform
    for text in texts(item):
        assert not set(text) & set(BIDI)
        assert "\x00" not in text


@EVERY
def test_it_works(actor: Actor) -> None:
    """Each actor has recorded rows, among them one that fills what the actor fills, and one that is no post."""
    recorded = cases(actor.id)
    assert actor.fills
    assert any(case.item is not None and not empty(case.item, actor) for case in recorded)
    assert any(case.item is None for case in recorded)
    assert all(list(case.item) == FIELDS for case in recorded if case.item)


def empty(item: Item, actor: Actor) -> set[str]:
    return {field for field in actor.fills if dict(item)[field] in (None, [])}


def test_every_recording_belongs_to_an_actor() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == {name.replace("/", "__") for name in ACTORS}


def test_every_platform_has_its_actors_in_order() -> None:
    assert [actor for platform in PLATFORMS for actor in actors_of(platform)] == list(ACTORS.values())
    assert {platform: actors_of(platform)[0].id for platform in PLATFORMS} == {
        "tiktok": "clockworks/tiktok-scraper",
        "douyin": "natanielsantos/douyin-scraper",
        "xiaohongshu": "zen-studio/rednote-search-scraper",
    }
    assert actors_of("all") == actors_of("myspace") == []


@EVERY
def test_what_an_actor_fills_are_fields_that_can_be_empty(actor: Actor) -> None:
    assert actor.fills <= set(FIELDS) - {"id", "platform"}
    assert isinstance(actor.fills, frozenset)
    assert actor.minimum >= 0


# Rows.


@EVERY
def test_every_place_survives_every_hostile_value(actor: Actor) -> None:
    for case in cases(actor.id):
        for path in paths(case.row):
            for value in WORSE:
                assert_nothing_or_valid(actor, put(case.row, path, value))


@EVERY
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_mutilated_row_is_an_item_or_nothing(actor: Actor, data: st.DataObject) -> None:
    assert_nothing_or_valid(actor, data.draw(mutilated([case.row for case in cases(actor.id)])))


@EVERY
@given(row=JSON_VALUES | st.sampled_from(WORSE))
@settings(deadline=None)
def test_anything_at_all_is_an_item_or_nothing(actor: Actor, row: Any) -> None:
    assert_nothing_or_valid(actor, row)


@EVERY
def test_rows_of_other_actors_are_items_or_nothing(actor: Actor) -> None:
    for other in ACTORS:
        for case in cases(other):
            assert_nothing_or_valid(actor, case.row)


@EVERY
def test_mapping_leaves_the_row_alone_and_says_the_same_again(actor: Actor) -> None:
    for case in cases(actor.id):
        row = copy.deepcopy(case.row)
        assert actor.to_item(row) == actor.to_item(row)
        assert json.dumps(row) == json.dumps(case.row)


# Input.


@EVERY
@pytest.mark.parametrize("date_range", DATE_RANGES)
@pytest.mark.parametrize("limit", [1, 100, 1000])
def test_input_keeps_to_what_the_actor_documents(actor: Actor, date_range: str, limit: int) -> None:
    body = actor.build_input(parse("메이크업", actor.platform, date_range), limit)
    assert json.loads(json.dumps(body, allow_nan=False)) == body
    for field, value in body.items():
        if field in ENUMS:
            assert value in ENUMS[field], field
        elif field in HOW_MANY:
            assert value == max(limit, actor.minimum), field
        elif field in ASKED:
            assert value == ["메이크업"], field
        else:
            assert CHARGED.match(field), field
            assert value is False, field
    assert len(HOW_MANY & set(body)) == len(ASKED & set(body)) == 1


@EVERY
def test_inputs_do_not_share_state(actor: Actor) -> None:
    query = parse("cats", actor.platform)
    first = actor.build_input(query, 10)
    expected = copy.deepcopy(first)
    first.clear()
    assert actor.build_input(query, 10) == expected


@EVERY
def test_no_window_is_narrower_than_what_was_asked(actor: Actor) -> None:
    assert set(actor.windows) == set(DATE_RANGES)
    for date_range, days in DATE_RANGE_DAYS.items():
        window = actor.windows[date_range]
        assert window is None or (days is not None and window >= days)


# The sandbox.


@pytest.fixture
def upstream(sandbox: Sandbox) -> Apify:
    sandbox.set(run_seconds=0, items=100)
    return Apify(sandbox.address, "apify_api_test")


def scrape(upstream: Apify, actor: Actor, text: str, date_range: str) -> tuple[datetime, list[Any]]:
    """When the run began, and its rows."""
    run = upstream.start(actor.id, actor.build_input(parse(text, actor.platform, date_range), 100), {})
    assert run.started_at
    return run.started_at, upstream.items(run.dataset_id, 0, 1000).rows


@EVERY
@pytest.mark.parametrize("date_range", DATE_RANGES)
def test_nine_rows_in_ten_have_what_the_actor_fills(upstream: Apify, actor: Actor, date_range: str) -> None:
    began, rows = scrape(upstream, actor, "메이크업", date_range)
    items = [item for item in map(actor.to_item, rows) if item is not None]
    assert len(rows) == len(items) == 100
    for item in items:
        assert_valid_item(item)
    for field in actor.fills:
        assert sum(dict(item)[field] not in (None, []) for item in items) >= 90, field
    window = actor.windows[date_range]
    for item in items if window else []:
        # A day that the page shows without its hour is up to half a day off.
        assert item["createTime"] is None or item["createTime"] / 1000 >= began.timestamp() - (window + 0.5) * 86_400 - 60


@pytest.mark.parametrize("actor", actors_of("xiaohongshu"), ids=lambda actor: actor.id)
def test_dates_are_those_of_the_notes(upstream: Apify, actor: Actor) -> None:
    """The first eight digits of a note's id are the second in which it was made: whatever the page shows must agree."""
    began, rows = scrape(upstream, actor, "美妆", "all")
    dated = [item for item in map(actor.to_item, rows) if item and item["createTime"]]
    assert len(dated) >= 90
    for item in dated:
        assert item["createTime"]
        shown, made = item["createTime"] / 1000, int(item["id"][:8], 16)
        assert abs(shown - made) <= 43_200 + 60
        for days in filter(None, DATE_RANGE_DAYS.values()):
            if days <= 7 and shown >= began.timestamp() - days * 86_400:
                # Within a week the page says how long ago; before that a day without an hour, whose middle it is taken for.
                blur = 60 if days < 7 else 43_200 + 60
                assert made >= began.timestamp() - days * 86_400 - blur, "it passes for newer than it is"


@EVERY
@pytest.mark.parametrize("text", ["sandbox:hostile", "sandbox:sparse"])
def test_a_bad_day_gives_items_or_nothing(upstream: Apify, actor: Actor, text: str) -> None:
    _began, rows = scrape(upstream, actor, text, "all")
    assert len(rows) == 100
    assert any(actor.to_item(row) for row in rows) or text == "sandbox:sparse"
    for row in rows:
        assert_nothing_or_valid(actor, row)
