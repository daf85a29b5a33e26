"""The live feed of one search: /ws/search/{jobId}?since=N.

Connecting checks who it is and whose search it is, subscribes, then replays from `since`, then goes on live. A group
message only says that there is more; what there is is read from Redis. Every few seconds it looks by itself as well, so a
lost message costs seconds, not items. One thread serves the database work of all sockets, so there is none after
connecting, but for cancelling, and for the rare answer whose live list is gone.
"""

import asyncio
import contextlib
import json
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.models import User
from searches.accounts.sockets import EndsWithSignIn, language_of, may_write, person_of_socket
from searches.search import announce, live, results
from searches.search.cancel import cancel
from searches.search.models import OPEN, Run, Search
from searches.search.telling import combine

PING_SECONDS = 20.0
LOOK_SECONDS = 3.0
PAGE = 100
MOST_SAID = 200  # characters of a message from the client
NOT_SIGNED_IN, NOT_FOUND, TOO_MANY = 4401, 4404, 4429
SOCKETS_EACH = 50
_open: Counter[int] = Counter()  # sockets of each person, in this process
_REDIS: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


def shared_redis() -> redis.asyncio.Redis:
    """One client for all sockets of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _REDIS:
        _REDIS[loop] = connections().asynchronous()
    return _REDIS[loop]


class SearchConsumer(EndsWithSignIn, AsyncWebsocketConsumer):
    """One open page, or one program, watching one search."""

    search: Search | None = None

    async def connect(self) -> None:
        await self.accept()
        await self.listen_for_the_end()
        user = await person_of_socket(self.scope)
        if user is None:
            await self.close(NOT_SIGNED_IN)
            return
        if _open[user.pk] >= SOCKETS_EACH and not user.is_staff:
            await self.close(TOO_MANY)
            return
        self.language = language_of(self.scope)
        self.search, self.run_ids, states = await _load(user, self.scope["url_route"]["kwargs"]["job_id"])
        if self.search is None:
            await self.close(NOT_FOUND)
            return
        self.user, self.missed = user, 0
        self.ordinals = results.unpack(_since(self.scope), max(1, len(self.run_ids)))
        self.seen = await _seen(self.run_ids, self.ordinals)
        self.busy = asyncio.Lock()
        self.told = ""
        self.pinged = time.monotonic()
        self.groups = [announce.search_group(self.search.pk), *map(announce.group, self.run_ids)]
        for name in self.groups:
            with contextlib.suppress(OSError, redis.exceptions.RedisError):
                await self.channel_layer.group_add(name, self.channel_name)
        await self._tell("snapshot", states)
        # From here on `disconnect` is sure to come, and takes the number back.
        self.counted = user.pk
        _open[user.pk] += 1
        self.looking = asyncio.create_task(self._look_forever())

    async def disconnect(self, code: int) -> None:
        await self.stop_listening()
        if hasattr(self, "counted"):
            _open[self.counted] -= 1
        looking = getattr(self, "looking", None)
        if looking:
            looking.cancel()
        for name in getattr(self, "groups", []):
            with contextlib.suppress(OSError, redis.exceptions.RedisError):
                await self.channel_layer.group_discard(name, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The client says `{"type": "cancel"}`; anything else is not ours and is ignored."""
        if self.search and text_data and _says_cancel(text_data) and may_write(self.scope):
            self.search = await database_sync_to_async(cancel)(self.search)
            await self.pump()

    async def run_changed(self, event: dict[str, Any]) -> None:
        await self.pump()

    async def search_left(self, event: dict[str, Any]) -> None:
        if self.search:
            self.search.status = "cancelled"
            await self.pump()

    async def pump(self) -> None:
        """Send what is new. One at a time: two would send the same items."""
        async with self.busy:
            try:
                states = await self._read()
            except (redis.exceptions.RedisError, OSError, Unavailable):
                self.missed += 1
                return
            self.missed = 0 if states is not None else self.missed + 1
            if states is not None:
                await self._tell("progress", states)

    async def _look_forever(self) -> None:
        while True:
            await self.pump()
            if self.missed > 1 and self.search:
                # Redis was emptied, and of runs that have ended nobody writes the state again; or it is away.
                self.search, _ids, states = await _load(self.user, str(self.search.pk))
                await self._go_by_rows(states)
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - self.pinged > PING_SECONDS:
                self.pinged = time.monotonic()
                await self._send({"type": "ping"})

    async def _read(self) -> list[dict[str, Any]] | None:
        """Send new items of each run; the runs' states, or None while some of them is not in Redis."""
        client = shared_redis()
        pipe = client.pipeline(transaction=False)
        for run_id, ordinal in zip(self.run_ids, self.ordinals, strict=False):
            pipe.set(live.watch_key(run_id), 1, ex=live.WATCH_SECONDS)
            pipe.get(live.state_key(run_id))
            pipe.lrange(live.items_key(run_id), ordinal, ordinal + PAGE - 1)
        answers = await pipe.execute()
        states = []
        for i, run_id in enumerate(self.run_ids):
            state = json.loads(answers[i * 3 + 1] or b"null")
            await self._send_items(i, answers[i * 3 + 2])
            while len(answers[i * 3 + 2]) == PAGE:
                answers[i * 3 + 2] = await client.lrange(live.items_key(run_id), self.ordinals[i], self.ordinals[i] + PAGE - 1)
                await self._send_items(i, answers[i * 3 + 2])
            if state and state["rows"]:
                await self._send_rest(i, run_id, state["rows"])
            states.append(state)
        return states if all(states) else None

    async def _go_by_rows(self, states: list[dict[str, Any]]) -> None:
        """Without Redis: the ends of runs, and what they brought, out of the database."""
        async with self.busy:
            for i, state in enumerate(states[: len(self.run_ids)]):
                if state["rows"]:
                    await self._send_rest(i, self.run_ids[i], state["rows"])
            await self._tell("progress", states)

    async def _send_items(self, i: int, entries: list[bytes]) -> None:
        if entries:
            self.ordinals[i] += len(entries)
            items = b",".join(entry for entry in entries if entry and self._is_new(entry))
            await self.send(f'{{"type":"items","next":{results.pack(self.ordinals)},"items":[{items.decode()}]}}')

    def _is_new(self, entry: bytes) -> bool:
        """Whether a post has not been sent yet; asked only where several actors search one platform side by side."""
        return self.seen is None or bool(results.unseen([json.loads(entry)], self.seen))

    async def _send_rest(self, i: int, run_id: int, rows: int) -> None:
        """The run has ended; where its live list is not there any more, or not whole, the answer is read, page by page."""
        while (begin := self.ordinals[i]) < rows:
            items, end = await _rest(run_id, begin)
            if end <= begin:
                return
            self.ordinals[i] = end
            items = items if self.seen is None else results.unseen(items, self.seen)
            if items:
                await self._send({"type": "items", "next": results.pack(self.ordinals), "items": items})

    async def _tell(self, kind: str, states: list[dict[str, Any]]) -> None:
        """Say how it stands, when that has changed; say the end, and close."""
        if self.search is None:
            return
        status = self.search.status if self.search.status not in OPEN else _outcome(states)
        if self.seen is not None and status == "completed":
            self.search.item_count = await _count(self.search)  # each post once, and not once an actor
        with translation.override(self.language):
            told = combine(status, states, self.search.item_count)
        if kind == "snapshot":
            await self._send({"type": kind, "jobId": str(self.search.pk), "next": results.pack(self.ordinals), **told})
            return
        if told["status"] in OPEN:
            said = json.dumps(told)
            if said != self.told:
                self.told = said
                await self._send({"type": "progress", **told})
            return
        await self._send({"type": told["status"], "next": results.pack(self.ordinals), **told})
        await self.close(1000)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(json.dumps(message, ensure_ascii=False))


