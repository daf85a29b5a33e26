"""Filters, orders and counts against an independent computation over the same posts, most of whose values are not known."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searches.item import Item
from searches.query import normalise
from searches.search.facets import MOST_CREATORS, MOST_TAGS, facets, ready_ranges, without
from searches.search.measures import DAY, HOUR, Known, engagement, key, level, rate
from searches.search.order import fair_ranks
from searches.search.sieve import ANY, OPEN, ORDERS, RANGED, RANKS, UNKNOWABLE, Range, Sieve
from searches.search.sift import sift
from tests.rows import item

NOW = 1_800_000_000_000
TAGS, CREATORS = ["ootd", "OOTD", "뷰티", "cafe\u0301", "café", ""], ["Kai", "kai", "지수", None]


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


counts = st.sampled_from([0, 1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 99_999, 100_000, 1_000_000, 2**53 - 1])
ages = st.sampled_from([-HOUR, 0, 1, HOUR, DAY, DAY + 1, 3 * DAY, 7 * DAY, 30 * DAY + 1, 90 * DAY, 400 * DAY])


@st.composite
def posts(draw: st.DrawFn) -> list[Item]:
    return [
        item(
            number,
            draw(st.sampled_from(["tiktok", "douyin", "xiaohongshu"])),
            title=draw(st.sampled_from(["여름  메이크업 팁", "Summer Cafe\u0301 tour", "tour", None])),
            creator=draw(st.sampled_from(CREATORS)),
            hashtags=draw(st.lists(st.sampled_from(TAGS), max_size=3)),
            playCount=draw(maybe(counts)),
            likeCount=draw(maybe(counts)),
            commentCount=draw(maybe(counts)),
            shareCount=draw(maybe(counts)),
            followerCount=draw(maybe(counts)),
            createTime=draw(maybe(ages.map(lambda age: NOW - age))),
            durationSeconds=draw(maybe(st.sampled_from([0.1, 14.9, 15.0, 59.9, 60.0, 180.0, 4_000.0]))),
        )
        for number in range(draw(st.integers(0, 14)))
    ]


ranges = st.one_of(st.just(ANY), st.builds(Range, st.sampled_from([None, 1, 10, 1_000]), st.sampled_from([1_000, 99_999, None])))
sieves = st.builds(
    Sieve,
    platforms=st.sampled_from([(), ("tiktok",), ("tiktok", "douyin")]),
    views=ranges,
    likes=ranges,
    comments=ranges,
    rate=ranges,
    within=st.sampled_from([None, None, 1, 7, 365]),
    lengths=st.sampled_from([(), (), ("short",), ("medium", "longer")]),
    levels=st.sampled_from([(), (), (1,), (2, 3, 5)]),
    text=st.sampled_from(["", "", "TOUR", "메이크업 여름", "CAFÉ summer"]),
    creators=st.sampled_from([(), (), ("KAI",), ("지수", "nobody")]),
    tags=st.sampled_from([(), (), ("ootd",), ("CAFÉ", "뷰티")]),
    new=st.booleans(),
    kept=st.just(False),
    dated=st.sampled_from([None, None, True, False]),
    unknown=st.sets(st.sampled_from(UNKNOWABLE)).map(tuple),
    sort=st.sampled_from(["", *ORDERS]),
    ascending=st.booleans(),
).map(lambda sieve: replace(sieve, ascending=False) if sieve.sort in ("", *RANKS) else sieve)


def known_of(items: list[Item]) -> Known:
    return Known(counted_at={"tiktok": NOW - 2 * HOUR}, new=frozenset(key(one) for one in items[::2]))


# The same, computed naively: a predicate for each filter, over fields by hand.


def inside(value: float | None, least: float | None, most: float | None, lenient: bool) -> bool:
    if value is None:
        return lenient
    return (least is None or least <= value) and (most is None or value < most + 1)


def value_of(name: str, one: Any, known: Known) -> float | None:
    if name == "rate":
        counted = known.counted_at.get(one["platform"], NOW)
        if one["playCount"] is None or one["createTime"] is None or one["createTime"] > counted:
            return None
        return float(one["playCount"] / max(1.0, (counted - one["createTime"]) / 3_600_000))
    if name == "engagement":
        return one["playCount"] / one["followerCount"] if one["playCount"] is not None and one["followerCount"] else None
    fields = {"views": "playCount", "likes": "likeCount", "comments": "commentCount", "shares": "shareCount", "date": "createTime"}
    found: float | None = one[fields.get(name, "durationSeconds")]
    return found


def kept_by(name: str, one: Any, sieve: Sieve, known: Known) -> bool:
    lenient = name in sieve.unknown
    value = value_of(name, one, known) if name in (*RANGED, "engagement", "length") else None
    if name in RANGED:
        return sieve.range_of(name) == ANY or inside(value, *sieve.range_of(name), lenient)
    if name == "engagement":
        bounds = [(0, 0.2), (0.2, 0.6), (0.6, 1.4), (1.4, 3.0), (3.0, float("inf"))]
        return not sieve.levels or (lenient if value is None else any(bounds[n - 1][0] <= value < bounds[n - 1][1] for n in sieve.levels))
    if name == "length":
        bounds_of = {"short": (0, 15), "medium": (15, 60), "long": (60, 180), "longer": (180, float("inf"))}
        inside_any = value is not None and any(bounds_of[n][0] <= value < bounds_of[n][1] for n in sieve.lengths)
        return not sieve.lengths or inside_any or (value is None and lenient)
    if name == "within":
        made = one["createTime"]
        return not sieve.within or (lenient if made is None else NOW - made <= sieve.within * 86_400_000)
    return {
        "on": not sieve.platforms or one["platform"] in sieve.platforms,
        "text": all(word in normalise(one["title"] or "") for word in normalise(sieve.text).split()),
        "creator": not sieve.creators or normalise(one["creator"] or "") in map(normalise, sieve.creators),
        "tag": not sieve.tags or bool(set(map(normalise, one["hashtags"])) & set(map(normalise, sieve.tags))),
        "new": not sieve.new or key(one) in known.new,
        "dated": sieve.dated is None or (one["createTime"] is None) != sieve.dated,
    }[name]


FILTERS = [*RANGED, "engagement", "length", "within", "on", "text", "creator", "tag", "new", "dated"]


def expected(items: list[Item], sieve: Sieve, known: Known) -> list[Item]:
    return [one for one in items if all(kept_by(name, one, sieve, known) for name in FILTERS)]


def place(one: Any, items: list[Any]) -> float | None:
    """As the docstring of fair_ranks has it, by counting."""
    for field in ("playCount", "likeCount"):
        if one[field] is not None:
            peers = [other[field] for other in items if other["platform"] == one["platform"] and other[field] is not None]
            return float((sum(n < one[field] for n in peers) + peers.count(one[field]) / 2) / len(peers))
    return None


def test_it_works() -> None:
    items = [item(n, likeCount=n * 10) for n in range(5)]
    assert [one["id"] for one in sift(items, Sieve(likes=Range(20, None), sort="likes"), NOW)] == ["tiktok-4", "tiktok-3", "tiktok-2"]


@given(posts(), sieves)
@settings(max_examples=400, deadline=None)
def test_filters(items: list[Item], sieve: Sieve) -> None:
    known = known_of(items)
    shown = sift(items, sieve, NOW, known)
    assert sorted(map(key, shown)) == sorted(map(key, expected(items, sieve, known)))


@given(posts(), sieves)
@settings(max_examples=400, deadline=None)
def test_order(items: list[Item], sieve: Sieve) -> None:
    known = known_of(items)
    shown = sift(items, sieve, NOW, known)
    order = sieve.sort or ("fair" if len({one["platform"] for one in items}) > 1 else "relevance")
    values = {key(one): place(one, items) if order == "fair" else value_of(order, one, known) for one in items}
    places = {key(one): number for number, one in enumerate(items)}
    if order == "relevance":
        values = {name: -number for name, number in places.items()}
    sign = 1 if sieve.ascending else -1

    def rank(name: str) -> tuple[bool, float, int]:
        value = values[name]
        return value is None, sign * (value or 0), places[name]

    found = [key(one) for one in shown]
    assert found == sorted(found, key=rank)


@given(posts(), sieves)
@settings(max_examples=300, deadline=None)
def test_counts(items: list[Item], sieve: Sieve) -> None:
    """Each count is what its choice alone would show beside the other filters."""
    known = known_of(items)
    found = facets(items, sieve, NOW, known)
    fields = {"on": "platforms", "length": "lengths", "engagement": "levels", "creator": "creators", "tag": "tags"}
    for name, choices in found.choices.items():
        if name == "kept":
            continue
        others = without(sieve, name)
        assert found.without.get(name, len(sift(items, sieve, NOW, known))) == len(sift(items, others, NOW, known)), name
        for choice in choices:
            value = (choice.value,) if name in fields else choice.value
            alone = replace(others, **{fields.get(name, name): value})
            assert choice.count == len(sift(items, alone, NOW, known)), (name, choice)
    for name in UNKNOWABLE:
        lenient = replace(sieve, unknown=(*sieve.unknown, name))
        more = len(sift(items, lenient, NOW, known)) - len(sift(items, sieve, NOW, known))
        assert found.unknown.get(name, 0) == more


@given(posts())
def test_nothing_is_lost_or_twice(items: list[Item]) -> None:
    for order in ORDERS:
        assert sorted(map(key, sift(items, Sieve(sort=order), NOW))) == sorted(map(key, items))


def test_fair_order_mixes_platforms_whatever_their_scales() -> None:
    """Douyin gives no views, and counts likes in ten thousands."""
    tiktok = [item(n, views_of) for n, views_of in ((n, "tiktok") for n in range(4))]
    douyin = [item(n, "douyin", playCount=None, likeCount=n * 10_000) for n in range(4)]
    nothing = item(9, "xiaohongshu", playCount=None, likeCount=None)
    shown = sift([nothing, *tiktok, *douyin], OPEN, NOW)
    assert [one["id"].partition("-")[2] for one in shown] == ["3", "3", "2", "2", "1", "1", "0", "0", "9"]
    assert fair_ranks(tiktok)["tiktok:tiktok-3"] == 0.875


def test_fair_order_does_not_change_with_the_filter() -> None:
    items = [item(n, "tiktok") for n in range(10)] + [item(n, "douyin") for n in range(5)]
    whole = [key(one) for one in sift(items, OPEN, NOW)]
    some = [key(one) for one in sift(items, Sieve(sort="fair", views=Range(3, None)), NOW)]
    assert some == [name for name in whole if name in some]


@pytest.mark.parametrize(("ratio", "name"), [(0, 1), (0.19, 1), (0.2, 2), (0.6, 3), (1.39, 3), (1.4, 4), (3.0, 5), (900, 5)])
def test_levels(ratio: float, name: int) -> None:
    assert level(ratio) == name


def test_rates() -> None:
    """Nobody's followers are no measure; minutes are no hour; what was made after it was counted has no rate."""
    assert engagement(item(5, followerCount=0)) is None
    assert engagement(item(5, followerCount=10)) == 0.5
    assert rate(item(600, createTime=NOW - HOUR // 10), NOW) == 600
    assert rate(item(600, createTime=NOW - 2 * HOUR), NOW) == 300
    assert rate(item(600, createTime=NOW + 1), NOW) is None
    assert rate(item(600, createTime=NOW - 4 * HOUR), NOW, Known(counted_at={"tiktok": NOW - 2 * HOUR})) == 300


def test_ready_ranges_leave_no_gap() -> None:
    for name in RANGED:
        steps = ready_ranges(name)
        assert [later.least for later in steps[1:]] == [(one.most or 0) + 1 for one in steps[:-1]]
        assert (steps[0].least, steps[-1].most) == (None, None)


def test_the_most_used_words_are_offered_and_those_chosen() -> None:
    items = [item(n, hashtags=["all", f"t{n}"], creator=f"c{n}") for n in range(30)]
    tags = facets(items, Sieve(tags=("T29",)), NOW).choices["tag"]
    assert (tags[0].value, tags[0].count, len(tags), tags[-1].value) == ("all", 30, MOST_TAGS + 1, "T29")
    creators = facets(items, Sieve(creators=("nobody",)), NOW).choices["creator"]
    assert (len(creators), creators[-1].value, creators[-1].count) == (MOST_CREATORS + 1, "nobody", 0)


def test_kept() -> None:
    items = [item(n) for n in range(3)]
    known = Known(kept=frozenset({"tiktok:tiktok-1"}))
    assert [one["id"] for one in sift(items, Sieve(kept=True), NOW, known)] == ["tiktok-1"]
    assert facets(items, OPEN, NOW, known).choices["kept"][0].count == 1


def test_a_word_is_offered_in_its_most_usual_spelling() -> None:
    items = [item(n, hashtags=tags) for n, tags in enumerate((["OOTD"], ["ootd"], ["ootd", "Ootd"]))]
    choice = facets(items, OPEN, NOW).choices["tag"][0]
    assert (choice.value.lower(), choice.count) == ("ootd", 3)
