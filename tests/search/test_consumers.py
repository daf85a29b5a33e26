"""/ws/search/{jobId}: the live feed of one search."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.db import OperationalError

from searches.accounts.models import create_token
from searches.query import Query
from searches.search import announce, consumers, live
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from searches.search.urls import sockets
from tests.cast import Cast, page_client
from tests.rows import item, make_answer, make_run, make_search
from tests.sockets import Socket, kept_connection, kinds, numbers

__all__ = ["kept_connection"]
pytestmark = pytest.mark.usefixtures("kept_connection")
APPLICATION = CookieMiddleware(SessionMiddleware(URLRouter(sockets)))


@pytest.fixture(autouse=True)
def _looks_often(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    yield
    consumers._REDIS.clear()


class Feed:
    """A search that runs, and somebody who may watch it."""

    def __init__(self, cast: Cast, client: redis.Redis) -> None:
        self.redis = client
        self.run = make_run(status=Status.RUNNING, item_limit=20)
        self.search = make_search(cast.alice, self.run, status=Status.RUNNING)
        self.shown = f"Bearer {create_token(cast.alice)}"

    def socket(self, since: object = None, **headers: str) -> Socket:
        query = "" if since is None else f"?since={since}"
        return Socket(APPLICATION, f"/ws/search/{self.search.pk}{query}", **({"authorization": self.shown} | headers))

    def find(self, offset: int, *numbers: int | None) -> None:
        """As follow does: items go to the live list, then their watchers are told."""
        _length, found = live.append(self.redis, self.run.pk, offset, [None if n is None else item(n) for n in numbers])
        Run.objects.filter(pk=self.run.pk).update(items_found=found)
        announce.changed([self.run.pk])

    def end(self, rows: int, found: int, status: str = Status.COMPLETED, **values: Any) -> None:
        """As collect does at the end."""
        Run.objects.filter(pk=self.run.pk).update(status=status, items_found=found, row_count=rows, **values)
        Search.objects.filter(pk=self.search.pk).update(status=status, item_count=found)
        announce.changed([self.run.pk])


@pytest.fixture
def feed(cast: Cast, live_redis: redis.Redis) -> Feed:
    return Feed(cast, live_redis)


def play(scene: Callable[[], Awaitable[Any]]) -> Any:
    """Run a scene with sockets in this thread, whose database transaction is the test's."""

    async def within_a_minute() -> Any:
        try:
            return await asyncio.wait_for(scene(), 60)
        finally:
            await end_others()

    return async_to_sync(within_a_minute)()


