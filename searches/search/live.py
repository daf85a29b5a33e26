"""What a run has found so far, in Redis: a list whose length is the reading offset and whose index is the one cursor.

An entry is an Item as JSON, or empty for a row that became none (see mapping). Nothing here is the truth: a list that is
lost is read again from 0 out of the dataset, a state that is lost is written again by follow.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from searches.item import Item

TTL_SECONDS = 86_400
ENDED_TTL_SECONDS = 3_600
WATCH_SECONDS = 30

# KEYS: items, ids. ARGV: offset of the first entry, TTL, then id and body of each entry. Answers the list's length and
# how many items are in it. Entries that are there already are skipped, so two readers of one run do no harm; a gap writes
# nothing.
_APPEND = """
local have, offset = redis.call('LLEN', KEYS[1]), tonumber(ARGV[1])
if have < offset then return {have, redis.call('SCARD', KEYS[2])} end
for i = have - offset + 1, (#ARGV - 2) / 2 do
  local id, body = ARGV[1 + i * 2], ARGV[2 + i * 2]
  if id ~= '' and redis.call('SADD', KEYS[2], id) == 0 then body = '' end
  redis.call('RPUSH', KEYS[1], body)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return {redis.call('LLEN', KEYS[1]), redis.call('SCARD', KEYS[2])}
"""


def items_key(run_id: int) -> str:
    return f"scout:run:{run_id}:items"


def state_key(run_id: int) -> str:
    return f"scout:run:{run_id}:state"


def watch_key(run_id: int) -> str:
    return f"scout:run:{run_id}:watched"


def encode(item: Item | None) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"), allow_nan=False) if item else ""


def append(client: redis.Redis, run_id: int, offset: int, items: Sequence[Item | None], ended: bool = False) -> tuple[int, int]:
    """Add entries that begin at `offset`; the list's length and number of items after. A length below `offset`: entries
    before it are missing, nothing was added, read again from that length."""
    args: list[Any] = [offset, ENDED_TTL_SECONDS if ended else TTL_SECONDS]
    for item in items:
        args += [item["id"] if item else "", encode(item)]
    length, found = client.eval(_APPEND, 2, items_key(run_id), f"scout:run:{run_id}:ids", *args)
    return int(length), int(found)


def read(client: redis.Redis, run_id: int, ordinal: int, limit: int) -> tuple[list[bytes], int]:
    """Items as JSON from at most `limit` entries at `ordinal`, and the ordinal to ask for next."""
    entries: list[bytes] = client.lrange(items_key(run_id), ordinal, ordinal + limit - 1)  # type: ignore[assignment]
    return [e for e in entries if e], ordinal + len(entries)


def watch(client: redis.Redis, run_ids: Iterable[int]) -> None:
    """Somebody is looking at these runs: follow reads their items for the next 30 s."""
    pipe = client.pipeline(transaction=False)
    for run_id in run_ids:
        pipe.set(watch_key(run_id), 1, ex=WATCH_SECONDS)
    pipe.execute()


def watched(client: redis.Redis, run_ids: Sequence[int]) -> set[int]:
    """Those of the runs that somebody is looking at."""
    marks: list[bytes | None] = client.mget([watch_key(i) for i in run_ids]) if run_ids else []  # type: ignore[assignment]
    return {run_id for run_id, mark in zip(run_ids, marks, strict=True) if mark}


def put_states(client: redis.Redis, states: Mapping[int, Mapping[str, Any]], only_missing: bool = False) -> None:
    """Write the state of runs, as their watchers read it."""
    pipe = client.pipeline(transaction=False)
    for run_id, state in states.items():
        pipe.set(state_key(run_id), json.dumps(state), ex=TTL_SECONDS, nx=only_missing)
    pipe.execute()
