"""Fetching: what is due is kept, or tried again later, or given up."""

import io
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from scout.outgoing import Rules
from searches.thumbnails import fetch, folder, hosts
from searches.thumbnails.fetch import claim, fetch_due, put_back
from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.order import order
from tests.internet import Internet
from tests.sandbox_control import Sandbox
from tests.search.steps import THREADS, ago, at_once
from tests.thumbnails.conftest import HOST, encoded, post, row
from tests.tls_server import dripping, moved, ok

pytestmark = pytest.mark.django_db
NO_PICTURE = "unreadable-UnidentifiedImageError"
NOTHING = b"\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searches.thumbnails.order.ring", lambda *_, **__: 0)


def made_due() -> None:
    Thumbnail.objects.update(next_try=ago(1))


def test_it_works(sandbox: Sandbox) -> None:
    order([post(number) for number in range(40)])
    assert fetch_due() == 40
    assert Thumbnail.objects.filter(state=State.KEPT).count() == 40
    kept = row(7)
    content = folder.read(kept.key)
    assert content is not None
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size, (kept.width, kept.height)) == ("JPEG", (360, 640), (360, 640))
    assert (kept.bytes, kept.digest, kept.source) == (len(content), folder.digest_of(content), "")
    assert fetch_due() == 0


def test_over_tls_from_a_platform(internet: Internet) -> None:
    internet.server.say |= {"/a?x-signature=b%3D": moved("/b", 301), "/b": ok(encoded("WEBP"), "image/webp")}
    order([post(1, f"https://{HOST}/a?x-signature=b%3D"), post(2, "http://p1.xhscdn.com/b", platform="xiaohongshu")])
    fetch_due()
    assert set(Thumbnail.objects.values_list("state", flat=True)) == {State.KEPT}
    assert not any("Cookie" in head or "Authorization" in head for head in internet.server.asked)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"HTTP/1.1 404 Not Found" + NOTHING, "http-404"),
        (b"HTTP/1.1 410 Gone" + NOTHING, "http-410"),
        (
            ok(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
            "unreadable-UnidentifiedImageError",
        ),
        (ok(b"<!doctype html><script>alert(1)</script>", "image/jpeg"), "unreadable-UnidentifiedImageError"),
        (ok(b"", "image/jpeg"), "unreadable-UnidentifiedImageError"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", "too-large"),
        (moved("http://127.0.0.1/latest/meta-data"), "not-https"),
        (moved("https://127.0.0.1/"), "host"),
    ],
)
def test_what_is_given_up_at_once(internet: Internet, said: bytes, error: str) -> None:
    internet.server.say["/a"] = said
    order([post(1, f"https://{HOST}/a")])
    fetch_due()
    assert (row(1).state, row(1).error) == (State.FAILED, error)
    assert list(folder.files()) == []


def test_a_name_that_leads_home(internet: Internet) -> None:
    internet.names[HOST] = ["127.0.0.1"]
    order([post(1, f"https://{HOST}/a")])
    fetch_due()
    assert (row(1).state, row(1).error, internet.dialled) == (State.FAILED, "private-address", [])


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", b"rubbish"]
)
def test_what_is_tried_again(internet: Internet, said: bytes) -> None:
    internet.server.say["/a"] = said
    order([post(1, f"https://{HOST}/a")])
    for minutes in (1, 10, 60):
        fetch_due()
        assert row(1).state == State.WAITING
        assert abs(row(1).next_try - timezone.now() - timedelta(minutes=minutes)) < timedelta(seconds=30)
        assert fetch_due() == 0
        made_due()
    fetch_due()
    assert (row(1).state, row(1).tries) == (State.FAILED, 4)


def test_and_kept_when_it_is_back(internet: Internet) -> None:
    order([post(1, f"https://{HOST}/a")])
    internet.server.say["/a"] = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    fetch_due()
    internet.server.say["/a"] = ok(encoded())
    made_due()
    fetch_due()
    assert (row(1).state, row(1).error) == (State.KEPT, "")


