"""Reading what a question has brought: the known answers, or what its runs have found so far.

A search may have several runs (one a source), and one cursor: their ordinals packed into one whole number, in the order of
the runs. For a single run it is simply the ordinal. Where several actors search one platform side by side, a post that is
among the entries before the cursor of any of them is not given again.
"""

import json
from collections.abc import Container, Iterable, Sequence
from typing import Any
from uuid import UUID

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.models import User
from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.lookup import find
from searches.platforms.sources import Source, platform_in
from searches.query import Query
from searches.search import live
from searches.search.models import Run, Search, SearchRun, Status

MAX_CURSOR = 2**53 - 1
FIRST_PAGE = 100
MAX_PAGE = 500
_TRIES = 10


def known(query: Query, sources: Sequence[Source]) -> dict[Source, Answer]:
    """The answers that are there, by source and in the sources' order."""
    found = {source: find(source.key(query)) for source in sources}
    return {source: answer for source, answer in found.items() if answer}


def complete(sources: Sequence[Source], answers: Container[Source]) -> bool:
    """Whether every source that is needed has answered."""
    return all(source in answers for source in sources if source.needed)


def merged_body(answers: Sequence[Answer]) -> bytes:
    """The items of all answers as one JSON array: without parsing them, unless several are of one platform."""
    if _several_of_one([platform_in(answer.key) for answer in answers]):
        return json.dumps(merged_items(answers), ensure_ascii=False, separators=(",", ":")).encode()
    bodies = [a.body[1:-1] for a in answers if a.item_count]
    return b"[" + b",".join(bodies) + b"]"


def merged_count(answers: Sequence[Answer]) -> int:
    """How many posts that is."""
    if _several_of_one([platform_in(answer.key) for answer in answers]):
        return len(merged_items(answers))
    return sum(answer.item_count for answer in answers)


def merged_items(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The items of all answers, each post once."""
    items = [item for answer in answers for item in answer.items()]
    return unseen(items, set()) if _several_of_one([platform_in(answer.key) for answer in answers]) else items


def unseen(items: Iterable[dict[str, Any]], seen: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """Those of the items that are not in `seen`, and put there."""
    new = []
    for item in items:
        name = (item["platform"], item["id"])
        if name not in seen:
            seen.add(name)
            new.append(item)
    return new


def _several_of_one(platforms: Sequence[str]) -> bool:
    return len(set(platforms)) < len(platforms)


def unpack(cursor: int, runs: int) -> list[int]:
    """Ordinals, one a run, of a cursor."""
    bits = _bits(runs)
    return [(cursor >> (bits * i)) & (2**bits - 1) for i in range(runs)] if runs > 1 else [cursor]


def pack(ordinals: Sequence[int]) -> int:
    bits = _bits(len(ordinals))
    return sum(ordinal << (bits * i) for i, ordinal in enumerate(ordinals)) if len(ordinals) > 1 else ordinals[0]


def _bits(runs: int) -> int:
    """Per run: 16 for up to three of them; 13, enough for MAX_ROWS, for the four that a search has at most."""
    return 16 if runs <= 3 else 53 // runs


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
    seen = seen_before(runs, ordinals)
    found: list[Any] = []
    for i, run in enumerate(runs):
        if len(found) < limit:
            items, ordinals[i] = _run_since(run, ordinals[i], limit - len(found))
            found += items if seen is None else unseen(items, seen)
    return found, pack(ordinals)


def seen_before(runs: Sequence[Run], ordinals: Sequence[int]) -> set[tuple[str, str]] | None:
    """The posts among the entries before these ordinals; None where no platform has several runs, so nothing comes twice."""
    if not _several_of_one([run.platform for run in runs]):
        return None
    seen: set[tuple[str, str]] = set()
    for run, ordinal in zip(runs, ordinals, strict=True):
        if ordinal:
            unseen(_run_since(run, 0, ordinal)[0], seen)
    return seen


def count_merged(search_ids: Iterable[UUID]) -> None:
    """Write how many posts these searches have brought, each counted once, where several actors searched one platform."""
    for search in Search.objects.filter(pk__in=search_ids, status=Status.COMPLETED).prefetch_related("runs"):
        runs = [run for run in search.runs.all() if run.status == Status.COMPLETED]
        if _several_of_one([run.platform for run in runs]):
            # As they are stored: a worker that counts is not told what has changed of what it remembers.
            answers = [answer for run in runs if (answer := store.get(run.answer_key))]
            Search.objects.filter(pk=search.pk).update(item_count=len(merged_items(answers)))


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
