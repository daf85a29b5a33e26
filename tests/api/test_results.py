"""GET /api/results/{answerKey}: the known answer, made for caches that many share."""

import json
import logging
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils.http import http_date

from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from searches.platforms.models import Platform
from searches.platforms.sources import Source
from searches.query import Query
from searches.search import history
from searches.search.models import Run, Search
from tests.api.conftest import assert_refused
from tests.cast import Cast, api_client, page_client
from tests.rows import ASKED, item, make_answer

pytestmark = pytest.mark.usefixtures("live_redis")
EVERYWHERE = Query(ASKED.text, "all", ASKED.date_range)


def address(key: str = ASKED.key) -> str:
    return f"/api/results/{quote(key, safe='')}"


def head_of(response: HttpResponse) -> dict[str, str]:
    """The headers that caches go by."""
    return {name: response[name] for name in ("ETag", "Last-Modified", "Cache-Control")}


def test_it_works(alice: Client) -> None:
    answer = make_answer(items=3, age=60)
    response = alice.get(address())
    told = response.json()
    assert response.status_code == 200
    assert [post["id"] for post in told.pop("data")] == ["tiktok-0", "tiktok-1", "tiktok-2"]
    (source,) = told.pop("platforms")
    assert source["platform"] == "tiktok"
    assert source["status"] == "completed"
    assert source["fetchedAt"] == told["createdAt"]
    made = answer.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert told == {"answerKey": ASKED.key, "itemCount": 3, "createdAt": made, "complete": True, "partial": False}


# Who may read it.


def test_not_signed_in(db: None) -> None:
    make_answer()
    assert_refused(lambda headers: Client().get(address(), headers=headers), 401, "not-signed-in")


def test_wrong_token(db: None) -> None:
    make_answer()
    wrong = {"Authorization": "Bearer scout_wrong"}
    assert_refused(lambda headers: Client().get(address(), headers=headers | wrong), 401, "invalid-token")


def test_everybody_reads_the_same_bytes(cast: Cast) -> None:
    """Person, language, session or token: nothing of these is in it, nor in its headers."""
    make_answer(items=2, age=60)
    readers = [api_client(cast.alice), api_client(cast.charlie, "ko"), page_client(cast.root)]
    readers[2].cookies["django_language"] = "ko"
    got = [reader.get(address()) for reader in readers]
    assert len({response.content for response in got}) == 1
    assert len({tuple(head_of(response).values()) for response in got}) == 1
    for response in got:
        assert not response.cookies
        assert "Vary" not in response
        assert "Content-Language" not in response


def test_nothing_in_it_passes_with_time(alice: Client) -> None:
    make_answer(age=120)
    before = alice.get(address())
    CachedAnswer.objects.update(access_count=7)
    after = alice.get(address())
    assert (before.content, before["ETag"]) == (after.content, after["ETag"])
    assert b"age" not in b"".join(before.content.split(b'"data"')[:1]).lower()


# What is asked.


@pytest.mark.parametrize(
    "text", ["a/b", "a:b:c", "100%", "what?", "#hash", "a+b c", "..", "a/../b", "메이크업", "👩‍🎨", "a%2Fb", "café", "//", "x\\y", "&q=1"]
)
def test_any_query_fits_into_the_path(alice: Client, text: str) -> None:
    asked = Query(text, "tiktok", "all")
    make_answer(asked)
    response = alice.get(address(asked.key))
    assert response.status_code == 200, response.content
    assert response.json()["answerKey"] == asked.key


def test_the_key_is_normalised(alice: Client) -> None:
    asked = Query("street food", "tiktok", "7days")
    make_answer(asked)
    response = alice.get(address("tiktok:  STREET   Food :7days"))
    assert response.json()["answerKey"] == asked.key


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("tiktok", "invalid-answer-key"),
        ("tiktok:7days", "invalid-answer-key"),
        ("::", "empty-query"),
        ("tiktok::7days", "empty-query"),
        ("tiktok:words:8days", "unknown-date-range"),
        ("youtube:words:7days", "unknown-platform"),
        ("tiktok@apidojo~tiktok-scraper:words:7days", "unknown-platform"),
        ("tiktok:a\x00b:7days", "invalid-query"),
        (f"tiktok:{'x' * 101}:7days", "query-too-long"),
    ],
)
def test_bad_key(alice: Client, key: str, kind: str) -> None:
    assert_refused(lambda headers: alice.get(address(key), headers=headers), 400, kind)


