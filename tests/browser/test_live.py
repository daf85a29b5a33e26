"""live.js against a socket that a test plays: what each message does to the page."""

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.test_search import CARDS, keys, search
from tests.rows import item

HOSTILE = "\"><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


class Played:
    """The server's side of the page's sockets. The search behind it takes for ever."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.said: list[str] = []
        page.route_web_socket(re.compile("/ws/search/"), self._opened)
        search(page, f"sandbox:stuck {time.time()}")
        page.locator("[data-live]").wait_for()
        self.until(lambda: bool(self.sockets))

    def _opened(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda message: self.said.append(str(message)))

    def until(self, true: Any, seconds: float = 10) -> None:
        limit = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < limit
            self.page.wait_for_timeout(20)

    def items(self, cursor: int, *items: Any) -> None:
        self.sockets[-1].send(json.dumps({"type": "items", "next": cursor, "items": items}))

    def tell(self, status: str = "running", **told: Any) -> None:
        usual = {"status": status, "progress": 10, "itemCount": 1, "queuePosition": None, "estimatedWaitSeconds": None, "partial": False}
        self.sockets[-1].send(json.dumps({"type": "progress", "message": status} | usual | told))


@pytest.fixture
def played(desk: Page) -> Played:
    return Played(desk)


def test_a_card_is_filled_as_the_server_would(desk: Page, played: Played) -> None:
    """Numbers, length and tags as filters of ui.py write them; what is unknown is a dash."""
    full = {
        "playCount": 12_345,
        "likeCount": 999_950,
        "commentCount": None,
        "shareCount": 0,
        "durationSeconds": 75.4,
        "hashtags": ["뷰티", "ootd"],
    }
    played.items(1, item(1, creator="Kai", createTime=round((time.time() - 7_500) * 1000), webVideoUrl="https://tiktok.test/1", **full))
    card = desk.locator(CARDS).first
    expect(card).to_be_visible()
    text = " ".join(card.text_content().split())  # type: ignore[union-attr]
    assert text == "TikTok Length 1:15 Post 1 Kai 2 hours ago Views 12.3K Likes 1M Comments –unknown Shares 0 #뷰티 #ootd"
    assert card.locator("h3 a").get_attribute("href") == "https://tiktok.test/1"
    assert card.locator("dd").first.get_attribute("title") == "12,345"


def test_hostile_posts_stay_text(desk: Page, played: Played) -> None:
    script = "javascript:window.hacked=1"
    played.items(
        1,
        item(
            1, title=HOSTILE, creator=HOSTILE, hashtags=[HOSTILE], webVideoUrl=script, creatorUrl=script, thumbnail=script, platform=HOSTILE
        ),
    )
    expect(desk.locator(CARDS).first.locator("h3")).to_have_text(HOSTILE)
    assert desk.locator(f"{CARDS} script, {CARDS} [href], {CARDS} img[src]").count() == 0
    assert desk.evaluate("window.hacked") is None


def test_a_post_comes_once(desk: Page, played: Played) -> None:
    played.items(2, item(1), item(2))
    played.items(3, item(2), item(3))
    expect(desk.locator(CARDS)).to_have_count(3)
    assert keys(desk) == ["tiktok:tiktok-1", "tiktok:tiktok-2", "tiktok:tiktok-3"]


def test_it_comes_back_where_it_was(desk: Page, played: Played) -> None:
    played.items(7, item(1))
    expect(desk.locator(CARDS)).to_have_count(1)
    played.sockets[-1].close(code=1000)
    played.until(lambda: len(played.sockets) == 2)
    assert played.sockets[1].url.endswith("?since=7")


def _boxes(page: Page, *places: int) -> list[object]:
    """Where these places of the grid are, as painted: what is inserted is only laid out in the frame that shows it."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))")
    return [page.locator("[data-grid] > li").nth(n).bounding_box() for n in places]


