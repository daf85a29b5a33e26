"""Tells open pages that a newer answer was written: /ws/results/{answerKey}.

A page that shows a known answer listens here for as long as it is open. What it is told is only that there is more; it
fetches /api/results/{answerKey} itself, which also makes up for a hint that was lost: it looks after every connecting.
"""

import asyncio
import contextlib
from typing import Any

import redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from searches.accounts.sockets import EndsWithSignIn, person_of_socket
from searches.platforms.sources import sources_of
from searches.query import QueryError
from searches.search import announce, consumers
from searches.search.publish import parse_key
from searches.search.submit import platforms_of


class ResultsConsumer(EndsWithSignIn, AsyncJsonWebsocketConsumer):
    """One open page that shows one known answer. Sockets of a person are counted together with those of searches."""

    counted: int | None = None
    pinging: asyncio.Task[None] | None = None
    groups: list[str] = []

    async def connect(self) -> None:
        await self.accept()
        await self.listen_for_the_end()
        user = await person_of_socket(self.scope)
        if user is None:
            await self.close(consumers.NOT_SIGNED_IN)
            return
        if consumers._open[user.pk] >= consumers.SOCKETS_EACH and not user.is_staff:
            await self.close(consumers.TOO_MANY)
            return
        try:
            self.answer_key, keys = await _keys(self.scope["url_route"]["kwargs"]["answer_key"])
        except QueryError:
            await self.close(consumers.NOT_FOUND)
            return
        self.groups = [announce.answer_group(key) for key in keys]
        for name in self.groups:
            with contextlib.suppress(OSError, redis.RedisError):
                await self.channel_layer.group_add(name, self.channel_name)
        # From here on `disconnect` is sure to come, and takes the number back.
        self.counted = user.pk
        consumers._open[user.pk] += 1
        self.pinging = asyncio.create_task(self._ping_forever())

    async def disconnect(self, code: int) -> None:
        await self.stop_listening()
        if self.counted is not None:
            consumers._open[self.counted] -= 1
        if self.pinging:
            self.pinging.cancel()
        for name in self.groups:
            with contextlib.suppress(OSError, redis.RedisError):
                await self.channel_layer.group_discard(name, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing that a client says is of interest here."""

    async def answer_refreshed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "refreshed", "answerKey": self.answer_key})

    async def _ping_forever(self) -> None:
        """At once, to say that it listens by now, and then so often that no proxy takes the socket for dead."""
        while True:
            await self.send_json({"type": "ping"})
            await asyncio.sleep(consumers.PING_SECONDS)


@database_sync_to_async
def _keys(answer_key: str) -> tuple[str, list[str]]:
    """The key as it is kept, and the answer keys of all its sources. QueryError: there can be no such answer."""
    query = parse_key(answer_key)
    return query.key, [source.key(query) for source in sources_of(platforms_of(query))]
