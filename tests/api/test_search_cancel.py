"""POST /api/search/{jobId}/cancel: leave a search; the last to leave stops its run."""

import pytest
import redis
from django.test import Client

from searches.search.models import Run, Search, Status
from tests.api.conftest import assert_refused, finish, post, press
from tests.cast import Cast, api_client, page_client
from tests.conftest import Engine
from tests.rows import make_run, make_search


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Bells and hints are real."""


def test_it_works(engine: Engine, cast: Cast) -> None:
    alice = api_client(cast.alice)
    job = post(alice, "/api/search", {"query": "메이크업"}).json()["jobId"]
    engine.work()
    response = press(alice, f"/api/search/{job}/cancel")
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["jobId"]) == ("cancelled", job)
    finish(engine)
    run = Run.objects.get()
    assert (run.status, run.upstream_status) == (Status.CANCELLED, "ABORTED")


def test_cancelled_before_it_was_started(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    assert press(alice, f"/api/search/{search.pk}/cancel").json()["status"] == "cancelled"
    assert Run.objects.get().status == Status.CANCELLED


def test_again_changes_nothing(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    first = press(alice, f"/api/search/{search.pk}/cancel").json()
    ended = Search.objects.values().get()
    again = press(alice, f"/api/search/{search.pk}/cancel").json()
    assert {**first, "timestamp": 0} == {**again, "timestamp": 0}
    assert Search.objects.values().get() == ended


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED])
def test_one_that_has_ended_stays_as_it_is(alice: Client, cast: Cast, status: Status) -> None:
    run = make_run(status=status, error_type="" if status == Status.COMPLETED else "actor-failed")
    search = make_search(cast.alice, run, status=status)
    before = Search.objects.values().get()
    response = press(alice, f"/api/search/{search.pk}/cancel")
    assert (response.status_code, response.json()["status"]) == (200, status)
    assert Search.objects.values().get() == before


def test_others_go_on(alice: Client, cast: Cast) -> None:
    run = make_run(status=Status.RUNNING)
    mine = make_search(cast.alice, run, status=Status.RUNNING)
    theirs = make_search(cast.bob, run, status=Status.RUNNING)
    press(alice, f"/api/search/{mine.pk}/cancel")
    theirs.refresh_from_db()
    run.refresh_from_db()
    assert (theirs.status, run.status, run.cancelling) == (Status.RUNNING, Status.RUNNING, False)


def test_only_ones_own(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    for other in (cast.bob, cast.root):
        client = api_client(other)
        url = f"/api/search/{search.pk}/cancel"
        assert_refused(lambda headers, c=client, u=url: press(c, u, headers=headers), 404, "search-not-found")
    search.refresh_from_db()
    assert search.status == Status.QUEUED


@pytest.mark.parametrize("job_id", ["1", "00000000-0000-0000-0000-000000000000"])
def test_no_such_search(alice: Client, job_id: str) -> None:
    assert_refused(lambda headers: press(alice, f"/api/search/{job_id}/cancel", headers=headers), 404, "search-not-found")


def test_another_site_cannot(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    response = press(page_client(cast.alice), f"/api/search/{search.pk}/cancel", headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    search.refresh_from_db()
    assert search.status == Status.QUEUED


def test_looking_does_not_cancel(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    assert alice.get(f"/api/search/{search.pk}/cancel").status_code == 405
    search.refresh_from_db()
    assert search.status == Status.QUEUED


@pytest.mark.usefixtures("without_redis")
def test_without_redis(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    assert press(alice, f"/api/search/{search.pk}/cancel").json()["status"] == "cancelled"
