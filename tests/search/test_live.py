"""The live list of a run: its length is the reading offset, its index the cursor, whoever writes and however often."""

import json
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searches.item import Item
from searches.search import live
from searches.search.gather import unique

RUN = 7


def item(id: int) -> Item:
    return {"id": str(id), "title": "한국어 ✓"}  # type: ignore[typeddict-item]


def ids(client: redis.Redis) -> list[str | None]:
    """What is in the list, None for a gap."""
    return [json.loads(entry)["id"] if entry else None for entry in client.lrange(live.items_key(RUN), 0, -1)]


def test_it_works(live_redis: redis.Redis) -> None:
    assert live.append(live_redis, RUN, 0, [item(1), None, item(2)]) == (3, 2)
    assert live.append(live_redis, RUN, 3, [item(3)]) == (4, 3)
    assert live.read(live_redis, RUN, 0, 2) == ([live.encode(item(1)).encode()], 2)
    assert live.read(live_redis, RUN, 2, 100) == ([live.encode(item(2)).encode(), live.encode(item(3)).encode()], 4)
    assert live.read(live_redis, RUN, 4, 100) == ([], 4)


def test_what_is_there_already_is_not_written_again(live_redis: redis.Redis) -> None:
    live.append(live_redis, RUN, 0, [item(1), item(2)])
    assert live.append(live_redis, RUN, 0, [item(1), item(2), item(3)]) == (3, 3)
    assert live.append(live_redis, RUN, 1, [item(2)]) == (3, 3)
    assert ids(live_redis) == ["1", "2", "3"]


def test_a_gap_before_it_writes_nothing_and_says_where_to_read_from(live_redis: redis.Redis) -> None:
    live.append(live_redis, RUN, 0, [item(1)])
    assert live.append(live_redis, RUN, 5, [item(6)]) == (1, 1)
    live_redis.flushall()
    assert live.append(live_redis, RUN, 1, [item(2)]) == (0, 0)
    assert ids(live_redis) == []


def test_a_post_that_comes_twice_is_a_gap_the_second_time(live_redis: redis.Redis) -> None:
    assert live.append(live_redis, RUN, 0, [item(1), item(1), item(2)]) == (3, 2)
    assert live.append(live_redis, RUN, 3, [item(2), item(3)]) == (5, 3)
    assert ids(live_redis) == ["1", None, "2", None, "3"]


def test_nothing_to_append(live_redis: redis.Redis) -> None:
    assert live.append(live_redis, RUN, 0, []) == (0, 0)
    assert live_redis.keys() == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.one_of(st.none(), st.integers(1, 6)), max_size=15),
    readings=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=8),
)
def test_any_readers_in_any_order_build_what_the_end_brings(live_redis: redis.Redis, rows: list[Any], readings: list[Any]) -> None:
    live_redis.flushall()
    entries = [item(row) if row else None for row in rows]
    for offset, length in readings:
        live.append(live_redis, RUN, offset, entries[offset : offset + length])
    live.append(live_redis, RUN, 0, entries, ended=True)
    assert ids(live_redis) == [entry["id"] if entry else None for entry in unique(entries)]


def test_lists_do_not_stay_for_ever(live_redis: redis.Redis) -> None:
    live.append(live_redis, RUN, 0, [item(1)])
    assert live_redis.ttl(live.items_key(RUN)) > live.ENDED_TTL_SECONDS
    live.append(live_redis, RUN, 0, [item(1)], ended=True)
    assert 0 < live_redis.ttl(live.items_key(RUN)) <= live.ENDED_TTL_SECONDS
    assert all(live_redis.ttl(key) > 0 for key in live_redis.scan_iter())


def test_watching_marks_runs_for_half_a_minute(live_redis: redis.Redis) -> None:
    live.watch(live_redis, [1, 3])
    assert live.watched(live_redis, [1, 2, 3, 4]) == {1, 3}
    assert 0 < live_redis.ttl(live.watch_key(1)) <= 30
    assert live.watched(live_redis, []) == set()
    live.watch(live_redis, [])


def test_states(live_redis: redis.Redis) -> None:
    live.put_states(live_redis, {1: {"status": "running"}})
    live.put_states(live_redis, {1: {"status": "queued"}, 2: {"status": "queued"}}, only_missing=True)
    assert [json.loads(live_redis.get(live.state_key(i)) or "")["status"] for i in (1, 2)] == ["running", "queued"]
    live.put_states(live_redis, {})


def test_what_json_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError):
        live.encode({"id": "1", "durationSeconds": float("nan")})  # type: ignore[typeddict-item]
