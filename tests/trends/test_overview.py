"""The numbers as pages and programs get them: each equals what is reckoned here over the same posts, another way."""

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from searches.item import Item
from searches.trends import load, overview
from tests.rows import item
from tests.trends.steps import HOUR, KEY, later, millis, posts, recorded

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def runs() -> list[tuple[float, list[Item]]]:
    """Three runs of 150 posts; the last one has not seen all of them."""
    first = posts(150, until=NOW)
    made = [(-40.0, first), (-20.0, later(first, 0.3, 3)), (-2.0, later(later(first, 0.3, 3), 0.5, 4)[:120])]
    for hours, seen in made:
        recorded(seen, hours, base=NOW)
    return made


def told(days: int = 30, key: str | None = KEY, zone: str = "UTC") -> dict[str, Any]:
    return overview.overview(key, days, zone)


def history(runs: list[tuple[float, list[Item]]]) -> dict[str, list[tuple[int, int]]]:
    """Of each post, when it had how many views, where that is known."""
    found: dict[str, list[tuple[int, int]]] = {}
    for hours, seen in runs:
        for one in seen:
            if one["playCount"] is not None:
                found.setdefault(one["id"], []).append((millis(NOW + timedelta(hours=hours)), one["playCount"]))
    return found


def test_it_works(runs: list[tuple[float, list[Item]]]) -> None:
    found = told()
    assert (found["runCount"], found["postCount"], found["pointCount"], found["cut"]) == (3, 150, 420, False)
    assert found["lastRunAt"] == (NOW - timedelta(hours=2)).isoformat()
    assert found["firstRunAt"] == (NOW - timedelta(hours=40)).isoformat()


def test_fastest(runs: list[tuple[float, list[Item]]]) -> None:
    by_id = {one["id"]: one for one in runs[0][1]}
    rates = {}
    for id, known in history(runs).items():
        (t1, v1), (t2, v2) = known[-2:]
        rates[id] = (v2 - v1) / (t2 - t1) * HOUR
    found = told()["fastest"]
    assert found["postCount"] == len(rates)
    assert [p["id"] for p in found["posts"]] == sorted(rates, key=lambda name: -rates[name])[:10]
    for post in found["posts"]:
        known = history(runs)[post["id"]]
        assert post["viewsPerHour"] == pytest.approx(rates[post["id"]], abs=1e-3)
        assert post["playCount"] == known[-1][1]
        assert post["viewsGained"] == known[-1][1] - known[0][1]
        assert post["growth"] == pytest.approx(known[-1][1] / known[0][1] - 1, abs=1e-3)
        assert post["overHours"] == pytest.approx((known[-1][0] - known[-2][0]) / HOUR)
        published = by_id[post["id"]]["createTime"]
        if published is None:
            assert post["viewsPerHourSincePublication"] is None
        elif published <= known[-1][0]:
            hours = max((known[-1][0] - published) / HOUR, 1)
            assert post["viewsPerHourSincePublication"] == pytest.approx(known[-1][1] / hours, abs=1e-3)


def test_series(runs: list[tuple[float, list[Item]]]) -> None:
    gains = {id: known[-1][1] - known[0][1] for id, known in history(runs).items()}
    found = told()["series"]
    assert [one["id"] for one in found] == sorted(gains, key=lambda name: -gains[name])[:4]
    for one in found:
        assert [(p["at"], p["playCount"]) for p in one["points"]] == history(runs)[one["id"]]


def test_tags_and_words(runs: list[tuple[float, list[Item]]]) -> None:
    seen = runs[0][1]
    counts = Counter(tag.lower() for one in seen for tag in {t.lower() for t in one["hashtags"]})
    found = told()
    assert found["tags"]["postCount"] == sum(bool(one["hashtags"]) for one in seen)
    assert {tag["hashtag"].lower(): tag["postCount"] for tag in found["tags"]["items"]} == dict(counts)
    assert found["words"]["postCount"] == sum(bool(one["title"]) for one in seen)
    makeup = sum("메이크업" in (one["title"] or "") for one in seen)
    assert next(w["postCount"] for w in found["words"]["items"] if w["word"] == "메이크업") == makeup


def test_rising_stands_on_the_dated_posts(runs: list[tuple[float, list[Item]]]) -> None:
    dates = [one["createTime"] for one in runs[0][1] if one["createTime"] is not None]
    found = told()
    now = millis(timezone.now())
    halves = [sum(now - half * 15 * 24 * HOUR <= date < now - (half - 1) * 15 * 24 * HOUR for date in dates) for half in (1, 2)]
    assert [found["risingHashtags"]["postCount"], found["risingHashtags"]["postCountBefore"]] == halves


