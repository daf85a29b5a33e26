"""Hints to open sockets, from threads and commands: a group is rung, and whoever misses it has lost a hint."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

from channels.layers import get_channel_layer

from scout.queues import connections

log = logging.getLogger("scout.hints")
_SEND_SECONDS = 1.5


def ring_groups(messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Send each message to its group; never raises. All through one event loop that stays: a loop for each message costs
    50 times more."""
    wanted = list(messages)
    if not wanted or connections().away:
        return
    future = asyncio.run_coroutine_threadsafe(_send(wanted), _loop())
    try:
        future.result(_SEND_SECONDS)
    except Exception as error:
        log.warning("hints not sent: %s", type(error).__name__)


async def _send(messages: list[tuple[str, dict[str, Any]]]) -> None:
    layer = get_channel_layer()
    for name, message in messages:
        await layer.group_send(name, message)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="hints", daemon=True).start()
    return loop
