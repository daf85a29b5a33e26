"""The whole of a search, step by step, in one process: queued, started, followed, collected."""

from searches.cache.lookup import find
from searches.query import parse
from searches.search.models import Run, Search, Status
from searches.search.submit import Hit, Placed, submit
from tests.cast import Cast
from tests.conftest import Engine


def test_it_works(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0.01)
    placed = submit(cast.alice, parse("메이크업", "tiktok", "7days"))
    assert isinstance(placed, Placed)
    assert Run.objects.get().status == Status.QUEUED
    engine.work()
    run = Run.objects.get()
    assert (run.status, bool(run.upstream_id), bool(run.dataset_id)) == (Status.RUNNING, True, True)
    assert Search.objects.get().status == Status.RUNNING
    engine.settle()
    run.refresh_from_db()
    assert (run.status, run.partial, run.error_type) == (Status.COMPLETED, False, "")
    assert run.items_found > 0
    assert run.usage_usd
    search = Search.objects.get()
    assert (search.status, search.item_count) == (Status.COMPLETED, run.items_found)
    answer = find("tiktok:메이크업:7days")
    assert answer
    assert len(answer.items()) == run.items_found
    hit = submit(cast.bob, parse(" 메이크업 ", "tiktok", "7days"))
    assert isinstance(hit, Hit)
    assert not hit.stale
    assert engine.sandbox.stats()["starts"] == 1
