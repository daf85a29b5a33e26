"""Several actors search one platform side by side: what they find is merged, and each post is given once."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from hypothesis import given
from hypothesis import strategies as st

from searches.accounts.models import User, create_token
from searches.cache.lookup import find
from searches.cache.memory import memory
from searches.item import Item
from searches.platforms.models import Platform
from searches.query import parse
from searches.search import announce, consumers, live, results, wire
from searches.search.collect import collect_due
from searches.search.handover import ended
from searches.search.models import Run, Search, Status
from searches.search.start import start_due
from searches.search.submit import Hit, Placed, submit
from searches.search.urls import sockets
from tests.cast import Cast
from tests.conftest import Engine
from tests.rows import item, make_answer, make_run, make_search
from tests.search.steps import TIKTOK, ago, platform
from tests.sockets import Socket, kept_connection, numbers

__all__ = ["kept_connection"]
pytestmark = pytest.mark.usefixtures("kept_connection")
APPLICATION = CookieMiddleware(SessionMiddleware(URLRouter(sockets)))
FIRST, SECOND, THIRD = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper", "clockworks/free-tiktok-scraper"
SECONDS = "maxItems"  # stands in the second actor's INPUT only
QUERY = parse("메이크업", TIKTOK, "7days")
BESIDE = QUERY.on("tiktok@apidojo~tiktok-scraper")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    yield
    consumers._REDIS.clear()


@pytest.fixture
def both(db: None) -> Platform:
    return platform(fallback="", beside=[SECOND])


def placed(person: User, **options: Any) -> Search:
    found = submit(person, QUERY, **options)
    assert isinstance(found, Placed)
    return found.search


def collect_all() -> None:
    ended(list(Run.objects.values_list("upstream_id", flat=True)))
    collect_due(TIKTOK)
    memory.clear()  # as the word that answers have changed would do


def ids(items: Sequence[Any]) -> list[str]:
    return [found["id"] for found in items]


def read_on(search: Search, page: int, cursor: int = 0) -> list[str]:
    """Everything from a cursor on, in pages of that size."""
    found: list[str] = []
    before = -1
    while cursor != before:
        before = cursor
        items, cursor = results.items_since(results.runs_of(search), cursor, page)
        found += ids(items)
    return found


def test_it_works(engine: Engine, cast: Cast, both: Platform) -> None:
    """The sandbox's two TikTok scrapers find the same posts, as two real ones would."""
    engine.sandbox.set(run_seconds=0)
    search = placed(cast.alice)
    assert sorted(search.runs.values_list("actor", "answer_key")) == [(SECOND, BESIDE.key), (FIRST, QUERY.key)]
    start_due(TIKTOK)
    collect_all()
    search.refresh_from_db()
    one, two = find(QUERY.key), find(BESIDE.key)
    assert one
    assert two
    apart, together = {*ids(one.items())}, {*ids(one.items()), *ids(two.items())}
    assert len(together) < one.item_count + two.item_count, "or this test would show nothing"
    assert (search.status, search.item_count) == (Status.COMPLETED, len(together))
    told = wire.with_data(search, results.runs_of(search))
    assert (told["itemCount"], len(told["data"]), set(ids(told["data"]))) == (len(together), len(together), together)
    assert [row["name"] for row in told["platforms"]] == ["TikTok", f"TikTok ({SECOND})"]
    hit = submit(cast.bob, QUERY)
    assert isinstance(hit, Hit)
    body = json.loads(wire.hit_body(QUERY, hit))
    assert ids(body["data"])[: len(apart)] == ids(one.items()), "the first actor's come first"
    assert (len(body["data"]), set(ids(body["data"]))) == (len(together), together)
    assert len(body["platforms"]) == 2


# Submitting.


