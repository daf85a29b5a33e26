"""A try-out: a run of its own kind through the real engine, that changes nothing for anybody else."""

from decimal import Decimal
from typing import Any

import pytest
import requests

from scout.redis import Unavailable
from searches.accounts.models import User
from searches.cache.models import CachedAnswer
from searches.platforms.models import ActorHealth, Platform
from searches.platforms.registry import ACTORS
from searches.query import Query, parse
from searches.search.collect import collect_due
from searches.search.models import Run, Search, Status
from searches.search.seek import seek_lost
from searches.search.start import claim, start_due
from searches.search.tryout import SAMPLES, Sample, place, stop, words
from tests.cast import Cast, make_cast
from tests.conftest import Engine
from tests.rows import make_run
from tests.search.steps import THREADS, TIKTOK, ago, ask, at_once, queued_jobs, redis_away, run_of, set_row

EASYAPI, APIDOJO = "easyapi/rednote-xiaohongshu-search-scraper", "apidojo/tiktok-scraper"


def sample(actor: str = APIDOJO, text: str = "", items: int = 5, date_range: str = "7days") -> Sample:
    driver = ACTORS[actor]
    query = parse(text or SAMPLES[driver.platform], driver.platform, date_range)
    return Sample(Platform.objects.get(pk=driver.platform), driver, query, items)


def tried(person: User, **values: Any) -> Run:
    return place(person, sample(**values))[0]


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_it_works(engine: Engine, cast: Cast, actor: str) -> None:
    """Every actor: started with what was shown, followed, collected; no answer, no search, nothing concluded of the actor."""
    engine.sandbox.set(run_seconds=0.01)
    asked = sample(actor)
    run, new = place(cast.root, asked)
    assert (new, run.status, run.reason, run.actor, run.owner) == (True, Status.QUEUED, Run.Reason.TRY, actor, cast.root)
    assert run.answer_key == f"try~{asked.platform.name}~{actor.replace('/', '~')}:{asked.query.text}:7days"
    assert run.item_limit == max(5, ACTORS[actor].minimum)
    engine.work()
    engine.settle()
    run = now(run)
    assert (run.status, run.error_type) == (Status.COMPLETED, "")
    assert run.row_count
    assert run.usage_usd
    assert not CachedAnswer.objects.exists()
    assert not Search.objects.exists()
    assert not ActorHealth.objects.exists()


# One at a time.


def test_the_same_sample_twice_is_one_run(engine: Engine, cast: Cast) -> None:
    first, new = place(cast.root, sample())
    again, again_new = place(cast.sam, sample(items=20))
    assert (new, again_new, again.pk, again.item_limit) == (True, False, first.pk, 5)
    engine.work()
    assert place(cast.root, sample())[0].pk == first.pk
    assert engine.sandbox.stats()["starts"] == 1


@THREADS
def test_two_clicks_at_once_are_one_run(engine: Engine) -> None:
    root = make_cast().root
    asked = sample()
    found = at_once(*[lambda: place(root, asked)] * 6)
    assert len({run.pk for run, _new in found}) == 1
    assert sum(new for _run, new in found) == 1
    engine.work()
    assert engine.sandbox.stats()["starts"] == 1


def test_another_actor_range_or_query_is_another_run(cast: Cast, engine: Engine) -> None:
    others = [sample(), sample("clockworks/tiktok-scraper"), sample(text="other"), sample(date_range="all")]
    assert len({place(cast.root, other)[0].pk for other in others}) == 4


def test_a_person_who_asks_the_same_has_a_run_of_their_own(engine: Engine, cast: Cast) -> None:
    run = tried(cast.root, actor="clockworks/tiktok-scraper", text="립스틱")
    search = ask(cast.alice)
    assert run_of(search).pk != run.pk
    stop(run.pk)
    assert run_of(search).status == Status.QUEUED


# The engine's rules apply.


def test_slots_apply(engine: Engine, cast: Cast) -> None:
    Platform.objects.filter(pk=TIKTOK).update(slots=1)
    first, second = tried(cast.root), tried(cast.root, text="second")
    engine.work()
    assert (now(first).status, now(second).status) == (Status.RUNNING, Status.QUEUED)


def test_it_stands_where_a_newcomer_would(engine: Engine, cast: Cast) -> None:
    """In front of somebody's many, behind nobody's first."""
    for i in range(5):
        ask(cast.alice, f"many {i}")
    run = tried(cast.root)
    waiting = Run.objects.order_by("priority", "turn", "pk").values_list("pk", flat=True)
    assert list(waiting).index(run.pk) == 1


def test_busy_puts_it_back(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "error", "status": 429, "times": 1})
    run = tried(cast.root)
    engine.work()
    run = now(run)
    assert (run.status, run.pushbacks) == (Status.QUEUED, 1)
    assert "busy" in words(run)


def test_a_lost_start_is_found_again(engine: Engine, cast: Cast) -> None:
    run = tried(cast.root)
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop", "times": 1})
    engine.work()
    if now(run).status == Status.STARTING:
        set_row(run, lease_until=ago(1))
        seek_lost(TIKTOK)
    assert now(run).status == Status.RUNNING
    assert engine.sandbox.stats()["starts"] == 1


