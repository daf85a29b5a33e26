"""Reading what a question has brought: the known answers, or what its runs have found so far.

A search may have several runs (one a platform), and one cursor: their ordinals packed into one whole number, 16 bits
each, in the order of the runs. For a single run it is simply the ordinal.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.models import User
from searches.cache.answer import Answer
from searches.cache.lookup import find
from searches.platforms.models import Platform
from searches.query import Query
from searches.search import live
from searches.search.models import Run, Search, SearchRun, Status

_BITS = 16
MAX_CURSOR = 2**53 - 1
FIRST_PAGE = 100
MAX_PAGE = 500
_TRIES = 10


def known(query: Query, platforms: Sequence[Platform]) -> list[Answer] | None:
    """The answers of these platforms, when every one of them is known."""
    answers = [find(query.on(platform.name).key) for platform in platforms]
    return [a for a in answers if a] if answers and all(answers) else None


def merged_body(answers: Sequence[Answer]) -> bytes:
    """The items of all answers as one JSON array, without parsing them."""
    bodies = [a.body[1:-1] for a in answers if a.item_count]
    return b"[" + b",".join(bodies) + b"]"


def unpack(cursor: int, runs: int) -> list[int]:
    """Ordinals, one a run, of a cursor."""
    return [(cursor >> (_BITS * i)) & (2**_BITS - 1) for i in range(runs)] if runs > 1 else [cursor]


def pack(ordinals: Sequence[int]) -> int:
    return sum(ordinal << (_BITS * i) for i, ordinal in enumerate(ordinals)) if len(ordinals) > 1 else ordinals[0]


def runs_of(search: Search) -> list[Run]:
    """A search's runs in the order that its cursor counts them."""
    return list(search.runs.order_by("pk"))


def own(user: User, search_id: UUID) -> tuple[Search, list[Run]] | None:
    """A person's search with its runs, in one query; None where there is none, or it is somebody else's."""
    links = SearchRun.objects.filter(search_id=search_id, search__user=user).select_related("search", "run").order_by("run_id")
    found = list(links)
    if found:
        return found[0].search, [link.run for link in found]
    search = Search.objects.filter(pk=search_id, user=user).first()
    return (search, []) if search else None


def ended_run(run_id: int) -> Answer | None:
    """The answer that a completed run has written, unless it has expired."""
    run = Run.objects.filter(pk=run_id, status=Status.COMPLETED).first()
    return find(run.answer_key) if run else None


def items_since(runs: Sequence[Run], cursor: int, limit: int) -> tuple[list[Any], int]:
    """Items of the runs from `cursor` on, at most about `limit`, and the cursor to ask with next."""
    if not runs:
        return [], 0
    ordinals = unpack(cursor, len(runs))
    found: list[Any] = []
    for i, run in enumerate(runs):
        if len(found) < limit:
            items, ordinals[i] = _run_since(run, ordinals[i], limit - len(found))
            found += items
    return found, pack(ordinals)


def first_items(runs: Sequence[Run], count: int) -> tuple[list[Any], int]:
    """The first `count` items, also where rows before or between them became none, and the cursor after them."""
    found, cursor = items_since(runs, 0, count)
    for _try in range(_TRIES):
        if len(found) >= count:
            break
        more, after = items_since(runs, cursor, count - len(found))
        if after == cursor:
            break
        found, cursor = found + more, after
    return found, cursor


def _run_since(run: Run, ordinal: int, limit: int) -> tuple[list[Any], int]:
    try:
        with connections().guarded() as client:
            entries, next_ordinal = live.read(client, run.pk, ordinal, limit)
    except Unavailable:
        entries, next_ordinal = [], ordinal
    if next_ordinal > ordinal or run.status != Status.COMPLETED:
        return [json.loads(entry) for entry in entries], next_ordinal
    answer = find(run.answer_key)
    return answer.since(ordinal, limit) if answer else ([], ordinal)
