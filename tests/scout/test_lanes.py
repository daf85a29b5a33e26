"""A fixed number of threads for requests."""

import asyncio
import threading
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.test import RequestFactory

from scout.lanes import Lanes, OneHopHandler


async def as_it_is(scope: Any, receive: Any, send: Any) -> None:
    """An application that does its work in the thread of its request."""
    await sync_to_async(scope["work"], thread_sensitive=True)()


def ask(lanes: Lanes, works: list[Any], how: str = "held") -> list[Any]:
    async def all_at_once() -> list[Any]:
        tasks = [getattr(lanes, how)(as_it_is, {"work": work}, None, None) for work in works]
        return list(await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30))

    return asyncio.run(all_at_once())


def test_it_works() -> None:
    names: list[str] = []
    ask(Lanes(3), [lambda: names.append(threading.current_thread().name)] * 20)
    assert len(names) == 20
    assert len(set(names)) <= 3
    assert all(name.startswith("lane") for name in names)


def test_no_more_at_once_than_there_are_lanes() -> None:
    now, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1

    ask(Lanes(3), [work] * 15)
    assert most[0] == 3


def test_a_request_has_its_lane_for_itself() -> None:
    """All of its visits to the thread find the same one, and nobody else's in between."""
    seen: list[tuple[int, int]] = []

    async def two_visits(scope: Any, receive: Any, send: Any) -> None:
        for _visit in range(2):
            await sync_to_async(lambda: seen.append((scope["n"], threading.get_ident())), thread_sensitive=True)()
            await asyncio.sleep(0.001)

    async def scene() -> None:
        lanes = Lanes(4)
        await asyncio.gather(*(lanes.held(two_visits, {"n": n}, None, None) for n in range(12)))

    asyncio.run(scene())
    threads: dict[int, set[int]] = {}
    for n, thread in seen:
        threads.setdefault(n, set()).add(thread)
    assert all(len(found) == 1 for found in threads.values())


def test_what_breaks_gives_its_lane_back() -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    lanes, done = Lanes(1), []
    results = ask(lanes, [broken, broken, lambda: done.append(1)])
    assert [type(result) for result in results] == [RuntimeError, RuntimeError, type(None)]
    assert done == [1]


def test_who_goes_away_gives_its_lane_back() -> None:
    async def scene() -> list[int]:
        lanes, done = Lanes(1), []

        async def waits(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(60)

        gone = asyncio.create_task(lanes.held(waits, {}, None, None))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await asyncio.wait_for(lanes.held(as_it_is, {"work": lambda: done.append(1)}, None, None), 10)
        return done

    assert asyncio.run(scene()) == [1]


def test_who_goes_away_while_waiting_takes_no_lane_along() -> None:
    async def scene() -> list[int]:
        lanes, done, free = Lanes(1), [], asyncio.Event()

        async def waits(scope: Any, receive: Any, send: Any) -> None:
            await free.wait()

        first = asyncio.create_task(lanes.held(waits, {}, None, None))
        await asyncio.sleep(0)
        second = asyncio.create_task(lanes.held(waits, {}, None, None))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        free.set()
        await first
        await asyncio.wait_for(lanes.held(as_it_is, {"work": lambda: done.append(1)}, None, None), 10)
        return done

    assert asyncio.run(scene()) == [1]


@pytest.mark.parametrize(("count", "shared"), [(1, 1), (4, 1), (16, 4)])
def test_sockets_share_a_few(count: int, shared: int) -> None:
    names: set[int] = set()
    ask(Lanes(count), [lambda: names.add(threading.get_ident())] * 40, "shared")
    assert len(names) == shared


def test_sockets_do_not_hold_requests_up() -> None:
    async def scene() -> bool:
        lanes, done = Lanes(1), threading.Event()

        async def stays(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(60)

        staying = [asyncio.create_task(lanes.shared(stays, {}, None, None)) for _i in range(20)]
        await asyncio.wait_for(lanes.held(as_it_is, {"work": done.set}, None, None), 10)
        for one in staying:
            one.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        return done.is_set()

    assert asyncio.run(scene())


@pytest.mark.django_db
def test_middleware_and_view_run_in_one_go() -> None:
    """Each hop to the thread and back costs more than most of our views."""
    handler = OneHopHandler()
    chain: Any = handler._middleware_chain
    assert not asyncio.iscoroutinefunction(chain)
    response = handler.get_response(RequestFactory().get("/healthz"))
    assert isinstance(response, HttpResponse)
    assert response.content == b"ok\n"


def test_the_clients_root_path_is_not_ours(live_redis: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Daphne would make the start of every link of the header Daphne-Root-Path."""
    from scout import asgi

    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["root_path"])

    monkeypatch.setattr(asgi, "django_app", application)
    asyncio.run(asgi.http({"type": "http", "root_path": "https://evil.example"}, None, None))
    assert seen == [""]
