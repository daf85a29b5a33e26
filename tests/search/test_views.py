"""Asking on the page: what the form does with what is known, asked again on purpose, and with Redis away."""

import pytest
import redis
from django.test import Client

from searches.search.models import Run, Search, Status
from tests.cast import Cast, page_client
from tests.redis_server import without_redis
from tests.rows import ASKED, make_answer

__all__ = ["without_redis"]
QUESTION = {"q": ASKED.text, "platform": ASKED.platform, "range": ASKED.date_range}


@pytest.fixture
def alice(cast: Cast, live_redis: redis.Redis) -> Client:
    return page_client(cast.alice)


def test_it_works(alice: Client) -> None:
    response = alice.post("/search/", QUESTION)
    assert (response.status_code, Search.objects.get().answer_key) == (302, ASKED.key)
    assert alice.get(response["Location"]).status_code == 200


def test_refresh_asks_again_although_it_is_known(alice: Client) -> None:
    make_answer(age=3_600)
    alice.post("/search/", QUESTION)
    assert not Run.objects.exists()
    alice.post("/search/", QUESTION | {"refresh": "0"})
    assert not Run.objects.exists()
    alice.post("/search/", QUESTION | {"refresh": "1"})
    assert Run.objects.get().status == Status.QUEUED


def test_looking_never_spends_whatever_the_address_says(alice: Client) -> None:
    make_answer(age=90_000)
    for more in ({}, {"refresh": "1"}):
        assert alice.get("/search/", QUESTION | more).status_code == 200
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "New searches cannot be taken just now"), ("ko", "지금은 새 검색을 받을 수 없습니다")]
)
def test_without_redis_the_form_says_so_and_keeps_what_was_typed(cast: Cast, without_redis: None, language: str, words: str) -> None:
    client = page_client(cast.alice)
    client.cookies["django_language"] = language
    response = client.post("/search/", QUESTION | {"q": "여름 코디"})
    text = response.content.decode()
    assert (response.status_code, int(response["Retry-After"]) > 0) == (503, True)
    assert words in text
    assert 'value="여름 코디"' in text
    assert (Search.objects.count(), Run.objects.count()) == (0, 0)


def test_without_redis_what_is_known_is_shown(cast: Cast, without_redis: None) -> None:
    make_answer(items=3)
    client = page_client(cast.alice)
    response = client.post("/search/", QUESTION, follow=True)
    assert response.status_code == 200
    assert "Post 2" in response.content.decode()