def test_a_suspended_actor_can_be_tried(engine: Engine, cast: Cast) -> None:
    ActorHealth.objects.create(actor=APIDOJO, suspended_until=ago(-600), reason="blocked")
    run = tried(cast.root)
    engine.work()
    assert (now(run).status, now(run).actor) == (Status.RUNNING, APIDOJO)


def test_a_failure_stays_with_it(engine: Engine, cast: Cast) -> None:
    """No fall-back takes over, nobody's actor is suspended."""
    engine.sandbox.set(run_seconds=0.01)
    run = tried(cast.root, actor="clockworks/tiktok-scraper", text="sandbox:fail words")
    engine.work()
    engine.settle()
    run = now(run)
    assert (run.status, run.actor) == (Status.FAILED, "clockworks/tiktok-scraper")
    assert not ActorHealth.objects.exists()


# What keeps it from being taken.


def test_a_disabled_platform(engine: Engine, cast: Cast) -> None:
    """It starts nothing but try-outs: who sets a platform up tries it before people may use it."""
    Platform.objects.filter(pk=TIKTOK).update(enabled=False)
    run, search = tried(cast.root), make_run(Query("other", TIKTOK, "7days"))
    engine.work()
    assert (now(run).status, now(search).status) == (Status.RUNNING, Status.QUEUED)


def test_its_own_ceiling(engine: Engine, cast: Cast) -> None:
    """A sample may cost its share of what a whole run may cost, and never so little that it could not start."""
    Platform.objects.filter(pk=TIKTOK).update(max_cost_usd=10, item_limit=100)
    run = tried(cast.root)
    assert now(run).max_cost_usd == Decimal("0.50")
    engine.work()
    address = f"{engine.sandbox.address}/v2/actor-runs/{now(run).upstream_id}"
    started = requests.get(address, headers={"Authorization": "Bearer sandbox"}, timeout=10).json()["data"]
    assert started["options"]["maxTotalChargeUsd"] == 0.5


def test_redis_away(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sample()
    with redis_away(monkeypatch), pytest.raises(Unavailable):
        place(cast.root, asked)
    assert not Run.objects.exists()


# Stopping.


def test_stop_while_it_waits(engine: Engine, cast: Cast) -> None:
    run = tried(cast.root)
    assert stop(run.pk)
    run = now(run)
    assert (run.status, bool(run.finished_at)) == (Status.CANCELLED, True)
    engine.work()
    assert engine.sandbox.stats()["startCalls"] == 0
    assert not stop(run.pk)


def test_stop_while_it_starts(engine: Engine, cast: Cast) -> None:
    run = tried(cast.root)
    claim(TIKTOK)
    assert stop(run.pk)
    assert (now(run).status, now(run).cancelling) == (Status.STARTING, True)
    assert "stopped" in words(now(run))
    set_row(run, lease_until=ago(1), intent_at=ago(60))
    seek_lost(TIKTOK)
    assert now(run).status == Status.CANCELLED


def test_stop_while_it_runs(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(abort_seconds=0.0)
    run = tried(cast.root)
    engine.work()
    engine.redis.flushall()
    assert stop(run.pk)
    assert queued_jobs(engine.redis) == [f"search.abort_run {run.pk}"]
    engine.work()
    engine.settle()
    assert now(run).status == Status.CANCELLED
    assert engine.sandbox.stats()["aborts"] == 1
    assert place(cast.root, sample())[1]


def test_stop_leaves_alone_what_is_no_try_out(engine: Engine, cast: Cast) -> None:
    run = run_of(ask(cast.alice))
    assert not stop(run.pk)
    assert not stop(999_999)
    assert now(run).status == Status.QUEUED


def test_nothing_trips_over_a_run_without_searches(engine: Engine, cast: Cast) -> None:
    """The nets for searches without runs, and for runs whose searches were left behind, pass it by."""
    run = tried(cast.root)
    engine.work()
    set_row(run, created_at=ago(120))
    engine.follow()
    assert now(run).status == Status.RUNNING


# What it says.


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"status": "queued"}, "free slot"),
        ({"status": "queued", "attempts": 1}, "could not be reached"),
        ({"status": "starting"}, "being started"),
        ({"status": "running", "items_found": 3}, "3 of 5 items"),
        ({"status": "collecting"}, "being read"),
        ({"status": "running", "cancelling": True}, "being stopped"),
    ],
)
def test_words(engine: Engine, cast: Cast, values: dict[str, Any], told: str) -> None:
    run = tried(cast.root)
    set_row(run, **values)
    assert told in words(run)


def test_what_it_will_cost(engine: Engine, cast: Cast) -> None:
    asked = sample(EASYAPI)
    assert (asked.asked, asked.usual_usd(), asked.ceiling_usd) == (100, None, asked.platform.max_cost_usd)
    assert asked.body["maxItems"] == 100
    run = tried(cast.root, actor=EASYAPI)
    set_row(run, status=Status.COMPLETED, row_count=50, usage_usd=Decimal("0.25"))
    assert asked.usual_usd() == Decimal("0.5")


def test_ended_early_by_apify_it_is_collected(engine: Engine, cast: Cast) -> None:
    run = tried(cast.root)
    start_due(TIKTOK)
    set_row(run, status=Status.COLLECTING)
    collect_due(TIKTOK)
    assert now(run).status == Status.RUNNING
