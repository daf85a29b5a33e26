"""What the tests of the API share: sentences in both languages, and requests in the shapes they come in."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from searches.search import history
from searches.search.models import ACTIVE, Run
from tests.cast import Cast, api_client
from tests.conftest import Engine
from tests.redis_server import without_redis

__all__ = ["without_redis"]

_HANGUL = re.compile("[\uac00-\ud7a3]")


@pytest.fixture(autouse=True)
def _nothing_to_write() -> None:
    """Hits of a test before are not written by this one."""
    history._searches.clear()
    history._asked.clear()


@pytest.fixture
def alice(cast: Cast) -> Client:
    return api_client(cast.alice)


def problem(response: HttpResponse) -> tuple[int, str, str]:
    """Status, type and sentence of an error, which has our shape and nothing else in it."""
    assert response["Content-Type"] == "application/json", response.content[:200]
    told = response.json()
    assert set(told) == {"error"}, told
    assert set(told["error"]) == {"type", "message"}, told
    return response.status_code, told["error"]["type"], told["error"]["message"]


def in_both_languages(ask: Callable[[dict[str, str]], HttpResponse]) -> tuple[tuple[int, str], tuple[int, str]]:
    """Status and type in English and in Korean, once the sentences are seen to be such."""
    status, kind, english = problem(ask({"Accept-Language": "en"}))
    korean_status, korean_kind, korean = problem(ask({"Accept-Language": "ko"}))
    assert english.endswith((".", "...", "!", "?")), english
    assert not _HANGUL.search(english), english
    assert _HANGUL.search(korean), f"no Korean for: {english}"
    return (status, kind), (korean_status, korean_kind)


def assert_refused(ask: Callable[[dict[str, str]], HttpResponse], status: int, kind: str) -> None:
    """The request is refused with this status and type, with a sentence in each language."""
    assert in_both_languages(ask) == ((status, kind), (status, kind))


def post(client: Client, path: str, body: Any, headers: dict[str, str] | None = None, **extra: Any) -> HttpResponse:
    return client.post(path, body, content_type="application/json", headers=headers, **extra)


def press(client: Client, path: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """A POST without a body, as `fetch(path, {method: "POST"})` sends it."""
    return client.generic("POST", path, b"", "", headers=headers, CONTENT_LENGTH="0")


def finish(engine: Engine) -> None:
    """Follow and work until no run is active."""
    for _pass in range(100):
        engine.settle(1)
        if not Run.objects.filter(status__in=ACTIVE).exists():
            return
        time.sleep(0.02)
    raise AssertionError("runs do not end")