def test_a_host_that_is_silent_is_not_asked_by_all(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them would take a thread for seconds."""
    internet.names[HOST] = []
    monkeypatch.setattr(fetch, "THREADS", 2)
    order([post(number, f"https://{HOST}/{number}") for number in range(50)])
    fetch_due()
    assert len(internet.looked_up) < 10
    assert set(Thumbnail.objects.values_list("state", "error")) == {(State.WAITING, "dns"), (State.WAITING, "connect")}


def test_a_drip_costs_its_own_time_alone(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    given = hosts.rules
    monkeypatch.setattr(fetch, "rules", lambda name: Rules(given(name).hosts, hosts.MOST_BYTES, seconds=1))
    internet.server.say |= {f"/{number}": ok(encoded()) for number in range(1, 20)}
    internet.server.say["/0"] = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    order([post(number, f"https://{HOST}/{number}") for number in range(20)])
    fetch_due()
    assert (row(0).state, row(0).error) == (State.WAITING, "timeout")
    assert Thumbnail.objects.filter(state=State.KEPT).count() == 19


def test_the_longest_due_come_first(db: None) -> None:
    order([post(number) for number in range(5)])
    for number in range(5):
        Thumbnail.objects.filter(key=f"tiktok:tiktok-{number}").update(next_try=ago(number + 1))
    assert [taken.key for taken in claim(2)] == ["tiktok:tiktok-4", "tiktok:tiktok-3"]


def test_what_is_taken_is_nobody_elses_for_a_minute(db: None) -> None:
    order([post(1)])
    assert len(claim(10)) == 1
    assert claim(10) == []
    Thumbnail.objects.update(next_try=ago(1))  # its fetcher was killed
    assert [taken.tries for taken in claim(10)] == [2]


def test_a_picture_that_ends_the_process_is_not_tried_for_ever(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    order([post(1)])
    for _death in range(4):
        claim(10)
        made_due()
    monkeypatch.setattr(fetch, "request", lambda *_: (_ for _ in ()).throw(fetch.Unreachable("broken")))
    fetch_due()
    assert (row(1).state, row(1).tries) == (State.FAILED, 5)


def test_what_was_not_begun_is_put_back(db: None) -> None:
    order([post(1)])
    put_back(claim(10))
    assert (row(1).tries, len(claim(10))) == (0, 1)


@THREADS
def test_two_fetchers_share(sandbox: Sandbox) -> None:
    order([post(number) for number in range(60)])
    taken = at_once(lambda: claim(40), lambda: claim(40))
    keys = [found.key for rows in [*taken, claim(60)] for found in rows]
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == 60


def test_a_job_ends_in_time_and_gives_back_the_rest(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "THREADS", 2)

    def slow(sock: object, _path: str) -> None:
        time.sleep(0.3)
        sock.sendall(ok(encoded("JPEG", (30, 40))))  # type: ignore[attr-defined]

    internet.server.say |= {f"/{number}": slow for number in range(64)}
    order([post(number, f"https://{HOST}/{number}") for number in range(64)])
    handled = fetch_due(seconds=1)
    assert 0 < handled < 30
    assert Thumbnail.objects.filter(state=State.KEPT).count() == handled
    left = Thumbnail.objects.filter(state=State.WAITING, next_try__lte=timezone.now(), tries=0)
    assert left.count() == 64 - handled


def test_a_disk_that_is_full(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.os, "replace", full)
    order([post(1)])
    fetch_due()
    assert (row(1).state, row(1).error) == (State.WAITING, "disk")
    assert list(folder.files()) == []


def test_the_folder_stays_within_its_bound(sandbox: Sandbox, settings: object) -> None:
    order([post(number) for number in range(20)])
    settings.THUMBNAIL_BYTES = 100_000  # type: ignore[attr-defined]
    fetch_due()
    assert sum(file.size for file in folder.files()) <= 100_000
    assert Thumbnail.objects.filter(state=State.KEPT).count() == len(list(folder.files())) > 0
