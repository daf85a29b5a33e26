"""Hashtags: counted against a naive count, spelt as people spell them, in pairs that mean something."""

import unicodedata
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.trends.tags import MIN_PAIR, analyse, keys, normal, spellings

tag = st.sampled_from(
    ["메이크업", "Beauty", "beauty", "#BEAUTY", "Ｆyp", "fyp", "化妆", "", "#", " ", "가", unicodedata.normalize("NFD", "가")]
)
posts = st.lists(st.tuples(st.lists(tag, max_size=6), st.none() | st.integers(0, 10**9)), max_size=30)


def test_it_works() -> None:
    found = analyse(
        [(["Beauty", "메이크업"], 10), (["beauty"], None), (["Beauty", "메이크업"], 5), (["메이크업", "Beauty"], 1), ([], 9), (["x"], 0)]
    )
    assert found.posts == 5
    assert [(t.name, t.posts, t.views) for t in found.tags] == [("Beauty", 4, 16), ("메이크업", 3, 16), ("x", 1, 0)]
    assert [(p.names, p.posts) for p in found.pairs] == [(("Beauty", "메이크업"), 3)]
    assert found.pairs[0].lift == pytest.approx((3 / 5) / (4 / 5 * 3 / 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Beauty", "#beauty"),
        (unicodedata.normalize("NFD", "뷰티"), "뷰티"),
        ("STRASSE", "straße"),
        ("a b", "ab"),
        ("＃메이크업", "메이크업"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@given(posts)
def test_against_a_naive_count(made: list[tuple[list[str], int | None]]) -> None:
    names = [{normal(t) for t in tags} - {""} for tags, _views in made]
    found = analyse(made, most=99, most_pairs=999)
    assert found.posts == sum(bool(n) for n in names)
    assert {t.key: t.posts for t in found.tags} == dict(Counter(n for one in names for n in one))
    for one in found.tags:
        known = [views for (_tags, views), n in zip(made, names, strict=True) if one.key in n and views is not None]
        assert one.views == (sum(known) if known else None)
    together = Counter(frozenset(pair) for one in names for pair in combinations(sorted(one), 2))
    counts = Counter(n for one in names for n in one)
    wanted = {pair: n for pair, n in together.items() if n >= MIN_PAIR and n * found.posts > counts[min(pair)] * counts[max(pair)]}
    assert {frozenset(map(normal, pair.names)): pair.posts for pair in found.pairs} == wanted


@given(posts)
def test_keys_are_each_once_and_never_empty(made: list[tuple[list[str], int | None]]) -> None:
    for tags, _views in made:
        assert len(set(keys(tags))) == len(keys(tags))
        assert "" not in keys(tags)
    assert set(spellings(tags for tags, _v in made)) == {key for tags, _v in made for key in keys(tags)}


def test_a_tag_of_every_post_pairs_with_none() -> None:
    assert analyse([(["query", "a"], None)] * 5 + [(["query"], None)] * 5).pairs == []


def test_nothing() -> None:
    found = analyse([])
    assert (found.posts, found.tags, found.pairs) == (0, [], [])


def test_a_post_with_hundreds_of_tags_makes_few_pairs() -> None:
    made = [([f"t{i}" for i in range(500)], 1)] * 5 + [(["z"], 1)] * 20
    assert len(analyse(made, most_pairs=10_000).pairs) <= 12 * 11 / 2
