"""Since when a question has shown a post."""

import pytest

from searches.trends.seen import first_seen, keys_of
from tests.rows import item
from tests.trends.steps import KEY, NOON, at, recorded

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    recorded([item(1), item(2)])
    recorded([item(2), item(3)], 2)
    assert first_seen(KEY, ["tiktok-1", "tiktok-2", "tiktok-3", "tiktok-4"]) == {"tiktok-1": NOON, "tiktok-2": NOON, "tiktok-3": at(2)}


def test_another_question_has_its_own() -> None:
    recorded([item(1)])
    recorded([item(1)], 5, "tiktok:other:all")
    assert first_seen("tiktok:other:all", ["tiktok-1"]) == {"tiktok-1": at(5)}
    assert first_seen("tiktok:third:all", ["tiktok-1"]) == {}


def test_a_question_to_all_platforms() -> None:
    recorded([item(1, id="7"), item(2)], 3)
    recorded([item(1, "douyin", id="7"), item(2, "douyin")], 1, "douyin:메이크업:7days")
    found = first_seen("all:메이크업:7days", ["7", "tiktok-2", "douyin-2"])
    assert found == {"7": at(1), "tiktok-2": at(3), "douyin-2": at(1)}
    assert keys_of("all:a:b:all") == ["tiktok:a:b:all", "douyin:a:b:all", "xiaohongshu:a:b:all"]
    assert keys_of(KEY) == [KEY]


def test_thousands_and_none() -> None:
    recorded([item(i) for i in range(1_200)])
    assert len(first_seen(KEY, (f"tiktok-{i}" for i in range(2_000)))) == 1_200
    assert first_seen(KEY, []) == {}
