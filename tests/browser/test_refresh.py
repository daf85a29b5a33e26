"""A newer answer reaches pages that are open: pushed, or asked for where sockets do not get through. Two web processes."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import violations
from tests.browser.test_search import CARDS, keys
from tests.browser.test_strip import DONE, ask
from tests.stack import Stack

OFFER = "[data-offer]"
OLDER = """
import json
from datetime import timedelta
from scout.queues import connections
from searches.cache.memory import say_changed
from searches.cache.models import CachedAnswer
result = []
for row in CachedAnswer.objects.filter(query={query!r}):
    items = json.loads(row.body)[{missing}:]
    CachedAnswer.objects.filter(pk=row.pk).update(
        body=json.dumps(items, ensure_ascii=False),
        item_count=len(items),
        created_at=row.created_at - timedelta(minutes={minutes}),
    )
    result.append(row.key)
with connections().guarded() as client:
    say_changed(client, result)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("refresh"), web=2, run_seconds=3, items=20).start()
    yield stack
    stack.stop()


@pytest.fixture
def desk(watched: Page, own: Stack) -> Page:
    sign_in(watched, own)
    return watched


@pytest.fixture
def other(browser: Browser, own: Stack) -> Iterator[Page]:
    """A colleague, at the other web process."""
    page = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    page.goto(f"http://127.0.0.1:{own.ports['web1']}/sign-in")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", own.environment["SCOUT_PASSWORD"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/dashboard")
    yield page
    page.close()


def answered(page: Page, own: Stack, text: str, platform: str = "tiktok", missing: int = 5, minutes: int = 90) -> None:
    """A page that shows an answer of an hour and a half ago, which lacked some of today's posts."""
    ask(page, text, platform)
    page.locator(DONE).wait_for(timeout=40_000)
    own.python(OLDER.format(query=text, missing=missing, minutes=minutes))
    page.reload()
    expect(page.locator("[data-confirm]")).to_be_visible()


def refresh(page: Page) -> None:
    page.locator("[data-confirm] summary").click()
    page.locator("[data-confirm]").get_by_role("button", name="Refresh now").click()
    page.locator("[data-live]").wait_for()


def as_seen_at(page: Page, own: Stack, web: str) -> str:
    """The same question at another web process."""
    return re.sub(r"//127\.0\.0\.1:\d+", f"//127.0.0.1:{own.ports[web]}", page.url)


def test_it_works(desk: Page, other: Page, own: Stack) -> None:
    """Somebody refreshes, with the cost before his eyes; a page that is open elsewhere hears of it, and shows what is new."""
    answered(desk, own, "pushed")
    before = keys(desk)
    other.goto(as_seen_at(desk, own, "web1"))
    where = desk.locator(CARDS).nth(3).bounding_box()
    other.locator("[data-confirm] summary").click()
    expect(other.locator("[data-confirm]")).to_contain_text(re.compile(r"This starts a new search and costs about \$0\.\d\d\."))
    other.locator("[data-confirm] button").click()
    expect(other.locator(CARDS)).to_have_count(len(before))
    expect(other.locator(".live")).to_contain_text("Being refreshed")
    expect(desk.locator(OFFER)).to_have_text(re.compile(r"^\s*5 new since \d\d:\d\d\s+Show\s*$"), timeout=40_000)
    assert desk.locator(CARDS).nth(3).bounding_box() == where, "nothing moved under the reader's eyes"
    assert keys(desk) == before
    said = re.search(r"5 new since \d\d:\d\d", desk.locator(OFFER).inner_text())
    desk.locator("[data-show]").click()
    expect(desk.locator(".known")).to_contain_text(said[0] if said else "?")
    after = keys(desk)
    assert set(before) < set(after)
    assert len(after) == len(set(after)) == len(before) + 5
    expect(desk.locator(".badge.fresh")).to_have_count(5)
    marked = desk.eval_on_selector_all(f"{CARDS}:has(.fresh)", "cards => cards.map(c => c.dataset.key)")
    assert set(marked) == set(after) - set(before)
    desk.reload()
    expect(desk.locator(".badge.fresh")).to_have_count(0)