async def end_others() -> None:
    """Cancel what is left on this loop, until it has gone: the channel layer's reader can miss being cancelled once."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    while others:
        for task in others:
            task.cancel()
        _done, others = await asyncio.wait(others, timeout=0.5)


find, end = sync_to_async(Feed.find), sync_to_async(Feed.end)


def test_it_works(feed: Feed) -> None:
    feed.find(0, 0, 1)

    async def scene() -> None:
        async with feed.socket() as page:
            snapshot = await page.next()
            assert (snapshot["type"], snapshot["status"], snapshot["jobId"]) == ("snapshot", "running", str(feed.search.pk))
            assert (snapshot["next"], snapshot["itemCount"], snapshot["progress"]) == (0, 2, 10)
            first = await page.until("progress")
            assert (kinds(first), numbers(first), first[0]["next"]) == (["items", "progress"], [0, 1], 2)
            await find(feed, 2, 2, None, 3)
            more = await page.until("progress")
            assert (numbers(more), more[0]["next"], more[-1]["itemCount"]) == ([2, 3], 5, 4)
            await end(feed, 5, 4)
            last = await page.until("close")
            assert (kinds(last), last[0]["next"], last[-1]["code"]) == (["completed", "close"], 5, 1000)
            assert (last[0]["status"], last[0]["progress"], last[0]["message"]) == ("completed", 100, "Done: 4 results.")

    play(scene)


# Who may listen.


def closed_with(socket: Socket) -> int:
    async def scene() -> int:
        async with socket as page:
            told = await page.until("close")
        assert kinds(told) == ["close"]
        return int(told[0]["code"])

    return int(play(scene))


@pytest.mark.parametrize("shown", ["Bearer scout_wrong", "Bearer", "", "Basic dTpw"])
def test_wrong_token(feed: Feed, shown: str) -> None:
    assert closed_with(feed.socket(authorization=shown)) == 4401


def test_not_signed_in(feed: Feed) -> None:
    assert closed_with(Socket(APPLICATION, f"/ws/search/{feed.search.pk}")) == 4401


@pytest.mark.parametrize("name", ["bob", "charlie", "root"])
def test_somebody_elses_search(feed: Feed, cast: Cast, name: str) -> None:
    assert closed_with(feed.socket(authorization=f"Bearer {create_token(getattr(cast, name))}")) == 4404


@pytest.mark.parametrize("job_id", ["1", "null", "00000000-0000-0000-0000-000000000000", "x" * 500])
def test_no_such_search(feed: Feed, job_id: str) -> None:
    assert closed_with(Socket(APPLICATION, f"/ws/search/{job_id}", authorization=feed.shown)) == 4404


def test_by_session(feed: Feed, cast: Cast) -> None:
    cookie = f"sessionid={page_client(cast.alice).cookies['sessionid'].value}"

    async def scene() -> None:
        async with Socket(APPLICATION, f"/ws/search/{feed.search.pk}", cookie=cookie) as page:
            assert (await page.next())["type"] == "snapshot"

    play(scene)


@pytest.mark.parametrize("text", ['{"type": "cancel"}', "x"])
def test_who_was_turned_away_has_nothing_to_say(feed: Feed, text: str) -> None:
    async def scene() -> None:
        for headers in ({"authorization": "Bearer wrong"}, {"authorization": feed.shown}):
            async with Socket(APPLICATION, "/ws/search/1", **headers) as page:
                await page.say(text)
                assert kinds(await page.until("close")) == ["close"]

    play(scene)


# How many.


def test_so_many_each(feed: Feed, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "SOCKETS_EACH", 2)

    async def scene() -> None:
        async with feed.socket() as one, feed.socket() as two:
            await one.next()
            await two.next()
            async with feed.socket() as three:
                assert (await three.until("close"))[-1]["code"] == 4429
            async with Socket(APPLICATION, "/ws/search/1", authorization=bob) as others:
                assert (await others.until("close"))[-1]["code"] == 4404
        async with feed.socket() as again:
            assert (await again.next())["type"] == "snapshot"

    bob = f"Bearer {create_token(cast.bob)}"
    play(scene)


def test_what_breaks_while_connecting_is_not_counted_for_good(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    before, load = dict(consumers._open), consumers._load

    async def broken(*args: object) -> None:
        raise OperationalError("the database is away")

    async def scene() -> None:
        monkeypatch.setattr(consumers, "_load", broken)
        socket = feed.socket()
        await socket.wire.connect(timeout=10)
        with pytest.raises(OperationalError):
            await socket.wire.wait(timeout=10)
        monkeypatch.setattr(consumers, "_load", load)
        async with feed.socket() as page:
            assert (await page.next())["type"] == "snapshot"

    play(scene)
    assert +Counter(consumers._open) == +Counter(before)


# Where it goes on.


@pytest.mark.parametrize("since", range(6))
def test_since(feed: Feed, since: int) -> None:
    feed.find(0, 0, 1, None, 2, 3)

    async def scene() -> None:
        async with feed.socket(since) as page:
            told = await page.until("progress")
            assert told[0]["next"] == since
            assert numbers(told) == [[0, 1, 2, 3], [1, 2, 3], [2, 3], [2, 3], [3], []][since]

    play(scene)


@pytest.mark.parametrize("since", ["", "-1", "x", "NaN", "1.5", "9" * 30, "%C2%B2", "%00", "%FF"])
def test_since_that_is_no_number(feed: Feed, since: str) -> None:
    feed.find(0, 0)

    async def scene() -> None:
        async with feed.socket(since) as page:
            assert numbers(await page.until("progress")) == [0]

    play(scene)


def test_since_beyond_everything(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket(2**53 - 1) as page:
            await find(feed, 0, 0)
            assert numbers(await page.until("progress")) == []

    play(scene)


def test_coming_back_neither_loses_nor_doubles(feed: Feed) -> None:
    async def scene() -> None:
        seen, cursor = [], 0
        for n in range(5):
            async with feed.socket(cursor) as page:
                await page.next()
                await find(feed, n * 2, n * 2, n * 2 + 1)
                told = await page.until("items")
                seen += numbers(told)
                cursor = told[-1]["next"]
        await end(feed, 10, 10)
        async with feed.socket(cursor) as page:
            seen += numbers(await page.until("close"))
        assert seen == list(range(10))

    play(scene)


def test_many_hints_at_once_double_nothing(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket() as page, feed.socket() as other:
            for n in range(30):
                await find(feed, n, n)
            await end(feed, 30, 30)
            for one in (page, other):
                assert numbers(await one.until("close")) == list(range(30))

    play(scene)


def test_long_lists_come_whole_before_the_end(feed: Feed) -> None:
    feed.find(0, *range(450))
    feed.end(450, 450)

    async def scene() -> None:
        async with feed.socket() as page:
            told = await page.until("close")
            assert numbers(told) == list(range(450))
            assert kinds(told)[0] == "snapshot"
            assert kinds(told)[-2:] == ["completed", "close"]

    play(scene)


def test_two_platforms(feed: Feed, cast: Cast) -> None:
    other = make_run(Query("메이크업", "douyin", "7days"), Status.RUNNING)
    search = make_search(cast.alice, feed.run, other, asked=Query("메이크업", "all", "7days"), status=Status.RUNNING)
    feed.find(0, 0, 1)
    live.append(feed.redis, other.pk, 0, [item(10, "douyin")])
    announce.changed([other.pk])

    async def scene() -> None:
        async with Socket(APPLICATION, f"/ws/search/{search.pk}", authorization=feed.shown) as page:
            told = await page.until("progress")
            assert sorted(numbers(told)) == [0, 1, 10]
            cursor = [m for m in told if m["type"] == "items"][-1]["next"]
            await end(feed, 2, 2)
            assert (await page.next())["status"] == "running"  # the other one goes on
        async with Socket(APPLICATION, f"/ws/search/{search.pk}?since={cursor}", authorization=feed.shown) as page:
            assert numbers(await page.until("progress")) == []

    play(scene)


# How it ends.


def test_failed(feed: Feed) -> None:
    feed.end(0, 0, Status.FAILED, error_type="upstream-credit")

    async def scene() -> None:
        async with feed.socket() as page:
            told = await page.until("close")
            assert kinds(told) == ["snapshot", "failed", "close"]
            assert told[1]["error"]["type"] == "upstream-credit"

    play(scene)


def test_partial(feed: Feed) -> None:
    feed.find(0, 0)
    feed.end(1, 1, partial=True)

    async def scene() -> None:
        async with feed.socket() as page:
            told = await page.until("close")
            assert (kinds(told), told[-2]["partial"]) == (["snapshot", "items", "completed", "close"], True)

    play(scene)


def test_cancelled_by_this_page(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            await page.say('{"type": "cancel"}')
            told = await page.until("close")
            assert kinds(told)[-2:] == ["cancelled", "close"]
            assert told[-1]["code"] == 1000

    play(scene)
    feed.search.refresh_from_db()
    assert feed.search.status == Status.CANCELLED


def test_cancelled_by_another_page(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            await sync_to_async(cancel)(feed.search)
            assert kinds(await page.until("close"))[-2:] == ["cancelled", "close"]

    play(scene)


def test_somebody_elses_leaving_is_not_ours(feed: Feed, cast: Cast) -> None:
    theirs = make_search(cast.bob, feed.run, status=Status.RUNNING)

    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            await sync_to_async(cancel)(theirs)
            await find(feed, 0, 0)
            assert numbers(await page.until("items")) == [0]

    play(scene)


GARBAGE = [
    "x",
    "null",
    "[]",
    "5",
    "cancel",
    '"cancel"',
    '["cancel"]',
    '{"type": "stop"}',
    '{"type": "say", "text": "cancel"}',
    '{"kind": "cancel"}',
    '{"type": ["cancel"]}',
    '{"type": "cancel"',
    "[" * 100_000,
    '{"type": "cancel", "x": "' + "x" * 100_000 + '"}',
]


def test_garbage_from_the_client_is_ignored(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            for text in GARBAGE:
                await page.say(text)
            await page.say(data=b'\xff\x00{"type": "cancel"}')
            await find(feed, 0, 0)
            assert numbers(await page.until("items")) == [0]

    play(scene)
    feed.search.refresh_from_db()
    assert feed.search.status == Status.RUNNING


# Redis forgets.


def test_flushall_while_it_runs(feed: Feed) -> None:
    feed.find(0, 0, 1, 2)

    async def scene() -> None:
        async with feed.socket() as page:
            assert numbers(await page.until("progress")) == [0, 1, 2]
            await sync_to_async(feed.redis.flushall)()
            await find(feed, 0, 0, 1, 2, 3)  # follow reads the list again from 0
            assert numbers(await page.until("items")) == [3]
            await end(feed, 4, 4)
            assert numbers(await page.until("close")) == []

    play(scene)


def test_flushall_and_it_ends_meanwhile(feed: Feed) -> None:
    """Nobody writes the state of a run that has ended again: the socket finds out by itself."""
    feed.find(0, 0, 1)

    async def scene() -> None:
        async with feed.socket() as page:
            assert numbers(await page.until("progress")) == [0, 1]
            await sync_to_async(make_answer)(items=4)
            await end(feed, 4, 4)
            await sync_to_async(feed.redis.flushall)()
            told = await page.until("close")
            assert numbers(told) == [2, 3]
            assert kinds(told)[-2:] == ["completed", "close"]

    play(scene)


def test_the_end_without_a_live_list_is_read_from_the_answer(feed: Feed) -> None:
    make_answer(items=5, gaps=(1,))
    feed.end(6, 5)
    feed.redis.flushall()

    async def scene() -> None:
        async with feed.socket(2) as page:
            told = await page.until("close")
            assert (kinds(told), numbers(told)) == (["snapshot", "items", "completed", "close"], [1, 2, 3, 4])
            assert told[1]["next"] == 6

    play(scene)


def test_a_long_answer_comes_whole(feed: Feed) -> None:
    make_answer(items=1_200)
    feed.end(1_200, 1_200)
    feed.redis.flushall()

    async def scene() -> None:
        async with feed.socket() as page:
            assert numbers(await page.until("close")) == list(range(1_200))

    play(scene)


def test_the_answer_has_expired_too(feed: Feed) -> None:
    feed.end(6, 5)
    feed.redis.flushall()

    async def scene() -> None:
        async with feed.socket() as page:
            assert kinds(await page.until("close")) == ["snapshot", "completed", "close"]

    play(scene)


def test_search_whose_runs_are_gone(feed: Feed, cast: Cast) -> None:
    search = make_search(cast.alice, status=Status.COMPLETED, item_count=7)

    async def scene() -> None:
        async with Socket(APPLICATION, f"/ws/search/{search.pk}", authorization=feed.shown) as page:
            told = await page.until("close")
            assert (kinds(told), told[1]["itemCount"]) == (["snapshot", "completed", "close"], 7)

    play(scene)


# The rest.


def test_being_there_makes_follow_read(feed: Feed) -> None:
    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            assert live.watched(feed.redis, [feed.run.pk]) == {feed.run.pk}

    play(scene)


def test_ping(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.0)

    async def scene() -> None:
        async with feed.socket() as page:
            assert kinds(await page.until("ping"))[-1] == "ping"

    play(scene)


def test_the_same_state_is_not_told_twice(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with feed.socket() as page:
            await page.until("progress")
            monkeypatch.setattr(consumers, "PING_SECONDS", 0.0)
            told = await page.until("ping")
            assert kinds(told) == ["ping"]

    play(scene)


@pytest.mark.parametrize(("language", "ascii_only"), [("ko", False), ("en", True)])
def test_in_the_watchers_language(feed: Feed, language: str, ascii_only: bool) -> None:
    async def scene() -> None:
        async with feed.socket(accept_language=language) as page:
            assert (await page.next())["message"].isascii() is ascii_only

    play(scene)


def test_messages_carry_no_secrets_of_the_row(feed: Feed) -> None:
    feed.end(0, 0, Status.FAILED, error_type="upstream-auth", error_detail="token apify_api_123 is not valid")

    async def scene() -> None:
        async with feed.socket() as page:
            assert "apify_api_123" not in json.dumps(await page.until("close"))

    play(scene)


# Through the whole application: who may connect from where.

whole = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def through_the_application(path: str, **headers: str) -> tuple[bool, int | None]:
    """Whether it connects, and with which code it is closed if it does not."""
    from scout.asgi import application

    async def scene() -> tuple[bool, int | None]:
        socket = Socket(application, path, **headers).wire
        connected, code = await socket.connect(timeout=10)
        told = json.loads(await socket.receive_from(timeout=10)) if connected else {}
        await socket.disconnect(timeout=10)
        assert told.get("type") in {None, "snapshot"}
        return connected, code

    found: tuple[bool, int | None] = play(scene)
    return found


HOSTILE = ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost@evil.example", "http://[::1", "file://", ""]


@whole
@pytest.mark.parametrize("origin", HOSTILE)
def test_page_of_another_site_with_my_session(cast: Cast, origin: str) -> None:
    search = make_search(cast.alice, make_run())
    cookie = f"sessionid={page_client(cast.alice).cookies['sessionid'].value}"
    assert through_the_application(f"/ws/search/{search.pk}", origin=origin, cookie=cookie)[0] is False


@whole
def test_no_origin_and_no_token(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    cookie = f"sessionid={page_client(cast.alice).cookies['sessionid'].value}"
    assert through_the_application(f"/ws/search/{search.pk}", cookie=cookie)[0] is False


@whole
def test_our_own_page_and_a_program(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    cookie = f"sessionid={page_client(cast.alice).cookies['sessionid'].value}"
    assert through_the_application(f"/ws/search/{search.pk}", origin="http://localhost:8000", cookie=cookie)[0] is True
    token = f"Bearer {create_token(cast.alice)}"
    assert through_the_application(f"/ws/search/{search.pk}", authorization=token)[0] is True
    assert through_the_application(f"/ws/search/{search.pk}", authorization=token, origin="https://evil.example")[0] is True


@pytest.mark.parametrize("path", ["/ws/", "/ws/nothing", "/ws/search/", "/", "/api/search", "/ws/search/a/b"])
def test_address_where_no_socket_is(live_redis: redis.Redis, path: str) -> None:
    """Refused, without a traceback in the log for whoever likes to knock."""
    for headers in ({"origin": "http://localhost"}, {"authorization": "Bearer x"}):
        assert through_the_application(path, **headers)[0] is False
