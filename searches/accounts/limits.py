"""How often a person may do a thing. Counted in Redis; while Redis is away nobody is held back."""

import math
import time

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.models import User

_WINDOW_SECONDS = 60


def seconds_to_wait(user: User, action: str, per_minute: int) -> int:
    """0 when the person may; else the seconds until they may again. Staff always may."""
    if user.is_staff:
        return 0
    window, into = divmod(time.time(), _WINDOW_SECONDS)
    key = f"scout:limit:{action}:{user.pk}:{int(window)}"
    try:
        with connections().guarded() as client:
            pipe = client.pipeline(transaction=False)
            pipe.incr(key)
            pipe.expire(key, _WINDOW_SECONDS * 2)
            used: int = pipe.execute()[0]
    except Unavailable:
        return 0
    return math.ceil(_WINDOW_SECONDS - into) if used > per_minute else 0