def test_the_page_that_refreshes_is_told_the_end(desk: Page, own: Stack) -> None:
    answered(desk, own, "my own", "all", missing=2)
    before = keys(desk)
    refresh(desk)
    expect(desk.locator("[data-source]")).to_have_count(3)
    assert keys(desk) == before
    desk.locator(DONE).wait_for(timeout=40_000)
    expect(desk.locator(".live h2")).to_have_text("Refreshed")
    expect(desk.locator(OFFER)).to_contain_text("6 new since", timeout=20_000)
    assert keys(desk) == before
    desk.locator("[data-show]").click()
    expect(desk.locator(CARDS)).to_have_count(len(before) + 6)
    assert desk.locator("[data-live]").count() == 0


def test_sockets_are_refused(desk: Page, other: Page, own: Stack) -> None:
    """A proxy that lets no socket through: the page asks every 30 s."""
    answered(desk, own, "no sockets")
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/api/results/" in request.url else None)
    desk.route_web_socket(re.compile("/ws/"), lambda socket: socket.close(code=4000))
    desk.clock.install()
    desk.reload()
    other.goto(as_seen_at(desk, own, "web1"))
    refresh(other)
    other.locator(DONE).wait_for(timeout=40_000)
    assert desk.locator(OFFER).is_hidden()
    assert asked == []
    desk.clock.fast_forward(31_000)
    expect(desk.locator(OFFER)).to_contain_text("5 new since", timeout=20_000)
    assert len(asked) == 1


def test_a_hint_that_was_lost(desk: Page, other: Page, own: Stack) -> None:
    """The web process dies while the answer is refreshed: coming back, the page looks at once."""
    answered(desk, own, "lost hint")
    other.goto(as_seen_at(desk, own, "web1"))
    own.kill("web0")
    refresh(other)
    other.locator(DONE).wait_for(timeout=40_000)
    own.run("web0")
    expect(desk.locator(OFFER)).to_contain_text("5 new since", timeout=40_000)


def test_a_page_that_was_filled_live_hears_of_the_next_one(desk: Page, other: Page, own: Stack) -> None:
    ask(desk, "filled live", "tiktok")
    desk.locator(DONE).wait_for(timeout=40_000)
    desk.wait_for_timeout(1_000)
    assert desk.locator(OFFER).is_hidden()
    own.python(OLDER.format(query="filled live", missing=0, minutes=90))
    other.goto(as_seen_at(desk, own, "web1"))
    refresh(other)
    expect(desk.locator(OFFER)).to_contain_text("Refreshed: nothing new since", timeout=40_000)


