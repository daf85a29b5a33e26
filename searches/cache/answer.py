"""An answer as readers hold it: ready JSON bytes and what a page says about them."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from searches.cache.freshness import Freshness, freshness


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered. `body` is a JSON array of Items; `gaps` the sorted ordinals that became no item.

    `outside_count` posts lie outside the asked window; `window_days` is the actor's own window, None for none. `new_count`
    items were not in the answer before, fetched at `previous_at`; the store finds out both as it writes, None for a first.
    """

    key: str
    body: bytes
    gaps: tuple[int, ...]
    item_count: int
    undated_count: int
    partial: bool
    created_at: datetime
    expires_at: datetime
    etag: str = field(default="")
    actor: str = ""
    outside_count: int = 0
    window_days: int | None = None
    new_count: int | None = None
    previous_at: datetime | None = None

    @property
    def rows(self) -> int:
        """How many ordinals there are: upstream rows, items or not."""
        return self.item_count + len(self.gaps)

    def freshness(self, now: datetime | None = None) -> Freshness:
        poor = self.partial or not self.item_count
        return freshness(self.created_at, self.expires_at, now or timezone.now(), settings.FRESH_SECONDS, poor)

    def items(self) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = json.loads(self.body)
        return parsed

    def since(self, ordinal: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Items of at most `limit` ordinals from `ordinal` on, and the ordinal to ask for next."""
        ordinal = min(max(ordinal, 0), self.rows)
        end = min(ordinal + limit, self.rows)
        first = ordinal - sum(gap < ordinal for gap in self.gaps)
        last = end - sum(gap < end for gap in self.gaps)
        return self.items()[first:last], end


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'
