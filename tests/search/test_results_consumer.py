"""/ws/results/{answerKey}: an open page hears that a newer answer was written."""

import time
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer, get_channel_layer
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.db import OperationalError

from searches.accounts.models import create_token
from searches.platforms.models import Platform
from searches.query import Query
from searches.search import announce, consumers, results_consumer
from searches.search.models import Run, Search
from searches.search.urls import sockets
from tests.cast import Cast, page_client
from tests.conftest import Engine
from tests.rows import ASKED
from tests.search.steps import run_of, started
from tests.search.test_consumers import play
from tests.sockets import Socket, kept_connection, kinds

__all__ = ["kept_connection"]
pytestmark = pytest.mark.usefixtures("kept_connection", "live_redis")
APPLICATION = CookieMiddleware(SessionMiddleware(URLRouter(sockets)))
refreshed = sync_to_async(announce.refreshed)


@pytest.fixture
def shown(cast: Cast) -> str:
    return f"Bearer {create_token(cast.alice)}"


def socket(shown: str, key: str = ASKED.key, **headers: str) -> Socket:
    return Socket(APPLICATION, f"/ws/results/{quote(key, safe='')}", **({"authorization": shown} | headers))


def test_it_works(shown: str) -> None:
    async def scene() -> None:
        async with socket(shown) as page:
            assert await page.next() == {"type": "ping"}, "it listens by now"
            await refreshed([ASKED.key])
            assert await page.next() == {"type": "refreshed", "answerKey": ASKED.key}

    play(scene)


@pytest.mark.parametrize("key", ["tiktok:a/b:c?:7days", "tiktok:  A/B:c? :7days"])
def test_any_key_in_any_spelling(shown: str, key: str) -> None:
    asked = Query("a/b:c?", "tiktok", "7days")

    async def scene() -> None:
        async with socket(shown, key) as page:
            await page.next()
            await refreshed([asked.key])
            assert (await page.next())["answerKey"] == asked.key

    play(scene)


def test_others_answers_say_nothing_here(shown: str) -> None:
    async def scene() -> None:
        async with socket(shown) as page:
            await page.next()
            await refreshed(["tiktok:other words:7days", "douyin:메이크업:7days"])
            await refreshed([ASKED.key])
            assert (await page.next())["type"] == "refreshed"
            assert await page.wire.receive_nothing(0.1)

    play(scene)


def test_all_follows_every_platform(shown: str) -> None:
    key = Query(ASKED.text, "all", ASKED.date_range).key

    async def scene() -> None:
        async with socket(shown, key) as page:
            await page.next()
            for platform in ("tiktok", "douyin", "xiaohongshu"):
                await refreshed([ASKED.on(platform).key])
                assert await page.next() == {"type": "refreshed", "answerKey": key}

    play(scene)


def test_actors_side_by_side_are_followed_too(shown: str) -> None:
    Platform.objects.filter(pk="tiktok").update(beside=["apidojo/tiktok-scraper"])

    async def scene() -> None:
        async with socket(shown) as page:
            await page.next()
            await refreshed([ASKED.on("tiktok@apidojo~tiktok-scraper").key])
            assert (await page.next())["answerKey"] == ASKED.key

    play(scene)


def test_it_pings(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.02)

    async def scene() -> None:
        async with socket(shown) as page:
            assert [(await page.next())["type"] for _ping in range(3)] == ["ping"] * 3

    play(scene)


# Who may listen.


def closed_with(page: Socket) -> int:
    async def scene() -> int:
        async with page:
            told = await page.until("close")
        assert kinds(told) == ["close"]
        return int(told[0]["code"])

    return int(play(scene))


@pytest.mark.parametrize("header", ["Bearer scout_wrong", "Bearer", "", "Basic dTpw"])
def test_not_signed_in(cast: Cast, header: str) -> None:
    assert closed_with(socket(header)) == 4401


def test_with_a_session(cast: Cast) -> None:
    cookie = f"sessionid={page_client(cast.alice).cookies['sessionid'].value}"

    async def scene() -> None:
        async with Socket(APPLICATION, f"/ws/results/{quote(ASKED.key)}", cookie=cookie) as page:
            assert await page.next() == {"type": "ping"}

    play(scene)


