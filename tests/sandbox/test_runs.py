"""A run is a function of its start, its plan and the clock."""

from dataclasses import replace

import pytest

from scout.sandbox.apify import runs
from scout.sandbox.apify.runs import Plan, Run

PLAN = Plan(seconds=100, items=50, items_per_query=50)


def run_of(plan: Plan = PLAN) -> Run:
    return Run(id="R0", actor="a", user="u", started=1000.0, begun=1000.0, plan=plan)


def test_statuses_in_order() -> None:
    run = run_of()
    story = [runs.at(run, 1000.0 + seconds).status for seconds in (0, 0.4, 0.5, 50, 99.9, 100, 5000)]
    assert story == ["READY", "READY", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
    assert runs.at(run, 1099.9).finished is None
    assert runs.at(run, 2000).finished == 1100.0


def test_items_appear_gradually() -> None:
    run = run_of()
    found = [runs.at(run, 1000.0 + seconds).found for seconds in range(101)]
    assert found[:10] == [0] * 10
    assert found[10] == 1
    assert found[50] == 25
    assert found[90:] == [50] * 11
    assert found == sorted(found)


def test_time_limit_keeps_what_was_found() -> None:
    run = run_of(replace(PLAN, time_limit=50))
    assert [runs.at(run, moment).status for moment in (1049, 1050, 1050.9, 1051)] == [
        "RUNNING",
        "TIMING-OUT",
        "TIMING-OUT",
        "TIMED-OUT",
    ]
    assert runs.at(run, 9999).found == 25


def test_time_limit_beyond_the_run_changes_nothing() -> None:
    assert runs.at(run_of(replace(PLAN, time_limit=300)), 9999).status == "SUCCEEDED"


@pytest.mark.parametrize("ending", ["FAILED", "TIMED-OUT", "ABORTED"])
def test_planned_endings(ending: runs.Ending) -> None:
    moment = runs.at(run_of(replace(PLAN, ending=ending, ends_at=0.5)), 9999)
    assert (moment.status, moment.found) == (ending, 25)


def test_abort() -> None:
    run = run_of()
    assert runs.abort(run, 1050.0, graceful=True)
    assert not runs.abort(run, 1050.5, graceful=True)
    assert [runs.at(run, moment).status for moment in (1050, 1050.9, 1051)] == ["ABORTING", "ABORTING", "ABORTED"]
    assert runs.at(run, 9999).found == 25
    assert not runs.abort(run, 9999, graceful=False)


def test_abort_while_timing_out() -> None:
    run = run_of(replace(PLAN, time_limit=50))
    assert runs.abort(run, 1050.5, graceful=False)
    assert runs.at(run, 9999).status == "ABORTED"


def test_stuck_run_can_only_be_aborted() -> None:
    run = run_of(replace(PLAN, stuck=True, time_limit=10))
    assert runs.at(run, 1e9).status == "READY"
    assert runs.abort(run, 1e9, graceful=False)
    assert runs.at(run, 1e9 + 1).status == "ABORTED"


def test_resurrect_keeps_items_and_takes_the_time_again() -> None:
    run = run_of()
    assert not runs.resurrect(run, 1050)
    runs.abort(run, 1050, graceful=False)
    assert runs.resurrect(run, 2000)
    assert (runs.at(run, 2000).found, runs.at(run, 2001).status) == (25, "RUNNING")
    assert (runs.at(run, 2100).found, runs.at(run, 2100).status) == (50, "SUCCEEDED")


def test_cost_settles_some_seconds_after_the_end() -> None:
    run = run_of()
    assert runs.settled(run, 1100) < 1.0
    assert runs.settled(run, 1103) == 1.0


def test_instant_run() -> None:
    run = run_of(replace(PLAN, seconds=0))
    assert (runs.at(run, 1000.0).status, runs.at(run, 1000.0).found) == ("SUCCEEDED", 50)


def test_ids_look_like_the_platforms_and_lead_back_to_the_run() -> None:
    id = runs.new_id()
    assert len(id) == 17
    assert id.isalnum()
    run = replace(run_of(), id=id)
    assert {runs.id_of_run(storage) for storage in (run.dataset, run.store, run.request_queue)} == {id}
    assert len({runs.new_id() for _ in range(1000)}) == 1000
