"""GET /thumbs/{platform}/{postId}."""

import os
import time
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from searches.thumbnails import folder
from searches.thumbnails.kept import address
from searches.thumbnails.models import State, Thumbnail
from tests.cast import Cast, page_client
from tests.thumbnails.conftest import encoded

CONTENT = encoded("JPEG", (54, 96))


def kept(post_id: str = "7", content: bytes = CONTENT) -> str:
    """The address of a kept picture."""
    key = f"tiktok:{post_id}"
    folder.write(key, content)
    digest = folder.digest_of(content)
    Thumbnail.objects.create(key=key, state=State.KEPT, digest=digest, bytes=len(content), width=54, height=96)
    return address(key, digest)


def test_it_works(cast: Cast) -> None:
    answer = page_client(cast.alice).get(kept())
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/jpeg", CONTENT)
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["ETag"] == f'"{folder.digest_of(CONTENT)}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Vary" not in answer
    assert not answer.cookies


def test_strangers_see_nothing(cast: Cast) -> None:
    """Neither the picture nor whether there is one."""
    there, not_there = Client().get(kept()), Client().get("/thumbs/tiktok/8")
    for answer in (there, not_there):
        assert (answer.status_code, answer.content, answer["Cache-Control"]) == (401, b"", "no-store")
    assert "ETag" not in there


def test_every_signed_in_person_may(cast: Cast) -> None:
    link = kept()
    assert {page_client(person).get(link).status_code for person in (cast.alice, cast.charlie, cast.sam)} == {200}


def test_304(cast: Cast) -> None:
    link = kept()
    client = page_client(cast.alice)
    answer = client.get(link, headers={"If-None-Match": client.get(link)["ETag"]})
    assert (answer.status_code, answer.content) == (304, b"")
    assert "immutable" in answer["Cache-Control"]
    assert client.get(link, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("v", ["", "?v=", "?v=0000000000000000", "?v=%00", "?w=1"])
def test_an_address_that_names_no_content_is_kept_for_minutes(cast: Cast, v: str) -> None:
    link = kept().partition("?")[0]
    answer = page_client(cast.alice).get(link + v)
    assert (answer.content, answer["Cache-Control"]) == (CONTENT, "private, max-age=300")


@pytest.mark.parametrize("state", [None, State.WAITING, State.FAILED])
def test_a_drawing_where_there_is_none(cast: Cast, state: State | None) -> None:
    if state:
        Thumbnail.objects.create(key="tiktok:7", state=state)
    answer = page_client(cast.alice).get("/thumbs/tiktok/7?v=abc")
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "image/svg+xml", "no-store")
    assert b"<script" not in answer.content
    assert b"http" not in answer.content.replace(b"http://www.w3.org/2000/svg", b"")
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("content", [None, b"", CONTENT[:10]])
def test_a_file_that_is_gone_or_cut(cast: Cast, content: bytes | None) -> None:
    link = kept()
    path = folder._path(folder.name_of("tiktok:7"))
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    answer = page_client(cast.alice).get(link)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/svg+xml", "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/scout/settings.py", "....//....//etc/passwd", "%00", "a%00b",
        "/etc/passwd", "\\..\\..\\", "x" * 5_000, "%ff%fe", "메이크업", "a?b", ";ls", "%0d%0aX-Evil:1",
    ],
)  # fmt: skip
def test_no_way_out_of_the_folder(cast: Cast, path: str) -> None:
    secret = settings.DATA / "secret.jpg"
    secret.write_bytes(CONTENT)
    answer = page_client(cast.alice).get(f"/thumbs/tiktok/{path}")
    assert answer.status_code in {200, 301, 400, 404}
    assert "X-Evil" not in answer
    if answer.status_code == 200:
        assert answer["Content-Type"] == "image/svg+xml"
    secret.unlink()


@pytest.mark.parametrize("post_id", ["../../etc/passwd", "a/b", "메이크업", "a?b#c%20", "a:b", "\\", "%2F"])
def test_strange_ids_are_found_by_their_own_address(cast: Cast, post_id: str) -> None:
    link = kept(post_id)
    assert link.startswith(f"/thumbs/tiktok/{quote(post_id, safe='')}?v=")
    assert page_client(cast.alice).get(link).content == CONTENT


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_for_looking_only(cast: Cast, method: str) -> None:
    assert getattr(page_client(cast.alice), method)(kept()).status_code in {403, 405}


def test_looking_is_noted_in_the_file_once_a_day(cast: Cast) -> None:
    link, path = kept(), folder._path(folder.name_of("tiktok:7"))
    client = page_client(cast.alice)
    an_hour_ago = time.time() - 3_600
    os.utime(path, (an_hour_ago, an_hour_ago))
    client.get(link)
    assert abs(path.stat().st_mtime - an_hour_ago) < 2
    os.utime(path, (an_hour_ago - 86_400,) * 2)
    client.get(link)
    assert time.time() - path.stat().st_mtime < 60


def test_one_query_besides_the_session(cast: Cast) -> None:
    link, client = kept(), page_client(cast.alice)
    client.get(link)
    with CaptureQueriesContext(connection) as seen:
        client.get(link)
    assert [query["sql"] for query in seen if "thumbnails_thumbnail" in query["sql"]]
    assert len([query for query in seen if "thumbnails_thumbnail" in query["sql"]]) == 1
    assert not [query for query in seen if not query["sql"].startswith("SELECT")]
