"""Who may see the queue's pages, and who may operate them: every address of django-rq."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_rq import settings as rq_settings
from django_rq.settings import get_queues_map
from rq import Queue
from rq.serializers import JSONSerializer

from scout.queues import QUEUES, connections, queue
from tests.cast import Cast, page_client
from tests.queueadmin.planted import Bomb

SEARCH = str(get_queues_map()["search"])


def patterns(entries: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address with something filled in for its variables; the queue is `search`."""
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, before + str(entry.pattern))
        else:
            path = before + str(entry.pattern).replace("^", "").replace("/?$", "").replace("(?P<token>[\\w]+)?", "sometoken")
            for name in entry.pattern.converters:
                path = path.replace(f"<int:{name}>", SEARCH).replace(f"<str:{name}>", "x").replace(f"<path:{name}>", "x/y")
            yield f"/{path}"


RQ = next(entry for entry in get_resolver().url_patterns if str(entry.pattern) == "admin/rq/")
PATHS = sorted(set(patterns([RQ])))


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """The pages read a real one."""


def client_of(cast: Cast, name: str) -> Client:
    if name == "anonymous":
        return Client(raise_request_exception=False)
    client = page_client(getattr(cast, name))
    client.raise_request_exception = False
    return client


def to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and "/admin/login/" in response["Location"]


def test_it_works(cast: Cast) -> None:
    response = client_of(cast, "vera").get("/admin/rq/")
    assert response.status_code == 200
    assert all(name in response.content.decode() for name in QUEUES)


def test_the_addresses_are_filled_in_right() -> None:
    assert len(PATHS) > 20
    assert not [path for path in PATHS if set(path) & set("<>^$(")]
    assert {"/admin/rq/", "/admin/rq/stats.json", "/admin/rq/stats.json/sometoken", f"/admin/rq/queues/{SEARCH}/empty/"} <= set(PATHS)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_who_may_not(cast: Cast, method: str) -> None:
    """Anonymous is asked to sign in; a person, and staff without the permission, may not."""
    clients = {name: client_of(cast, name) for name in ("anonymous", "alice", "sam")}
    for path in PATHS:
        assert to_sign_in(clients["anonymous"].generic(method, path)), path
        for name in ("alice", "sam"):
            assert clients[name].generic(method, path).status_code == 403, (name, path)


def test_who_may_see_may_not_operate(cast: Cast) -> None:
    vera = client_of(cast, "vera")
    for path in PATHS:
        seen = vera.get(path)
        assert seen.status_code != 403, path
        assert not to_sign_in(seen), path
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert vera.generic(method, path).status_code == 403, (method, path)


@pytest.mark.parametrize("name", ["sam", "root"])
def test_who_may_operate(cast: Cast, name: str) -> None:
    cast.sam.groups.add(Group.objects.get(name="Queue operator"))
    client = client_of(cast, name)
    for path in PATHS:
        for method in ("GET", "POST"):
            response = client.generic(method, path)
            assert response.status_code != 403, (method, path)
            assert not to_sign_in(response), (method, path)


def test_operating_works(cast: Cast, live_redis: redis.Redis) -> None:
    cast.sam.groups.add(Group.objects.get(name="Queue operator"))
    with connections().guarded() as client:
        queue("backtest", client).enqueue("search.start_run", "1")
    assert live_redis.llen("rq:queue:backtest") == 1
    index = get_queues_map()["backtest"]
    client_of(cast, "vera").post(f"/admin/rq/queues/{index}/empty/")
    assert live_redis.llen("rq:queue:backtest") == 1
    assert client_of(cast, "sam").post(f"/admin/rq/queues/{index}/empty/").status_code == 302
    assert live_redis.llen("rq:queue:backtest") == 0


def test_another_site_cannot_operate_with_my_session(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.root)
    assert client.post(f"/admin/rq/queues/{SEARCH}/empty/", headers={"Origin": "https://evil.example"}).status_code == 403


def test_permission_without_being_staff_shows_nothing(cast: Cast) -> None:
    cast.alice.groups.add(Group.objects.get(name="Queue operator"))
    client = client_of(cast, "alice")
    for path in PATHS:
        for method in ("GET", "POST"):
            assert client.generic(method, path).status_code in {302, 401, 403}, (method, path)


def test_token_in_the_address_or_a_header_opens_nothing(cast: Cast) -> None:
    client = client_of(cast, "anonymous")
    assert to_sign_in(client.get("/admin/rq/stats.json/sometoken"))
    assert to_sign_in(client.get("/admin/rq/stats.json", headers={"Authorization": "Bearer sometoken"}))


def test_admin_shows_the_queue_nowhere_else(cast: Cast) -> None:
    """django-rq would add pages of its own to the admin, whose guard is being staff."""
    client = client_of(cast, "sam")
    for path in ("/admin/django_rq/", "/admin/django_rq/dashboard/", "/admin/django_rq/dashboard/stats.json", "/admin/django_rq/queue/"):
        assert client.get(path).status_code == 404, path


def test_looking_at_a_planted_job_does_not_run_it(cast: Cast, live_redis: redis.Redis, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    planted = Queue("search", connection=live_redis, serializer=JSONSerializer).enqueue("search.start_run", "1", job_id="x")
    live_redis.hset(planted.key, mapping={"data": pickle.dumps(Bomb(str(mark))), "result": pickle.dumps(Bomb(str(mark)))})
    for registry in ("finished", "failed", "deferred", "scheduled", "wip"):
        live_redis.zadd(f"rq:{registry}:search", {"x": 4e9})
    client = client_of(cast, "root")
    for path in PATHS:
        client.get(path)
    assert not mark.exists()
    assert client.get(f"/admin/rq/queues/{SEARCH}/").status_code == 200


def test_no_page_shows_the_password_of_redis(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    live_redis.config_set("requirepass", "hunter2hunter2")
    where = live_redis.connection_pool.connection_kwargs
    keep = redis.Redis(host=where["host"], port=where["port"], password="hunter2hunter2")
    try:
        for config in rq_settings.QUEUES.values():
            monkeypatch.setitem(config, "PASSWORD", "hunter2hunter2")
        client = client_of(cast, "root")
        pages = {path: client.get(path).content.decode() for path in PATHS}
    finally:
        keep.config_set("requirepass", "")
    assert "search" in pages["/admin/rq/"]
    assert [path for path, page in pages.items() if "hunter2" in page] == []
