"""Reads what a run that ended has left upstream: its last state and all its rows. HTTP and mapping only, no database."""

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from searches.item import Item
from searches.platforms.apify import Apify, ApifyError, NotFound, UpstreamRun
from searches.platforms.registry import ACTORS
from searches.search.mapping import map_rows
from searches.search.models import Run

log = logging.getLogger("scout.worker")
PAGE = 250
MAX_ROWS = 5_000  # far above any item limit; a dataset that never ends must not fill the memory


@dataclass(frozen=True, slots=True)
class Gathered:
    """A run and its entries in upstream's order, None where a row became no item; `outside` of these lie outside the asked
    window. Or the error that kept them away, with the run's last state where at least that could be read."""

    run: Run
    upstream: UpstreamRun | None = None
    entries: list[Item | None] = field(default_factory=list)
    outside: int = 0
    error: ApifyError | None = None

    @property
    def items(self) -> list[Item]:
        return [entry for entry in self.entries if entry]

    @property
    def gaps(self) -> tuple[int, ...]:
        return tuple(i for i, entry in enumerate(self.entries) if entry is None)

    @property
    def body(self) -> bytes:
        return json.dumps(self.items, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def gather(client: Apify, run: Run) -> Gathered:
    """Everything of one run. Never raises: this run's trouble is not that of those that are collected with it."""
    upstream: UpstreamRun | None = None
    try:
        upstream = client.get(run.upstream_id)
        rows = read_all(client, run.dataset_id) if upstream.ended else []
        mapped = map_rows(ACTORS[run.actor], rows, run.date_range, began(run))
        return Gathered(run, upstream, unique(mapped.entries), mapped.outside)
    except ApifyError as error:
        return Gathered(run, upstream, error=error)
    except Exception as error:
        log.exception("run %s: its rows cannot be read", run.pk)
        return Gathered(run, upstream, error=ApifyError("unreadable-rows", type(error).__name__))


def began(run: Run) -> datetime:
    """The moment that the run's date window counts from."""
    return run.started_at or run.created_at


def read_all(client: Apify, dataset_id: str) -> list[Any]:
    """All rows, page by page, until a page comes back empty: counters and short pages say nothing about the end."""
    rows: list[Any] = []
    offset = 0
    while offset < MAX_ROWS:
        try:
            page = client.items(dataset_id, offset, PAGE)
        except NotFound:
            if offset:
                break
            raise
        if not page.scanned:
            break
        rows += page.rows
        offset += page.scanned
    return rows[:MAX_ROWS]


def unique(entries: list[Item | None]) -> list[Item | None]:
    """The same entries with every repeated post emptied; the first one stays."""
    seen: set[str] = set()
    kept: list[Item | None] = []
    for entry in entries:
        new = entry is not None and entry["id"] not in seen
        kept.append(entry if new else None)
        if entry:
            seen.add(entry["id"])
    return kept
