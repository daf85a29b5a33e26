"""A fixed number of threads for requests, instead of a new one for each.

Under ASGI every request of a synchronous view gets a thread of its own, and with it a new database connection: 300 people
at once are 300 threads that fight for one interpreter and one database. Lanes are threads that stay: a request waits its
turn for one, finds its connection open, and leaves it so. And it goes there once: Django would send each middleware to the
thread and back by itself, which costs more than most of our views.
"""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def _lane() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="lane")


class Lanes:
    """`count` lanes that are held by one request each, and a few that sockets share."""

    def __init__(self, count: int) -> None:
        self._free: asyncio.LifoQueue[ThreadPoolExecutor] = asyncio.LifoQueue()
        for _i in range(count):
            self._free.put_nowait(_lane())
        self._shared = itertools.cycle([_lane() for _i in range(max(1, count // 4))])

    async def held(self, application: Any, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request in a lane of its own."""
        lane = await self._free.get()
        try:
            async with ThreadSensitiveContext(executor=lane):
                await application(scope, receive, send)
        finally:
            self._free.put_nowait(lane)

    async def shared(self, application: Any, scope: Any, receive: Any, send: Any) -> None:
        """Serve a socket, whose few and short visits to the database share a lane with others'."""
        async with ThreadSensitiveContext(executor=next(self._shared)):
            await application(scope, receive, send)


class OneHopHandler(ASGIHandler):
    """Django's ASGI handler with its middleware and views run in one go in the request's thread."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
