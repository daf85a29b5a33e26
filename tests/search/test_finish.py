"""Ending runs and the searches that hang on them: one platform that answered is enough, and the last run decides when."""

import itertools
from collections.abc import Sequence

import pytest
from django.db import transaction

from searches.accounts.models import User
from searches.search import finish
from searches.search.cancel import cancel
from searches.search.finish import end_bereft, end_run, end_searches, mark_running
from searches.search.models import ACTIVE, Run, Search, SearchRun, Status
from tests.cast import Cast
from tests.search.steps import THREADS, ago, at_once, set_row

COMPLETED, FAILED, CANCELLED = Status.COMPLETED, Status.FAILED, Status.CANCELLED


def a_run(platform: str = "tiktok", status: Status = Status.COLLECTING, text: str = "x", items: int = 0) -> Run:
    key = f"{platform}:{text}:all"
    return Run.objects.create(
        answer_key=key, query=text, platform=platform, date_range="all", actor="a/b", status=status, items_found=items
    )


def a_search(person: User, runs: Sequence[Run], text: str = "x", status: Status = Status.QUEUED) -> Search:
    search = Search.objects.create(user=person, answer_key=f"all:{text}:all", query=text, platform="all", date_range="all", status=status)
    SearchRun.objects.bulk_create([SearchRun(search=search, run=run) for run in runs])
    return search


def now(search: Search) -> Search:
    return Search.objects.get(pk=search.pk)


def test_it_works(cast: Cast) -> None:
    run = a_run(items=7)
    search = a_search(cast.alice, [run])
    assert end_run(run, COMPLETED, items_found=7, row_count=9)
    end_searches([run.pk])
    run.refresh_from_db()
    assert (run.status, run.row_count, run.lease_until, bool(run.finished_at)) == (COMPLETED, 9, None, True)
    assert (now(search).status, now(search).item_count, bool(now(search).finished_at)) == (COMPLETED, 7, True)


def test_a_run_is_ended_by_its_holder_and_once(cast: Cast) -> None:
    run = a_run()
    set_row(run, fence=4)
    run.fence = 3
    assert not end_run(run, FAILED)
    run.fence = 4
    assert end_run(run, COMPLETED)
    assert not end_run(run, FAILED)
    run.refresh_from_db()
    assert run.status == COMPLETED


OUTCOMES = {
    (COMPLETED, COMPLETED): (COMPLETED, 12),
    (COMPLETED, FAILED): (COMPLETED, 5),
    (COMPLETED, CANCELLED): (COMPLETED, 5),
    (FAILED, FAILED): (FAILED, 0),
    (FAILED, CANCELLED): (FAILED, 0),
    (CANCELLED, CANCELLED): (CANCELLED, 0),
}


@pytest.mark.parametrize("ends", OUTCOMES)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_two_runs_make_of_a_search(cast: Cast, ends: tuple[Status, Status], order: tuple[int, int]) -> None:
    runs = [a_run("tiktok", items=5), a_run("douyin", items=7)]
    search = a_search(cast.alice, runs)
    end_run(runs[order[0]], ends[order[0]])
    end_searches([runs[order[0]].pk])
    assert (now(search).status, now(search).finished_at) == (Status.QUEUED, None)
    end_run(runs[order[1]], ends[order[1]])
    end_searches([runs[order[1]].pk])
    assert (now(search).status, now(search).item_count) == OUTCOMES[ends]


@pytest.mark.parametrize("other", ACTIVE)
def test_a_search_waits_for_the_last_of_its_runs(cast: Cast, other: Status) -> None:
    one, two = a_run("tiktok"), a_run("douyin", other)
    search = a_search(cast.alice, [one, two], status=Status.RUNNING)
    end_run(one, COMPLETED)
    end_searches([one.pk])
    assert now(search).status == Status.RUNNING