class Played:
    """The server's side of the socket, and its answers, played by the test."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.asked: list[dict[str, str]] = []
        self.answer: dict[str, Any] = {"status": 304}
        page.route_web_socket(re.compile("/ws/results/"), lambda socket: self.sockets.append(socket))
        page.route("**/api/results/**", self._fulfil)
        page.goto(address)
        self.until(lambda: bool(self.sockets))

    def _fulfil(self, route: Any) -> None:
        self.asked.append(route.request.headers)
        route.fulfill(**self.answer)

    def until(self, true: Any) -> None:
        limit = time.monotonic() + 10
        while not true():
            assert time.monotonic() < limit
            self.page.wait_for_timeout(20)

    def newer(self, *posts: dict[str, Any]) -> None:
        """From now on the answer has these posts beside those of the page."""
        shown = [dict(zip(("platform", "id"), key.split(":", 1), strict=True)) for key in keys(self.page)]
        body = {"createdAt": "2026-11-20T10:00:00Z", "data": [*posts, *shown]}
        self.answer = {"status": 200, "json": body, "headers": {"ETag": f'"{len(posts)} {time.time()}"'}}


@pytest.fixture(scope="module")
def known(own: Stack, browser: Browser) -> str:
    """The address of an answer that can be refreshed."""
    page = browser.new_page()
    sign_in(page, own)
    answered(page, own, "played", missing=0)
    address = page.url
    page.close()
    return address


@pytest.fixture
def played(desk: Page, known: str) -> Played:
    return Played(desk, known)


def test_it_looks_once_it_listens(desk: Page, played: Played) -> None:
    etag = desk.locator("[data-answer]").get_attribute("data-etag")
    assert played.asked == []
    played.sockets[-1].send('{"type":"ping"}')
    played.until(lambda: len(played.asked) == 1)
    assert played.asked[0]["if-none-match"] == etag
    played.sockets[-1].send('{"type":"ping"}')
    desk.wait_for_timeout(300)
    assert len(played.asked) == 1
    assert desk.locator(OFFER).is_hidden()


def test_it_asks_until_the_new_answer_is_there(desk: Page, played: Played) -> None:
    """A cache on the way may still hold the old one."""
    played.sockets[-1].send('{"type":"refreshed"}')
    played.until(lambda: len(played.asked) == 1)
    played.newer({"platform": "tiktok", "id": "new"})
    expect(desk.locator(OFFER)).to_contain_text("1 new since", timeout=10_000)
    assert len(played.asked) == 2


def test_refreshed_twice_is_one_offer(desk: Page, played: Played) -> None:
    posts = [{"platform": "tiktok", "id": f"new{n}"} for n in range(1_234)]
    for count in (1, 1_234):
        played.newer(*posts[:count])
        played.sockets[-1].send('{"type":"refreshed"}')
        expect(desk.locator(OFFER)).to_contain_text(f"{count:,} new since")
    assert played.asked[1]["if-none-match"].startswith('"1 '), "each time what is newer than the last"


def test_it_comes_back(desk: Page, played: Played) -> None:
    played.sockets[-1].close(code=1012)
    played.until(lambda: len(played.sockets) == 2)


@pytest.mark.parametrize("code", [4401, 4404])
def test_it_does_not_come_back_where_it_is_refused(desk: Page, played: Played, code: int) -> None:
    played.sockets[-1].close(code=code)
    desk.wait_for_timeout(2_000)
    assert len(played.sockets) == 1


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 404}, {"status": 200, "body": "<html>"}, {"status": 401}])
def test_what_cannot_be_read_is_no_offer(desk: Page, played: Played, answer: dict[str, Any]) -> None:
    played.answer = answer
    played.sockets[-1].send('{"type":"refreshed"}')
    played.until(lambda: len(played.asked) == 1)
    desk.wait_for_timeout(200)
    assert desk.locator(OFFER).is_hidden()


# For everybody.


def test_keyboard(desk: Page, played: Played) -> None:
    """The two steps of a refresh, and the offer, without a mouse; Escape goes back."""
    summary = desk.locator("[data-confirm] summary")
    summary.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-confirm] button")).to_be_visible()
    desk.keyboard.press("Tab")
    expect(desk.locator("[data-confirm] button")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-confirm] button")).to_be_hidden()
    expect(summary).to_be_focused()
    played.newer({"platform": "tiktok", "id": "new"})
    played.sockets[-1].send('{"type":"refreshed"}')
    expect(desk.locator(OFFER)).to_be_visible()
    expect(summary).to_be_focused()
    desk.locator("[data-show]").focus()
    desk.keyboard.press("Enter")
    desk.wait_for_load_state()
    expect(desk.locator(OFFER)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(desk: Page, played: Played, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    played.newer({"platform": "tiktok", "id": "new"})
    played.sockets[-1].send('{"type":"refreshed"}')
    expect(desk.locator(OFFER)).to_be_visible()
    desk.locator("[data-confirm] summary").click()
    assert violations(desk) == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone(desk: Page, played: Played, own: Stack, language: str) -> None:
    """Nothing sticks out at 360 px; what is to be touched is large enough."""
    desk.context.add_cookies([{"name": "django_language", "value": language, "url": own.address}])
    desk.set_viewport_size({"width": 360, "height": 800})
    desk.reload()
    played.newer({"platform": "tiktok", "id": "new"})
    played.until(lambda: len(played.sockets) == 2)
    played.sockets[-1].send('{"type":"refreshed"}')
    expect(desk.locator(OFFER)).to_contain_text({"en": "1 new since", "ko": "새 게시물 1개"}[language])
    desk.locator("[data-confirm] summary").click()
    assert desk.evaluate("document.documentElement.scrollWidth") == 360
    for control in ("[data-confirm] summary", "[data-confirm] button", "[data-show]"):
        box = desk.locator(control).bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


def test_without_javascript(browser: Browser, desk: Page, own: Stack) -> None:
    answered(desk, own, "no script refresh")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, own)
    page.goto(desk.url)
    page.locator("[data-confirm] summary").click()
    page.locator("[data-confirm] button").click()
    expect(page.locator(".live")).to_contain_text("Being refreshed")
    for _reload in range(60):
        if page.locator("[data-live]").count() == 0:
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".known")).to_contain_text("5 new since")
    context.close()