@pytest.mark.parametrize(
    "key", ["tiktok", "tiktok:7days", "nowhere:words:7days", "tiktok:words:8days", "tiktok::7days", "tiktok:\x00:7days"]
)
def test_bad_key(shown: str, key: str) -> None:
    assert closed_with(socket(shown, key)) == 4404


def test_a_platform_that_is_not_here(shown: str) -> None:
    Platform.objects.filter(pk="tiktok").update(enabled=False)
    assert closed_with(socket(shown)) == 4404


def test_too_many(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "SOCKETS_EACH", 1)

    async def scene() -> None:
        async with socket(shown) as first:
            await first.next()
            async with socket(shown) as second:
                assert (await second.until("close"))[-1]["code"] == 4429
        async with socket(shown) as again:
            assert (await again.next())["type"] == "ping"

    play(scene)


def test_what_breaks_while_connecting_is_not_counted(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Counter(consumers._open)

    async def broken(*args: object) -> None:
        raise OperationalError("the database is away")

    async def scene() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(results_consumer, "_keys", broken)
            page = socket(shown)
            await page.wire.connect(timeout=10)
            with pytest.raises(OperationalError):
                await page.wire.wait(timeout=10)
        async with socket(shown, "no key") as refused:
            await refused.until("close")

    play(scene)
    assert +Counter(consumers._open) == +before


@pytest.mark.parametrize("said", [" ", "x" * 100_000, '{"type":"cancel"}', "[[[[", "\x00"])
def test_what_a_client_says_is_of_no_interest(shown: str, said: str) -> None:
    async def scene() -> None:
        async with socket(shown) as page:
            await page.next()
            await page.say(said)
            await page.say(data=b"\xff\x00")
            await refreshed([ASKED.key])
            assert (await page.next())["type"] == "refreshed"

    play(scene)


def test_without_redis_it_stays_open(shown: str, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*args: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(get_channel_layer(), "group_add", away)

    async def scene() -> None:
        async with socket(shown) as page:
            assert await page.next() == {"type": "ping"}

    play(scene)


# Who says it.


def groups_rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rung: list[str] = []
    ring = announce.ring_groups

    def note(messages: list[tuple[str, dict[str, Any]]]) -> None:
        rung.extend(name for name, message in messages if message["type"] == "answer.refreshed")
        ring(messages)

    monkeypatch.setattr(announce, "ring_groups", note)
    return rung


def settle(engine: Engine, search: Search, status: str) -> None:
    """Follow and work until the search's run has come to this."""
    for _pass in range(100):
        engine.settle(1)
        if run_of(search).status == status:
            return
        time.sleep(0.05)
    raise AssertionError(run_of(search).status)


def test_collect_says_it_once_the_answer_is_there(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.sandbox.set(run_seconds=0.1, items=3)
    rung = groups_rung(monkeypatch)
    search = started(cast.alice)
    assert rung == []
    settle(engine, search, "completed")
    assert rung == [announce.answer_group(search.answer_key)]


def test_a_run_that_failed_has_no_answer_to_tell_of(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = groups_rung(monkeypatch)
    engine.sandbox.set(run_seconds=0.1)
    Platform.objects.update(fallback="")
    search = started(cast.alice, "sandbox:fail")
    settle(engine, search, "failed")
    assert rung == []


def test_a_try_out_is_no_answer(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.sandbox.set(run_seconds=0.1, items=3)
    rung = groups_rung(monkeypatch)
    search = started(cast.alice)
    Run.objects.update(reason=Run.Reason.TRY)
    settle(engine, search, "completed")
    assert rung == []


@pytest.mark.parametrize("key", ["tiktok:메이크업:7days", "tiktok@a~b:" + "긴 " * 100 + ":7days"])
def test_groups_have_names_that_channels_takes(key: str) -> None:
    assert BaseChannelLayer().require_valid_group_name(announce.answer_group(key))


def test_nothing_to_tell(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = groups_rung(monkeypatch)
    announce.refreshed([])
    announce.refreshed([ASKED.key, ASKED.key])
    assert len(rung) == 1
