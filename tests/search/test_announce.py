"""Telling watchers: the state is written first, then a hint that says nothing but which run."""

import json
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from searches.search import announce, live
from searches.search.models import Run, Status
from tests.cast import Cast
from tests.search.steps import TIKTOK, ago, ask, redis_away, run_of, set_row


def states(client: redis.Redis, *runs: Run) -> list[Any]:
    return [json.loads(client.get(live.state_key(run.pk)) or "null") for run in runs]


def test_it_works(cast: Cast, live_redis: redis.Redis) -> None:
    one, two = run_of(ask(cast.alice, "one")), run_of(ask(cast.bob, "two"))
    with live_redis.pubsub() as said:
        said.psubscribe("scout__group__*")
        said.get_message(timeout=1)
        announce.changed([one.pk, two.pk])
        told = [said.get_message(timeout=1) for _hint in range(2)]
    assert [message["channel"].decode() for message in told] == [f"scout__group__run.{run.pk}" for run in (one, two)]
    assert [state["position"] for state in states(live_redis, one, two)] == [1, 2]


def test_a_hint_arrives_where_a_socket_listens(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))

    async def listen() -> Any:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(announce.group(run.pk), channel)
        announce.ring_groups([(announce.group(run.pk), {"type": "run.changed"})])
        message = await layer.receive(channel)
        await layer.group_discard(announce.group(run.pk), channel)
        return message

    assert async_to_sync(listen)() == {"type": "run.changed"}


@pytest.mark.parametrize(
    ("status", "told"),
    [(Status.STARTING, "queued"), (Status.COLLECTING, "running"), (Status.RUNNING, "running"), (Status.FAILED, "failed")],
)
def test_what_people_see(cast: Cast, live_redis: redis.Redis, status: Status, told: str) -> None:
    run = run_of(ask(cast.alice))
    set_row(run, status=status, started_at=ago(10), error_type="timed-out" if status == Status.FAILED else "")
    state = announce.state(run)
    eta = state.pop("eta")
    assert (eta == pytest.approx(170, abs=3)) if told == "running" else eta is None
    assert state == {
        "platform": TIKTOK,
        "actor": "clockworks/tiktok-scraper",
        "beside": False,
        "window": 7,
        "native": 7,
        "suspended": None,
        "status": told,
        "found": 0,
        "asked": 100,
        "rows": None,
        "position": None,
        "partial": False,
        "error": "timed-out" if status == Status.FAILED else "",
    }


def test_a_queued_run_knows_its_place_and_time(cast: Cast, live_redis: redis.Redis) -> None:
    state = announce.state(run_of(ask(cast.alice)))
    assert (state["status"], state["position"], state["eta"]) == ("queued", 1, 180)


def test_nothing_to_tell(db: None, live_redis: redis.Redis) -> None:
    announce.changed([])
    announce.changed([12345])
    assert live_redis.keys() == []


def test_without_redis_nothing_raises(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(ask(cast.alice))
    with redis_away(monkeypatch):
        announce.changed([run.pk])
        announce.left("some-search")
    assert states(live_redis, run) == [None]


def test_a_layer_that_fails_is_not_the_announcers_trouble(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(ask(cast.alice))
    monkeypatch.setattr(get_channel_layer(), "group_send", None)
    announce.changed([run.pk])
    assert states(live_redis, run)[0]["status"] == "queued"