def test_a_tag_that_rises_is_told() -> None:
    made = [item(i, createTime=millis(NOW - timedelta(days=20)), hashtags=["old"], creator=f"a{i}") for i in range(20)]
    made += [item(i, createTime=millis(NOW - timedelta(days=2)), hashtags=["old", "New"], creator=f"b{i % 5}") for i in range(20, 40)]
    recorded(made, -1, base=NOW)
    found = told()
    assert [(r["hashtag"], r["postCount"], r["postCountBefore"], r["creatorCount"]) for r in found["risingHashtags"]["items"]] == [
        ("New", 20, 0, 5)
    ]
    assert {r["creator"] for r in found["risingCreators"]["items"]} == {f"b{i}" for i in range(5)}
    assert {r["platform"] for r in found["risingCreators"]["items"]} == {"tiktok"}


def test_hours_are_of_the_zone_that_is_asked_for() -> None:
    made = [item(i, createTime=millis(NOW - timedelta(days=7, hours=i % 24)), playCount=1_000) for i in range(1, 101)]
    recorded(made, -1, base=NOW)
    for zone in ("UTC", "Asia/Seoul"):
        found = told(zone=zone)["bestHours"]
        assert found["postCount"] == 100
        width = found["hoursPerSlot"]
        local = [(NOW - timedelta(days=7, hours=i % 24)).astimezone(ZoneInfo(zone)) for i in range(1, 101)]
        wanted = Counter((moment.weekday(), moment.hour // width * width) for moment in local)
        assert {(s["weekday"], s["hour"]): s["postCount"] for s in found["slots"] if s["postCount"]} == dict(wanted)


def test_a_shorter_period_knows_less(runs: list[tuple[float, list[Item]]]) -> None:
    recorded(posts(5, seed=9, until=NOW), -24 * 20, base=NOW)
    assert (told(7)["pointCount"], told(30)["pointCount"]) == (420, 425)


def test_a_question_and_everything(runs: list[tuple[float, list[Item]]]) -> None:
    recorded([item(900), item(901), item(1)], -1, "tiktok:other:all", base=NOW)
    assert told(key="tiktok:other:all")["postCount"] == 3
    assert told(key=None)["postCount"] == 152
    assert told(key="tiktok:nobody:all")["postCount"] == 0
    assert told(key="all:other:all")["postCount"] == 3
    assert told(key="tiktok:other:all")["runCount"] == 1
    assert told(key=None)["runCount"] == 4


def test_with_nothing_all_is_empty() -> None:
    found = told(key=None)
    assert (found["runCount"], found["postCount"], found["series"], found["fastest"]) == (0, 0, [], {"postCount": 0, "posts": []})
    assert (found["risingHashtags"]["items"], found["risingHashtags"]["enough"], found["bestHours"]["best"]) == ([], False, [])
    assert (found["tags"]["items"], found["words"]["items"], found["lastRunAt"]) == ([], [], None)


def test_more_posts_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded([item(i) for i in range(20)], -5, base=NOW)
    recorded([item(i) for i in range(20, 30)], -1, base=NOW)
    monkeypatch.setattr(load, "MAX_POSTS", 10)
    monkeypatch.setattr(overview, "MAX_POSTS", 10)
    found = told()
    assert (found["postCount"], found["cut"]) == (10, True)
    assert {post.id for post in load.load([KEY], NOW - timedelta(days=1))} == {f"tiktok-{i}" for i in range(20, 30)}


def test_more_points_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in range(-9, 0):
        recorded([item(1)], hours, base=NOW)
    monkeypatch.setattr(load, "MAX_POINTS", 4)
    (post,) = load.load([KEY], NOW - timedelta(days=1))
    assert [r.at for r in post.readings] == [millis(NOW + timedelta(hours=h)) for h in (-4, -3, -2, -1)]


def test_it_is_kept_until_a_run_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(overview, "cache", SimpleNamespace(get=kept.get, set=lambda key, value, seconds: kept.update({key: value})))
    recorded([item(1)], -2, base=NOW)
    assert told() is told()
    assert told(7) is not told(30)
    before = told()
    recorded([item(2)], -1, base=NOW)
    assert told()["postCount"] == before["postCount"] + 1
