"""An answer's posts as objects, kept for the next look at them: parsing a thousand of them takes longer than all the rest."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from cachetools import LRUCache

from searches.cache.answer import Answer
from searches.item import Item
from searches.platforms.sources import platform_in
from searches.search import results
from searches.search.measures import key

#: Of JSON text; as objects that is about five times as much.
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shelf:
    """The posts of an answer, not to be changed. `name` tells one answer from any other; `counted_at` says when each platform's
    counts were read, in milliseconds since 1970."""

    name: str
    items: list[Item]
    keys: tuple[str, ...]
    platforms: tuple[str, ...]
    counted_at: Mapping[str, int]
    size: int


_shelves: LRUCache[str, Shelf] = LRUCache(_MOST_BYTES, getsizeof=lambda shelf: shelf.size)
_lock = threading.Lock()


def shelf_of(name: str, answers: Sequence[Answer]) -> Shelf:
    """The posts of these answers. `name` is the published answer's ETag, which is another as soon as anything is."""
    found = recall(name)
    if found is None:
        found = _shelved(name, answers)
        with _lock:
            if found.size <= _MOST_BYTES:
                _shelves[name] = found
    return found


def recall(name: str) -> Shelf | None:
    """The posts of the answer of that name, where they are still remembered."""
    with _lock:
        return _shelves.get(name)


def _shelved(name: str, answers: Sequence[Answer]) -> Shelf:
    items = cast(list[Item], results.merged_items(answers))
    counted: dict[str, int] = {}
    for answer in answers:
        platform = platform_in(answer.key)
        counted[platform] = max(counted.get(platform, 0), int(answer.created_at.timestamp() * 1000))
    platforms = tuple(dict.fromkeys(item["platform"] for item in items))
    size = sum(len(answer.body) for answer in answers) + 1_000
    return Shelf(name, items, tuple(key(item) for item in items), platforms, counted, size)