def test_a_platform_that_is_not_here(alice: Client) -> None:
    Platform.objects.filter(pk="douyin").update(enabled=False)
    assert_refused(lambda headers: alice.get(address("douyin:words:7days"), headers=headers), 400, "platform-unavailable")


def test_unknown(alice: Client) -> None:
    assert_refused(lambda headers: alice.get(address("tiktok:nobody asked:7days"), headers=headers), 404, "answer-not-found")
    assert alice.get(address("tiktok:nobody asked:7days"))["Cache-Control"] == "no-store"


def test_expired(alice: Client) -> None:
    make_answer(age=settings.KEEP_SECONDS + 1)
    assert alice.get(address()).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_reading_only(alice: Client, method: str) -> None:
    make_answer()
    assert alice.generic(method.upper(), address()).status_code == 405


def test_it_starts_nothing_and_is_in_nobodys_history(alice: Client, live_redis: redis.Redis) -> None:
    make_answer(age=settings.FRESH_SECONDS + 60)
    for key in (ASKED.key, "tiktok:nobody asked:7days", EVERYWHERE.key):
        alice.get(address(key))
    history.flush()
    assert (Run.objects.count(), Search.objects.count()) == (0, 0)
    assert CachedAnswer.objects.get().access_count == 0
    assert list(live_redis.scan_iter("rq:queue:*")) == []


# Asking again.