def test_both_at_once(cast: Cast) -> None:
    runs = [a_run("tiktok", items=1), a_run("douyin", items=2)]
    search = a_search(cast.alice, runs)
    for run in runs:
        end_run(run, COMPLETED)
    end_searches([run.pk for run in runs])
    assert (now(search).status, now(search).item_count) == (COMPLETED, 3)


def test_searches_that_have_ended_stay_as_they_are(cast: Cast) -> None:
    run = a_run()
    searches = [a_search(cast.alice, [run], f"t{i}", status) for i, status in enumerate((CANCELLED, FAILED, COMPLETED))]
    end_run(run, COMPLETED, items_found=3)
    end_searches([run.pk])
    mark_running([run.pk])
    assert [now(search).status for search in searches] == [CANCELLED, FAILED, COMPLETED]
    assert [now(search).item_count for search in searches] == [0, 0, 0]


def test_more_searches_than_fit_in_one_statement(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "_CHUNK", 3)
    run = a_run(items=2)
    searches = [a_search(person, [run]) for person in (cast.alice, cast.bob, cast.charlie, cast.sam, cast.vera, cast.root, *more())]
    end_run(run, COMPLETED)
    end_searches([run.pk])
    assert {now(search).status for search in searches} == {COMPLETED}


def more() -> list[User]:
    return [User.objects.create(username=f"more{i}") for i in range(4)]


def test_nothing_to_end(db: None) -> None:
    end_searches([])
    end_searches([12345])
    mark_running([])


def test_mark_running_touches_only_what_waits(cast: Cast) -> None:
    one, two = a_run(text="one"), a_run(text="two")
    waits, other, left = a_search(cast.alice, [one], "a"), a_search(cast.alice, [two], "b"), a_search(cast.alice, [one], "c", CANCELLED)
    mark_running([one.pk])
    assert [now(search).status for search in (waits, other, left)] == [Status.RUNNING, Status.QUEUED, CANCELLED]


def test_end_bereft(cast: Cast) -> None:
    bereft, young, held = a_search(cast.alice, [], "a"), a_search(cast.alice, [], "b"), a_search(cast.alice, [a_run()], "c")
    for search in (bereft, held):
        set_row(search, created_at=ago(60))
    assert end_bereft(ago(30)) == 1
    assert [now(search).status for search in (bereft, young, held)] == [FAILED, Status.QUEUED, Status.QUEUED]
    assert end_bereft(ago(30)) == 0


@THREADS
def test_two_runs_of_a_search_that_end_at_the_same_moment_end_it() -> None:
    person = User.objects.create(username="p")
    runs = [[a_run(platform, text=f"q{i}", items=1) for platform in ("tiktok", "douyin", "xiaohongshu")] for i in range(4)]
    searches = [a_search(person, mine, f"q{i}") for i, mine in enumerate(runs)]

    def end(mine: Sequence[Run]) -> None:
        with transaction.atomic():
            ended = [run.pk for run in mine if end_run(run, COMPLETED)]
            end_searches(ended)

    columns = list(zip(*runs, strict=True))
    assert at_once(*[lambda mine=mine: end(mine) for mine in columns]) == [None] * 3
    assert [now(search).status for search in searches] == [COMPLETED] * 4
    assert [now(search).item_count for search in searches] == [3] * 4


@THREADS
def test_leaving_and_ending_at_the_same_moment() -> None:
    person = User.objects.create(username="p")
    for i, _again in enumerate(itertools.repeat(None, 4)):
        run = a_run(text=f"q{i}", status=Status.COLLECTING)
        search = a_search(person, [run], f"q{i}")

        def end(run: Run = run) -> None:
            with transaction.atomic():
                end_run(run, COMPLETED)
                end_searches([run.pk])

        results = at_once(end, lambda search=search: cancel(Search.objects.get(pk=search.pk)))
        assert not [error for error in results if isinstance(error, Exception)]
        assert now(search).status in (COMPLETED, CANCELLED)
        run.refresh_from_db()
        assert run.status == COMPLETED
