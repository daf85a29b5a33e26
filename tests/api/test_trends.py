"""GET /api/trends: the documented shape, the same numbers as the page, and what it refuses."""

from typing import Any

import pytest
import schemathesis
from django.core.cache.backends.dummy import DummyCache
from django.test import Client
from django.utils import timezone

from searches.trends import overview
from tests.api.conftest import assert_refused
from tests.api.test_openapi import _as_requests, documented
from tests.cast import Cast, page_client
from tests.trends.steps import KEY, later, posts, recorded


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "cache", DummyCache("trends", {}))


@pytest.fixture
def filled(cast: Cast) -> None:
    now = timezone.now()
    first = posts(80, until=now)
    recorded(first, -30, base=now)
    recorded(later(first, 0.4), -1, base=now)


def get(client: Client, **params: Any) -> Any:
    return client.get("/api/trends", params)


def test_it_works(alice: Client, filled: None) -> None:
    response = get(alice, answerKey=KEY, days=30)
    assert response.status_code == 200
    told = response.json()
    assert (told["answerKey"], told["days"], told["timeZone"], told["runCount"], told["postCount"]) == (KEY, 30, "UTC", 2, 80)
    made = overview.overview(KEY, 30, "UTC")
    assert {name: value for name, value in told.items() if name not in {"since", "until"}} == {
        name: value for name, value in made.items() if name not in {"since", "until"}
    }


def test_it_is_as_documented(alice: Client, filled: None) -> None:
    schema = schemathesis.openapi.from_dict(documented())
    operation = next(op.ok() for op in schema.get_all_operations() if op.ok().path == "/api/trends")
    for params in ({"answerKey": KEY}, {}, {"answerKey": "tiktok:nobody:all", "days": 90, "timeZone": "Asia/Seoul"}):
        response = get(alice, **params)
        assert operation.is_valid_response(_as_requests(response)), params


def test_without_a_key_it_is_of_everything(alice: Client, filled: None) -> None:
    assert get(alice).json()["answerKey"] is None
    assert get(alice, answerKey="").json()["postCount"] == 80


def test_a_key_is_brought_into_its_one_form(alice: Client, filled: None) -> None:
    assert get(alice, answerKey="tiktok:  메이크업 :7days").json()["answerKey"] == KEY


def test_a_question_that_nobody_asked_is_empty(alice: Client, filled: None) -> None:
    told = get(alice, answerKey="douyin:메이크업:7days").json()
    assert (told["runCount"], told["postCount"], told["series"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"answerKey": "x"}, "empty-query"),
        ({"answerKey": "tiktok"}, "empty-query"),
        ({"answerKey": "tiktok::7days"}, "empty-query"),
        ({"answerKey": "myspace:a:7days"}, "unknown-platform"),
        ({"answerKey": "tiktok:a:never"}, "unknown-date-range"),
        ({"answerKey": f"tiktok:{'x' * 101}:all"}, "query-too-long"),
        ({"answerKey": "x" * 541}, "invalid-parameter"),
        ({"days": "8"}, "invalid-parameter"),
        ({"days": "x"}, "invalid-parameter"),
        ({"timeZone": "Mars/Olympus"}, "unknown-time-zone"),
        ({"timeZone": "../../etc/passwd"}, "unknown-time-zone"),
    ],
)
def test_what_it_refuses(alice: Client, params: dict[str, str], kind: str) -> None:
    assert_refused(lambda headers: alice.get("/api/trends", params, headers=headers), 400, kind)


def test_nobody_without_a_session_or_a_token(cast: Cast) -> None:
    assert_refused(lambda headers: Client().get("/api/trends", headers=headers), 401, "not-signed-in")
    assert page_client(cast.alice).get("/api/trends").status_code == 200


def test_only_reading(alice: Client) -> None:
    assert alice.post("/api/trends", {}, content_type="application/json").status_code == 405
