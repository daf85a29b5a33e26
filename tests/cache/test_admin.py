"""Answers in the admin: the same pages whether the main database or MongoDB keeps them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from searches.cache import store
from searches.cache.admin import POSTS_SHOWN
from searches.cache.answer import Answer, etag_of
from searches.cache.breaker import breaker
from searches.cache.memory import CHANNEL, memory
from searches.cache.models import CachedAnswer
from searches.cache.router import DOCUMENTS, aliases
from searches.query import Query
from tests.cast import Cast, page_client
from tests.redis_server import without_redis
from tests.rows import ASKED, item, make_answer

__all__ = ["without_redis"]

pytestmark = pytest.mark.django_db

LIST = reverse("admin:cache_cachedanswer_changelist")


@pytest.fixture(autouse=True, params=["main", "documents"])
def _kept_in(request: pytest.FixtureRequest, db: None) -> Iterator[None]:
    if request.param == "documents":
        request.getfixturevalue("documents")
    yield
    for alias in aliases():
        breaker(alias).close()


@pytest.fixture
def root(cast: Cast) -> Client:
    return page_client(cast.root)


def page_of(key: str = ASKED.key) -> str:
    return reverse("admin:cache_cachedanswer_change", args=[quote(key)])


def rows(response: Any) -> list[str]:
    return [answer.key for answer in response.context["cl"].result_list]


def put(*items: dict[str, Any]) -> Answer:
    """The answer has these posts, whatever they look like."""
    body = json.dumps(items).encode()
    now = timezone.now()
    answer = Answer(ASKED.key, body, (1,), len(items), 0, False, now, now + timedelta(days=90), etag_of(body))
    store.put(answer, ASKED.text, ASKED.platform, ASKED.date_range)
    return answer


def forget(client: Client, *keys: str, **more: str) -> HttpResponse:
    return client.post(LIST, {"action": "delete_selected", "_selected_action": keys, "post": "yes", **more})  # type: ignore[return-value]


def test_it_works(root: Client) -> None:
    make_answer(items=3, age=60)
    make_answer(Query("a second <b>question</b>", "douyin", "all"))
    listed = root.get(LIST)
    assert rows(listed) == ["douyin:a second <b>question</b>:all", ASKED.key]
    shown = root.get(page_of())
    assert shown.status_code == 200
    assert "Post 2" in shown.content.decode()
    assert '<input type="text" name="query"' not in shown.content.decode()


def test_only_staff_who_may(cast: Cast) -> None:
    make_answer()
    for user, status in ((cast.alice, 302), (cast.sam, 403), (cast.root, 200)):
        for url in (LIST, page_of()):
            assert page_client(user).get(url).status_code == status
    assert forget(page_client(cast.sam), ASKED.key).status_code == 403
    assert CachedAnswer.objects.count() == 1


def test_nobody_adds_or_changes(root: Client) -> None:
    make_answer()
    assert root.get(reverse("admin:cache_cachedanswer_add")).status_code == 403
    assert root.post(page_of(), {"query": "changed"}).status_code == 403
    assert CachedAnswer.objects.get().query == ASKED.text


# Finding.


def test_search(root: Client) -> None:
    make_answer()
    make_answer(Query("Make UP", "tiktok", "all"))
    for words, found in (("메이크", [ASKED.key]), ("MAKE", ["tiktok:make up:all"]), ("make tiktok", ["tiktok:make up:all"]), (".*", [])):
        assert rows(root.get(LIST, {"q": words})) == found


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"platform": "tiktok"}, {"tiktok", "tiktok@owner~actor"}),
        ({"platform": "douyin"}, {"douyin"}),
        ({"platform": "tiktok", "date_range": "all"}, set()),
        ({"date_range": "7days"}, {"tiktok", "douyin", "tiktok@owner~actor"}),
        ({"partial__exact": "1"}, {"douyin"}),
        ({"platform": "nonsense", "_facets": "True"}, set()),
    ],
)
def test_filters(root: Client, chosen: dict[str, str], found: set[str]) -> None:
    for platform in ("tiktok", "douyin", "tiktok@owner~actor"):
        make_answer(Query("a", platform, "7days"), partial=platform == "douyin")
    assert {key.split(":")[0] for key in rows(root.get(LIST, chosen))} == found


def test_facets_and_every_ordering(root: Client) -> None:
    for n in range(3):
        make_answer(Query(f"q{n}", "tiktok", "all"), items=n)
    assert root.get(LIST, {"_facets": "True"}).status_code == 200
    for column in range(1, 10):
        assert len(rows(root.get(LIST, {"o": str(column)}))) == 3
    assert rows(root.get(LIST, {"o": "-2"})) == ["tiktok:q2:all", "tiktok:q1:all", "tiktok:q0:all"]


def test_a_page_of_many(root: Client) -> None:
    now, later = timezone.now(), timezone.now() + timedelta(days=1)
    CachedAnswer.objects.bulk_create(
        CachedAnswer(key=f"k{n}", query=f"q{n}", platform="tiktok", date_range="all", created_at=now, expires_at=later) for n in range(120)
    )
    assert len(rows(root.get(LIST))) == 100
    assert len(rows(root.get(LIST, {"p": "2"}))) == 20


# One answer.


def test_posts_in_short(root: Client) -> None:
    put(*(dict(item(number)) for number in range(POSTS_SHOWN + 5)))
    shown = root.get(page_of()).content.decode()
    assert f"Post {POSTS_SHOWN - 1}" in shown
    assert f"Post {POSTS_SHOWN}<" not in shown
    assert "and 5 more" in shown


def test_hostile_posts(root: Client) -> None:
    put(
        {"title": "<script>alert(1)</script>", "webVideoUrl": "javascript:alert(1)"},
        {"title": None, "description": "described", "webVideoUrl": "https://ok.example/1"},
        {"title": 5, "webVideoUrl": 'https://ok.example/"onclick="x'},
        {},
    )
    shown = root.get(page_of()).content.decode()
    assert "<script>alert" not in shown
    assert "javascript:" not in shown
    assert 'onclick="x' not in shown
    assert '<a href="https://ok.example/1" target="_blank" rel="noopener noreferrer nofollow">described</a>' in shown
    assert shown.count("Untitled post") == 2


@pytest.mark.parametrize("body", ["not json", "{}", "5", ""])
def test_body_that_is_none(root: Client, body: str) -> None:
    make_answer()
    CachedAnswer.objects.update(body=body)
    shown = root.get(page_of())
    assert shown.status_code == 200
    assert "They cannot be read." in shown.content.decode()


@pytest.mark.parametrize("key", ["tiktok:nothing:all", "/../x", "$where", "한" * 300])
def test_no_such_answer(root: Client, key: str) -> None:
    assert root.get(page_of(key)).status_code == 302


# Forgetting.


def test_forgets(root: Client, live_redis: redis.Redis) -> None:
    make_answer()
    make_answer(Query("kept", "tiktok", "all"))
    found = store.get(ASKED.key)
    assert found is not None
    memory.put(found, memory.version)
    said = live_redis.pubsub(ignore_subscribe_messages=True)
    said.subscribe(CHANNEL)
    said.get_message(timeout=5)
    assert "Forget these answers" in root.get(LIST).content.decode()
    assert root.post(LIST, {"action": "delete_selected", "_selected_action": [ASKED.key]}).status_code == 200
    assert forget(root, ASKED.key).status_code == 302
    assert (store.get(ASKED.key), memory.get(ASKED.key), CachedAnswer.objects.count()) == (None, None, 1)
    message = said.get_message(timeout=5)
    assert message is not None
    assert message["data"].decode() == ASKED.key
    assert LogEntry.objects.get().object_id == ASKED.key


def test_forgets_one_from_its_page(root: Client, live_redis: redis.Redis) -> None:
    make_answer()
    url = reverse("admin:cache_cachedanswer_delete", args=[quote(ASKED.key)])
    assert root.get(url).status_code == 200
    assert root.post(url, {"post": "yes"}).status_code == 302
    assert CachedAnswer.objects.count() == 0
    assert root.get(reverse("admin:cache_cachedanswer_history", args=[quote(ASKED.key)])).status_code == 302


def test_forgets_without_redis(root: Client, without_redis: None) -> None:
    make_answer()
    forget(root, ASKED.key)
    assert CachedAnswer.objects.count() == 0
    assert "Redis does not answer" in root.get(LIST).content.decode()


# MongoDB is away.


@pytest.mark.parametrize("_kept_in", ["documents"], indirect=True)
def test_mongodb_is_away(root: Client) -> None:
    make_answer()
    breaker(DOCUMENTS).trip(OperationalError("hunter2"))
    deleting = reverse("admin:cache_cachedanswer_delete", args=[quote(ASKED.key)])
    for response in (root.get(LIST), root.get(page_of()), root.get(deleting), forget(root, ASKED.key)):
        assert response.status_code == 503
        assert "MongoDB does not answer." in response.content.decode()
        assert "hunter2" not in response.content.decode()
    assert root.get(reverse("admin:index")).status_code == 200
    breaker(DOCUMENTS).close()
    assert rows(root.get(LIST)) == [ASKED.key]


@pytest.mark.parametrize("_kept_in", ["documents"], indirect=True)
def test_mongodb_goes_away_while_a_page_is_rendered(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages read when they are rendered, which is after the view has returned."""
    make_answer()

    def fail(self: Any, row: CachedAnswer) -> str:
        raise OperationalError("gone")

    monkeypatch.setattr("searches.cache.admin.CachedAnswerAdmin.posts", fail)
    assert root.get(page_of()).status_code == 503
