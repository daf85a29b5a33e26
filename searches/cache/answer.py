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
    """What a platform answered. `body` is a JSON array of Items; `gaps` the sorted ordinals that became no item."""

    key: str
    body: bytes
    gaps: tuple[int, ...]
    item_count: int
    undated_count: int
    partial: bool
    created_at: datetime
    expires_at: datetime
    etag: str = field(default="")

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
