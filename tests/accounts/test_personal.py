"""Whose session is looked at, and when."""

import pytest
import redis
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from searches.accounts import sign_ins
from searches.accounts.models import User, create_token
from tests.cast import Cast, page_client


@pytest.fixture(autouse=True)
def _fresh(live_redis: redis.Redis) -> None:
    sign_ins._seen.clear()


def test_it_works(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="ko", time_zone="Asia/Seoul")
    assert '<html lang="ko">' in page_client(cast.alice).get("/dashboard").content.decode()


def test_machines_ask_nobodys_session(cast: Cast) -> None:
    """They are to answer while the database does not."""
    client = page_client(cast.alice)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/healthz").status_code == 200
    assert len(queries) == 0


def test_a_token_asks_no_session(cast: Cast) -> None:
    client, shown = page_client(cast.alice), {"authorization": f"Bearer {create_token(cast.bob)}"}
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/search/00000000-0000-0000-0000-000000000000", headers=shown)
    assert not [q["sql"] for q in queries if "django_session" in q["sql"]]


def test_an_answer_is_not_lost_for_a_note(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(sign_ins, "seen", locked)
    assert page_client(cast.alice).get("/dashboard").status_code == 200
