"""Pictures in the browser: kept ones are shown when upstream's links are dead, and a missing one keeps its place."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.stack import Stack
from tests.thumbnails.stack import WithPictures
from tests.waiting import until

CARDS = "[data-grid] li.card"
SHOWN = "all => all.filter(e => !e.hidden && e.complete && e.naturalWidth > 0).length"


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithPictures]:
    """A Scout with an answer whose links have died: the server behind them is gone."""
    stack = WithPictures(tmp_path_factory.mktemp("pictures"), run_seconds=1, items=12)
    stack.start()
    stack.run("pictures")
    yield stack
    stack.stop()


def address(stack: Stack, query: str) -> str:
    return f"{stack.address}/search/?{urlencode({'q': query, 'platform': 'tiktok', 'range': '7days'})}"


def searched(page: Page, stack: Stack, query: str) -> None:
    """An answer on the page."""
    page.goto(address(stack, query))
    page.locator("main form button.primary").first.click()
    expect(page.locator("[data-status]")).to_contain_text("result", timeout=30_000)


def show_all(page: Page) -> None:
    """Lazy pictures are fetched once they come near."""
    page.evaluate("for (const e of document.querySelectorAll('[data-grid] img')) e.loading = 'eager'")


def shown(page: Page) -> int:
    """How many pictures can be seen."""
    found: int = page.eval_on_selector_all(f"{CARDS} img", SHOWN)
    return found


def test_pictures_outlive_their_links(watched: Page, dead: WithPictures) -> None:
    sign_in(watched, dead)
    searched(watched, dead, "메이크업")
    until(lambda: dead.kept() >= 12, 40)
    dead.kill("sandbox")
    try:
        asked: list[str] = []
        watched.on("request", lambda request: asked.append(request.url))
        watched.goto("about:blank")  # what is still told of the page before is told by then
        asked.clear()
        watched.goto(address(dead, "메이크업"))
        show_all(watched)
        until(lambda: shown(watched) == 12)
        sources = watched.eval_on_selector_all(f"{CARDS} img", "all => all.map(e => new URL(e.src).pathname)")
        assert all(source.startswith("/thumbs/tiktok/") for source in sources)
        assert not [url for url in asked if "/pictures/" in url]
        asked.clear()
        watched.reload()
        show_all(watched)
        until(lambda: shown(watched) == 12)
        transferred = watched.evaluate(
            "performance.getEntriesByType('resource').filter(e => e.name.includes('/thumbs/')).map(e => e.transferSize)"
        )
        assert set(transferred) == {0}, "the browser has them for good"
    finally:
        dead.run("sandbox")


def test_a_link_that_dies_while_the_page_is_open(watched: Page, dead: WithPictures) -> None:
    """Cards that came live have the platform's link; where that fails, the kept picture takes its place."""
    sign_in(watched, dead)
    before = dead.kept()
    watched.route("**/pictures/**", lambda route: route.abort())
    searched(watched, dead, "립스틱")
    until(lambda: dead.kept() >= before + 12, 40)
    expect(watched.locator(CARDS)).to_have_count(12)
    show_all(watched)
    first = watched.locator(f"{CARDS} img").first
    expect(first).to_have_attribute("src", re.compile("^/thumbs/tiktok/"))
    until(lambda: shown(watched) == 12)


def test_nothing_moves_and_nothing_fails_where_there_is_no_picture_at_all(watched: Page, dead: WithPictures) -> None:
    sign_in(watched, dead)
    searched(watched, dead, "향수")
    watched.goto(address(dead, "향수"))
    tall = watched.locator(CARDS).first.bounding_box()
    watched.route("**/pictures/**", lambda route: route.abort())
    watched.route("**/thumbs/**", lambda route: route.abort())
    watched.reload()
    show_all(watched)
    expect(watched.locator(f"{CARDS} img").first).to_be_hidden()
    assert watched.locator(CARDS).first.bounding_box() == tall


def test_the_drawing_where_nothing_is_kept(watched: Page, dead: WithPictures) -> None:
    """Of a post that we know nothing of, as it looks by itself; and that it can do nothing."""
    sign_in(watched, dead)
    violations: list[Any] = []
    watched.on("console", lambda message: violations.append(message.text) if message.type == "error" else None)
    answer = watched.goto(f"{dead.address}/thumbs/tiktok/nothing")
    assert answer
    assert answer.header_value("content-type") == "image/svg+xml"
    assert violations == []