def test_of_all_platforms_each_has_one_actor(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    found = submit(cast.alice, QUERY.on("all"))
    assert isinstance(found, Placed)
    assert len(found.runs) == 3


def test_the_first_actors_answer_is_enough(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    make_answer(QUERY)
    found = submit(cast.alice, QUERY)
    assert isinstance(found, Hit)
    assert (len(found.answers), Run.objects.count()) == (1, 0)


def test_an_actor_put_beside_later_is_asked_with_the_next_refresh(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    make_answer(QUERY, age=90_000)
    assert isinstance(submit(cast.alice, QUERY), Hit)
    assert sorted(Run.objects.values_list("actor", "reason")) == [(SECOND, "refresh"), (FIRST, "refresh")]


def test_the_seconds_answer_alone_is_not_enough(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    make_answer(BESIDE)
    make_run(QUERY, Status.COMPLETED, answer_key=BESIDE.key, actor=SECOND)
    search = placed(cast.alice)
    assert sorted(search.runs.values_list("actor", "status")) == [(SECOND, "completed"), (FIRST, "queued")]


@pytest.mark.parametrize(("mark", "status"), [(SECONDS, Status.COMPLETED), ("searchQueries", Status.COMPLETED)])
def test_one_failing_leaves_the_others_posts(engine: Engine, cast: Cast, both: Platform, mark: str, status: Status) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "failed", "match": mark})
    search = placed(cast.alice)
    engine.settle(4)
    search.refresh_from_db()
    assert (search.status, search.item_count) == (status, 20)
    told = wire.tell(search, results.runs_of(search))
    assert sorted(row["status"] for row in told["platforms"]) == ["completed", "failed"]


def test_who_is_taken_from_the_list_is_not_asked_and_not_shown(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    make_answer(QUERY)
    make_answer(BESIDE)
    platform(beside=[])
    found = submit(cast.alice, QUERY)
    assert isinstance(found, Hit)
    assert [source.actor for source in found.answers] == [FIRST]


# Reading while they run.


class Pair:
    """A search with two actors' runs, whose live lists a test fills."""

    def __init__(self, cast: Cast, client: redis.Redis) -> None:
        self.redis = client
        self.runs = [
            make_run(QUERY, Status.RUNNING, actor=FIRST),
            make_run(QUERY, Status.RUNNING, answer_key=BESIDE.key, actor=SECOND),
        ]
        self.search = make_search(cast.alice, *self.runs, asked=QUERY, status=Status.RUNNING)
        self.shown = f"Bearer {create_token(cast.alice)}"

    def find(self, which: int, offset: int, *posts: int | None) -> None:
        entries: list[Item | None] = [None if n is None else item(n) for n in posts]
        _length, found = live.append(self.redis, self.runs[which].pk, offset, entries)
        Run.objects.filter(pk=self.runs[which].pk).update(items_found=found)
        announce.changed([self.runs[which].pk])

    def end(self, *rows: int) -> None:
        """Both have ended, with so many rows each."""
        for run, count in zip(self.runs, rows, strict=True):
            Run.objects.filter(pk=run.pk).update(status=Status.COMPLETED, row_count=count, finished_at=ago(0))
        Search.objects.filter(pk=self.search.pk).update(status=Status.COMPLETED)
        results.count_merged([self.search.pk])
        announce.changed([run.pk for run in self.runs])

    def socket(self, since: int = 0) -> Socket:
        return Socket(APPLICATION, f"/ws/search/{self.search.pk}?since={since}", authorization=self.shown)


@pytest.fixture
def pair(cast: Cast, live_redis: redis.Redis, both: Platform) -> Pair:
    return Pair(cast, live_redis)


@pytest.mark.parametrize("page", [1, 2, 3, 5, 500])
def test_each_post_once_at_any_size_of_page(pair: Pair, page: int) -> None:
    pair.find(0, 0, 1, 2, None, 3, 4)
    pair.find(1, 0, 4, 3, 5, None, 1, 6)
    assert sorted(read_on(pair.search, page)) == [f"tiktok-{n}" for n in (1, 2, 3, 4, 5, 6)]


@pytest.mark.parametrize("page", [1, 3, 500])
def test_what_comes_while_it_is_read_is_given_once_too(pair: Pair, page: int) -> None:
    found: list[str] = []
    cursor = 0
    for which, offset, posts in ((1, 0, (1, 2, 3)), (0, 0, (3, 2, 7)), (1, 3, (7, 8)), (0, 3, (8, 9, 1))):
        pair.find(which, offset, *posts)
        items, cursor = results.items_since(results.runs_of(pair.search), cursor, page)
        found += ids(items)
    found += read_on(pair.search, page, cursor)
    assert sorted(found) == [f"tiktok-{n}" for n in (1, 2, 3, 7, 8, 9)]


def test_posts_of_two_platforms_with_one_id_are_two(cast: Cast, live_redis: redis.Redis) -> None:
    runs = [make_run(QUERY.on(name), Status.RUNNING) for name in ("tiktok", "douyin")]
    search = make_search(cast.alice, *runs, asked=QUERY.on("all"), status=Status.RUNNING)
    for run in runs:
        live.append(live_redis, run.pk, 0, [item(1, run.platform, id="7")])
    assert read_on(search, 1) == ["7", "7"]


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=2, max_size=4))
def test_unseen_gives_each_post_once_in_order(pages: list[list[int]]) -> None:
    seen: set[tuple[str, str]] = set()
    found = [post["id"] for page in pages for post in results.unseen([dict(item(n)) for n in page], seen)]
    flat = [f"tiktok-{n}" for page in pages for n in page]
    assert found == list(dict.fromkeys(flat))


def test_four_runs_share_one_cursor(cast: Cast, live_redis: redis.Redis, both: Platform) -> None:
    runs = [make_run(QUERY, Status.RUNNING, answer_key=f"tiktok@{n}:x:all") for n in range(4)]
    search = make_search(cast.alice, *runs, asked=QUERY, status=Status.RUNNING)
    for i, run in enumerate(runs):
        live.append(live_redis, run.pk, 0, [item(n) for n in range(i * 50, i * 50 + 100)])
    assert sorted(read_on(search, 17)) == sorted(f"tiktok-{n}" for n in range(250))


@given(st.lists(st.integers(0, 5_000), min_size=4, max_size=4))
def test_the_cursor_holds_four_runs_of_the_most_rows(ordinals: list[int]) -> None:
    cursor = results.pack(ordinals)
    assert 0 <= cursor <= results.MAX_CURSOR
    assert results.unpack(cursor, 4) == ordinals


# The socket.


def test_the_socket_gives_each_post_once(pair: Pair) -> None:
    pair.find(0, 0, 1, 2, 3)

    async def scene() -> list[int]:
        async with pair.socket() as page:
            told = await page.until("progress")
            await sync_to_async(pair.find)(1, 0, 3, 4, None, 2, 5)
            told += await page.until("progress")
            await sync_to_async(pair.find)(0, 3, 5, 6)
            told += await page.until("progress")
            await sync_to_async(pair.end)(5, 5)
            told += await page.until("close")
        assert told[-2]["type"] == "completed"
        return numbers(told)

    assert sorted(async_to_sync(scene)()) == [1, 2, 3, 4, 5, 6]


def test_who_comes_back_gets_what_is_new_and_only_that(pair: Pair) -> None:
    pair.find(0, 0, 1, 2, 3)
    pair.find(1, 0, 3, 4)

    async def first() -> tuple[list[int], int]:
        async with pair.socket() as page:
            told = await page.until("progress")
        return numbers(told), max(message["next"] for message in told if "next" in message)

    async def again(since: int) -> list[int]:
        async with pair.socket(since) as page:
            await page.next()
            await sync_to_async(pair.find)(1, 2, 1, 2, 5)
            await sync_to_async(pair.find)(0, 3, 4, 5, 6)
            await sync_to_async(pair.end)(6, 5)
            return numbers(await page.until("close"))

    seen, since = async_to_sync(first)()
    assert sorted(seen) == [1, 2, 3, 4]
    assert sorted(async_to_sync(again)(since)) == [5, 6]


def test_the_cursor_of_http_and_of_the_socket_is_the_same(pair: Pair) -> None:
    pair.find(0, 0, 1, 2)
    pair.find(1, 0, 2, 3)
    items, cursor = results.items_since(results.runs_of(pair.search), 0, 3)

    async def scene() -> list[int]:
        async with pair.socket(cursor) as page:
            await page.next()
            await sync_to_async(pair.end)(2, 2)
            return numbers(await page.until("close"))

    rest = async_to_sync(scene)()
    assert sorted([*ids(items), *(f"tiktok-{n}" for n in rest)]) == ["tiktok-1", "tiktok-2", "tiktok-3"]


def test_at_the_end_the_count_is_of_posts(pair: Pair) -> None:
    """What the socket says last, what the API says, and what the list of searches shows are one number."""
    pair.find(0, 0, 1, 2, 3)
    pair.find(1, 0, 3, 4)
    for run, numbers_ in zip(pair.runs, ((0, 1, 2), (2, 3)), strict=True):
        make_answer(QUERY.on(run.answer_key.partition(":")[0]), len(numbers_))  # posts 0 1 2 and 0 1
    memory.clear()

    async def scene() -> list[dict[str, Any]]:
        async with pair.socket() as page:
            await page.until("progress")
            await sync_to_async(pair.end)(3, 2)
            return await page.until("close")

    told = async_to_sync(scene)()
    pair.search.refresh_from_db()
    assert pair.search.item_count == 3
    assert told[-2]["itemCount"] == 3
    assert wire.tell(pair.search, results.runs_of(pair.search))["itemCount"] == 3
    hit = submit(pair.search.user, QUERY)
    assert isinstance(hit, Hit)
    assert len(json.loads(wire.hit_body(QUERY, hit))["data"]) == 3


def test_a_worker_counts_what_is_stored_not_what_it_remembers(
    engine: Engine, cast: Cast, both: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only web processes are told that an answer has changed: a worker that has counted once must not count the same again."""
    monkeypatch.setattr("searches.search.submit.FORCED_AFTER", timedelta(0))
    engine.sandbox.set(run_seconds=0)
    counts = []
    for most in (20, 4):
        engine.sandbox.set(items=most)
        search = placed(cast.alice, force=True)
        start_due(TIKTOK)
        ended(list(Run.objects.filter(status=Status.RUNNING).values_list("upstream_id", flat=True)))
        collect_due(TIKTOK)
        search.refresh_from_db()
        counts.append(search.item_count)
    assert counts[0] >= 20
    assert 4 <= counts[1] <= 8
