"""Reading what a run has left: to its very end, each post once, and every error as a value."""

import json
from typing import Any

import pytest

from searches.platforms.apify import NotFound, Page, Unknown
from searches.search import gather as module
from searches.search.gather import Gathered, gather, read_all, unique
from searches.search.models import Run
from searches.search.upstream import apify
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import ago, run_of, set_row, started


def ended_run(engine: Engine, cast: Cast, **fault: Any) -> Run:
    engine.sandbox.set(run_seconds=0)
    if fault:
        engine.sandbox.faults({"on": "start", **fault})
    return run_of(started(cast.alice))


def test_it_works(engine: Engine, cast: Cast) -> None:
    run = ended_run(engine, cast)
    gathered = gather(apify(), run)
    assert gathered.error is None
    assert gathered.upstream
    assert (gathered.upstream.status, gathered.upstream.id) == ("SUCCEEDED", run.upstream_id)
    assert gathered.upstream.usage_usd
    assert len(gathered.entries) == 20
    assert [item["id"] for item in json.loads(gathered.body)] == [item["id"] for item in gathered.items]
    assert len(gathered.items) + len(gathered.gaps) == 20


def test_a_run_that_goes_on_is_not_read(engine: Engine, cast: Cast) -> None:
    gathered = gather(apify(), run_of(started(cast.alice)))
    assert gathered.upstream
    assert not gathered.upstream.ended
    assert gathered.entries == []
    assert engine.sandbox.stats()["itemReads"] == 0


def test_page_after_page_until_one_is_empty(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 7)
    gathered = gather(apify(), ended_run(engine, cast))
    assert len(gathered.entries) == 20
    assert engine.sandbox.stats()["itemReads"] == 4


def test_nothing_found(engine: Engine, cast: Cast) -> None:
    gathered = gather(apify(), ended_run(engine, cast, kind="empty"))
    assert (gathered.entries, gathered.body, gathered.gaps, gathered.error) == ([], b"[]", (), None)


def test_the_same_ordinals_whoever_reads(engine: Engine, cast: Cast) -> None:
    run = ended_run(engine, cast, kind="hostile")
    one, other = gather(apify(), run), gather(apify(), run)
    assert (one.body, one.gaps) == (other.body, other.gaps)
    assert one.gaps
    ids = [item["id"] for item in one.items]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("on", ["get", "items"])
@pytest.mark.parametrize(
    ("rule", "type"),
    [
        ({"kind": "error", "status": 500}, "internal-server-error"),
        ({"kind": "error", "status": 429}, "rate-limit-exceeded"),
        ({"kind": "error", "type": "record-not-found"}, "record-not-found"),
        ({"kind": "truncated"}, "unreadable-answer"),
        ({"kind": "drop"}, "no-answer"),
        ({"kind": "broken-off"}, "no-answer"),
        ({"kind": "html"}, "http-502"),
    ],
)
def test_errors_are_values(engine: Engine, cast: Cast, on: str, rule: dict[str, Any], type: str) -> None:
    run = ended_run(engine, cast)
    engine.sandbox.faults({"on": on, **rule})
    gathered = gather(apify(), run)
    assert gathered.error
    assert (gathered.error.type, gathered.entries) == (type, [])


def test_a_run_whose_actor_is_gone_is_an_error_of_its_own(engine: Engine, cast: Cast) -> None:
    run = ended_run(engine, cast)
    set_row(run, actor="nobody/retired-scraper")
    gathered = gather(apify(), run)
    assert gathered.error
    assert gathered.entries == []


def test_what_it_cost_is_known_even_where_its_items_cannot_be_read(engine: Engine, cast: Cast) -> None:
    run = ended_run(engine, cast)
    engine.sandbox.faults({"on": "items", "kind": "error", "type": "record-not-found"})
    gathered = gather(apify(), run)
    assert isinstance(gathered.error, NotFound)
    assert gathered.upstream
    assert gathered.upstream.usage_usd


def test_the_window_counts_from_the_start_of_the_run(engine: Engine, cast: Cast) -> None:
    run = ended_run(engine, cast)
    set_row(run, actor="clockworks/free-tiktok-scraper")  # has no date filter, so what it brings is filtered here
    everything = gather(apify(), run)
    set_row(run, started_at=ago(-40 * 86_400))  # as if asked in forty days: all these posts are older than a week then
    nothing = gather(apify(), run)
    assert everything.items
    assert [item for item in nothing.items if item["createTime"]] == []
    assert len(nothing.entries) == len(everything.entries)


# read_all and unique, on their own.


class Dataset:
    """A dataset in memory that answers pages the way Apify does."""

    def __init__(self, rows: list[Any], gone_at: int | None = None, short: int | None = None) -> None:
        self.rows, self.gone_at, self.short = rows, gone_at, short

    def items(self, dataset_id: str, offset: int, limit: int) -> Page:
        if self.gone_at is not None and offset >= self.gone_at:
            raise NotFound("record-not-found", "", 404)
        page = self.rows[offset : offset + min(limit, self.short or limit)]
        return Page(page, len(page))


def test_short_pages_are_not_the_end() -> None:
    rows = list(range(30))
    assert read_all(Dataset(rows, short=4), "d") == rows  # type: ignore[arg-type]


def test_pages_of_empty_rows_are_not_the_end() -> None:
    class Skipping(Dataset):
        def items(self, dataset_id: str, offset: int, limit: int) -> Page:
            return Page([] if offset < 500 else self.rows, 250 if offset < 750 else 0)

    assert read_all(Skipping([1, 2]), "d") == [1, 2]  # type: ignore[arg-type]


def test_a_dataset_that_never_ends_does_not_fill_the_memory() -> None:
    class Endless(Dataset):
        def items(self, dataset_id: str, offset: int, limit: int) -> Page:
            return Page([0] * limit, limit)

    assert len(read_all(Endless([]), "d")) == module.MAX_ROWS  # type: ignore[arg-type]


def test_a_dataset_that_is_gone() -> None:
    with pytest.raises(NotFound):
        read_all(Dataset([], gone_at=0), "d")  # type: ignore[arg-type]


def test_a_dataset_that_goes_while_it_is_read_gives_what_was_read() -> None:
    assert len(read_all(Dataset([0] * 600, gone_at=500), "d")) == 500  # type: ignore[arg-type]


def test_an_error_on_a_later_page_is_an_error_and_not_an_end() -> None:
    class Failing(Dataset):
        def items(self, dataset_id: str, offset: int, limit: int) -> Page:
            if offset:
                raise Unknown("internal-server-error", "", 500)
            return super().items(dataset_id, offset, limit)

    with pytest.raises(Unknown):
        read_all(Failing([0] * 600), "d")  # type: ignore[arg-type]


def test_the_first_of_two_stays() -> None:
    a, b = {"id": "1", "title": "first"}, {"id": "1", "title": "second"}
    assert unique([a, None, b, {"id": "2"}, b]) == [a, None, None, {"id": "2"}, None]  # type: ignore[list-item]


def test_gaps_are_where_nothing_is() -> None:
    gathered = Gathered(Run(), entries=[None, {"id": "1"}, None])  # type: ignore[list-item]
    assert (gathered.gaps, gathered.items) == ((0, 2), [{"id": "1"}])