def _outcome(states: list[dict[str, Any]]) -> str:
    """The status of an open search out of its runs' states: ended once all of them have, or wait for an actor that is
    suspended while others have brought something (see finish.is_over)."""
    statuses = {state["status"] for state in states if not (state["status"] == "queued" and state.get("suspended"))}
    if "completed" not in statuses:
        statuses = {state["status"] for state in states}
    if not statuses or statuses & set(OPEN):
        return "running" if "running" in statuses else "queued"
    return next(s for s in ("completed", "failed", "cancelled") if s in statuses)


def _says_cancel(text: str) -> bool:
    try:
        said = json.loads(text) if len(text) < MOST_SAID else None
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("type") == "cancel"


def _since(scope: dict[str, Any]) -> int:
    raw = parse_qs(scope.get("query_string", b"").decode(errors="replace")).get("since", ["0"])[0]
    return min(int(raw), results.MAX_CURSOR) if raw.isascii() and raw.isdigit() and len(raw) < 20 else 0


@database_sync_to_async
def _load(user: User, job_id: str) -> tuple[Search | None, list[int], list[dict[str, Any]]]:
    try:
        search = Search.objects.filter(pk=UUID(job_id), user=user).first()
    except ValueError:
        search = None
    if search is None:
        return None, [], []
    runs = results.runs_of(search)
    states = {run.pk: announce.state(run) for run in runs}
    try:
        with connections().guarded() as client:
            live.watch(client, states)
            # What Redis has is as new or newer, and knows the number of rows; only what it lacks is put there.
            live.put_states(client, states, only_missing=True)
    except Unavailable:
        pass
    return search, list(states), list(states.values())


@database_sync_to_async
def _seen(run_ids: list[int], ordinals: list[int]) -> set[tuple[str, str]] | None:
    return results.seen_before(list(Run.objects.filter(pk__in=run_ids).order_by("pk")), ordinals) if len(run_ids) > 1 else None


@database_sync_to_async
def _count(search: Search) -> int:
    return Search.objects.filter(pk=search.pk).values_list("item_count", flat=True).first() or 0


@database_sync_to_async
def _rest(run_id: int, ordinal: int) -> tuple[list[Any], int]:
    from_answer = results.ended_run(run_id)
    return from_answer.since(ordinal, results.MAX_PAGE) if from_answer else ([], ordinal)