def test_not_modified(alice: Client) -> None:
    make_answer(age=60)
    first = alice.get(address())
    again = alice.get(address(), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert head_of(again) == head_of(first)
    assert not first["ETag"].startswith("W/")
    for header in ("Vary", "Content-Language", "Content-Length", "Content-Type"):
        assert header not in again


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', '"a", W/"b",{} , "c"', "*"])
def test_if_none_match(alice: Client, shape: str) -> None:
    make_answer()
    etag = alice.get(address())["ETag"]
    assert alice.get(address(), headers={"If-None-Match": shape.format(etag)}).status_code == 304


@pytest.mark.parametrize("shown", ['"other"', "", "nonsense", '"', "W/", '"a" "b', "\N{SNOWMAN}"])
def test_another_etag(alice: Client, shown: str) -> None:
    make_answer()
    assert alice.get(address(), headers={"If-None-Match": shown}).status_code == 200


def test_a_date_alone_is_not_believed(alice: Client) -> None:
    """An answer of one platform that is collected late is older than what it is put beside."""
    make_answer(age=60)
    asked = {"If-Modified-Since": alice.get(address())["Last-Modified"]}
    assert alice.get(address(), headers=asked).status_code == 200


def test_the_etag_changes_with_the_answer(alice: Client) -> None:
    seen = set()
    for items, age, partial in ((3, 600, False), (4, 300, False), (4, 200, False), (4, 100, True)):
        make_answer(items=items, age=age, partial=partial)
        memory.clear()
        seen.add(alice.get(address())["ETag"])
    assert len(seen) == 4


def test_head(alice: Client) -> None:
    make_answer(age=60)
    whole, head = alice.get(address()), alice.head(address())
    assert (head.status_code, head.content) == (200, b"")
    assert head_of(head) == head_of(whole)
    assert head["Content-Length"] == whole["Content-Length"] == str(len(whole.content))
    assert "Vary" not in head
    assert alice.head(address("tiktok:nobody:7days")).status_code == 404
    assert alice.head(address(), headers={"If-None-Match": whole["ETag"]}).status_code == 304


# For how long.


def caching(alice: Client, key: str = ASKED.key) -> tuple[int, int]:
    words = dict(part.strip().partition("=")[::2] for part in alice.get(address(key))["Cache-Control"].split(","))
    assert "public" in words
    return int(words["max-age"]), int(words["stale-while-revalidate"])


def test_a_minute(alice: Client) -> None:
    make_answer(age=60)
    assert caching(alice) == (60, 86_400)


def test_not_past_the_moment_it_goes_stale(alice: Client) -> None:
    make_answer(age=settings.FRESH_SECONDS - 20)
    keep, _stale = caching(alice)
    assert 15 <= keep <= 20


def test_a_partial_one_goes_stale_sooner(alice: Client) -> None:
    make_answer(age=3_590, partial=True)
    assert caching(alice)[0] <= 10


def test_a_stale_one(alice: Client) -> None:
    make_answer(age=settings.FRESH_SECONDS + 60)
    assert caching(alice) == (60, 86_400)


def test_never_past_its_expiry(alice: Client) -> None:
    make_answer(age=settings.KEEP_SECONDS - 30)
    keep, stale = caching(alice)
    assert 25 <= keep + stale <= 30


# Several platforms.


def put(platform: str, items: list[Any], asked: Query = EVERYWHERE, age: float = 60, source: str = "") -> None:
    on = asked.on(source or platform)
    make_answer(on, 0, age=age)
    CachedAnswer.objects.filter(key=on.key).update(body=json.dumps(items), item_count=len(items))


def test_all(alice: Client) -> None:
    for age, platform in enumerate(("tiktok", "douyin", "xiaohongshu")):
        put(platform, [item(n, platform) for n in range(2)], age=60 + age)
    told = alice.get(address(EVERYWHERE.key)).json()
    assert told["itemCount"] == 6
    assert [post["platform"] for post in told["data"]] == ["douyin"] * 2 + ["tiktok"] * 2 + ["xiaohongshu"] * 2
    assert [source["status"] for source in told["platforms"]] == ["completed"] * 3
    assert told["complete"] is True
    assert told["createdAt"] == min(source["fetchedAt"] for source in told["platforms"])


def test_all_where_one_has_not_answered(alice: Client) -> None:
    """What is known is there; caches keep it shortly, and it changes as soon as the rest comes."""
    put("tiktok", [item(1)])
    first = alice.get(address(EVERYWHERE.key))
    assert first.json()["complete"] is False
    assert [source["status"] for source in first.json()["platforms"]] == ["missing", "completed", "missing"]
    assert caching(alice, EVERYWHERE.key)[0] == 10
    put("douyin", [item(1, "douyin")])
    second = alice.get(address(EVERYWHERE.key), headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert second.json()["itemCount"] == 2


def test_actors_side_by_side_are_merged(alice: Client) -> None:
    platform = Platform.objects.get(pk="tiktok")
    Platform.objects.filter(pk="tiktok").update(beside=["apidojo/tiktok-scraper"])
    beside = Source(platform, "apidojo/tiktok-scraper", needed=False)
    put("tiktok", [item(1), item(2)], ASKED)
    put("tiktok", [item(2), item(3)], ASKED, source=beside.name)
    for _again in range(2):
        told = alice.get(address()).json()
        assert [post["id"] for post in told["data"]] == ["tiktok-1", "tiktok-2", "tiktok-3"]
        assert told["itemCount"] == 3
        assert len(told["platforms"]) == 2


# Around it.


def test_a_hit_asks_the_store_for_nothing(alice: Client, django_assert_max_num_queries: Any) -> None:
    make_answer(items=100)
    alice.get(address())
    with django_assert_max_num_queries(3):  # the token's person, and what is searched here
        alice.get(address())


def test_without_redis(alice: Client, without_redis: None) -> None:
    make_answer()
    assert alice.get(address()).status_code == 200


def test_storage_that_fails_is_not_there(alice: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr("searches.cache.store.get", lambda key: None)
    assert alice.get(address()).status_code == 404


def test_it_says_when_it_was_modified(alice: Client) -> None:
    answer = make_answer(age=3_600)
    assert alice.get(address())["Last-Modified"] == http_date(answer.created_at.timestamp())
