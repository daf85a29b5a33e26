"""No Redis is configured: one clear sentence, and whatever can work without it works."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from scout import health
from tests.cast import Cast, page_client
from tests.redis_server import no_redis
from tests.rows import ASKED, make_answer, make_run, make_search

__all__ = ["no_redis"]
pytestmark = pytest.mark.usefixtures("no_redis")
SENTENCE = "Redis is not configured: set REDIS_URL, or start Scout with bin/up."
KNOWN = {"query": ASKED.text, "platform": ASKED.platform, "dateRange": ASKED.date_range}


def post(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/api/search", json.dumps(body), content_type="application/json")


def test_it_works(cast: Cast) -> None:
    make_answer()
    response = post(page_client(cast.alice), KNOWN)
    assert (response.status_code, response.json()["cached"], len(response.json()["data"])) == (200, True, 3)


@pytest.mark.parametrize("path", ["/dashboard", "/searches", f"/search/?q={ASKED.text}&platform=tiktok&range=7days"])
def test_pages_are_there(cast: Cast, path: str) -> None:
    make_answer()
    make_search(cast.alice, make_run())
    assert page_client(cast.alice).get(path).status_code == 200


def test_a_search_that_runs_is_shown_as_it_stands(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    client = page_client(cast.alice)
    assert client.get(f"/api/search/{search.pk}").json()["status"] == "queued"
    assert client.get(f"/api/search/{search.pk}/items").json() == {"items": [], "next": 0}
    assert client.post(f"/api/search/{search.pk}/cancel", content_type="application/json").json()["status"] == "cancelled"


def test_readyz_says_it_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_troubles", (float("-inf"), ""))
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json()["missing"]["redis"] == SENTENCE
    assert response.content.decode().count("Redis is not configured") == 1


def test_worker_says_so() -> None:
    with pytest.raises(CommandError, match=r"^Redis is not configured: set REDIS_URL"):
        call_command("worker", "search", "--burst")