@pytest.mark.parametrize("width", [375, 700, 1280])
def test_nothing_moves(desk: Page, played: Played, width: int) -> None:
    """Posts take the places of skeletons; the end of the search leaves the grid where it is."""
    desk.set_viewport_size({"width": width, "height": 900})
    first_words = "The platform is being searched. First results come in a moment."
    played.tell(message=first_words, estimatedWaitSeconds=180)
    expect(desk.locator("[data-status]")).to_have_text(first_words)
    before = _boxes(desk, 0, 1, 2, 9)
    played.items(2, item(1), item(2, title="a long title " * 20, hashtags=["tag"] * 30))
    played.tell(message="2 results so far.")
    expect(desk.locator(CARDS)).to_have_count(2)
    expect(desk.locator("[data-status]")).to_have_text("2 results so far.")
    assert _boxes(desk, 0, 1, 2, 9) == before
    played.tell("completed", progress=100, message="Done: 2 results.")
    expect(desk.locator("[data-state=completed]")).to_be_visible()
    assert _boxes(desk, 0, 1) == before[:2]
    assert desk.locator("[data-skeleton], [data-cancel]").count() == 0
    assert desk.locator("progress").evaluate("bar => bar.value") == 100


def test_a_thousand_posts(desk: Page, played: Played) -> None:
    for start in range(0, 1000, 100):
        played.items(start + 100, *[item(number) for number in range(start, start + 100)])
    expect(desk.locator(CARDS)).to_have_count(1000)
    assert desk.title().startswith("sandbox:stuck")
    played.tell("running", itemCount=1000)
    expect(desk).to_have_title(re.compile(r"^\(1000\) "))


def test_words(desk: Page, played: Played) -> None:
    """What is shown changes at once; what a screen reader says, at most every 5 s and then the last."""
    heard = "[data-say]"
    desk.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(document.querySelector('[data-say]').textContent))"
        ".observe(document.querySelector('[data-say]'), {childList: true})"
    )
    for number in range(5):
        played.tell(message=f"{number} results so far.", estimatedWaitSeconds=100)
        expect(desk.locator("[data-status]")).to_have_text(f"{number} results so far.", timeout=1_000)
    expect(desk.locator("[data-left]")).to_have_text("about 2 minutes left")
    expect(desk.locator(heard)).to_have_text("4 results so far.", timeout=8_000)
    assert len(desk.evaluate("heard")) <= 2


def test_failed(desk: Page, played: Played) -> None:
    played.tell("failed", message="The scraper stopped.")
    expect(desk.locator("[data-status]")).to_have_text("The scraper stopped.")
    expect(desk.get_by_role("button", name="Search again")).to_be_visible()
    desk.wait_for_timeout(1_500)
    assert len(played.sockets) == 1, "it is over: nobody is called again"


def test_cancel_keeps_the_focus(desk: Page, played: Played) -> None:
    desk.locator("[data-cancel] button").focus()
    desk.keyboard.press("Enter")
    played.until(lambda: played.said == ['{"type":"cancel"}'])
    played.tell("cancelled", message="This search was cancelled.")
    expect(desk.locator("[data-status]")).to_be_focused()


def test_cancel_into_a_dead_socket_goes_the_plain_way(desk: Page, played: Played) -> None:
    desk.locator("[data-cancel] button").click()
    expect(desk.locator("main")).to_contain_text("This search was cancelled", timeout=10_000)


@pytest.mark.parametrize(("code", "said", "offered"), [(4401, "signed out", "Sign in again"), (4404, "not there any more", "Search again")])
def test_refused(desk: Page, played: Played, code: int, said: str, offered: str) -> None:
    played.sockets[-1].close(code=code)
    expect(desk.locator("[data-status]")).to_contain_text(said)
    expect(desk.locator(f".live :text('{offered}')")).to_be_visible()
    desk.wait_for_timeout(1_500)
    assert len(played.sockets) == 1
