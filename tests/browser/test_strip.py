"""The strip of sources: several platforms fill side by side, one may fail, and what is missing can be searched."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_live import Played, _boxes
from tests.browser.test_pages import violations
from tests.browser.test_search import CARDS, keys
from tests.rows import item
from tests.stack import Stack

SOURCES = "[data-source]"
DONE = ".live[data-state=completed]"
ROW: dict[str, Any] = {
    "actor": "a/b",
    "itemCount": 0,
    "askedDays": 30,
    "actorDays": 182,
    "outsideCount": None,
    "undatedCount": None,
    "fetchedAt": None,
    "ageSeconds": None,
    "stale": False,
    "partial": False,
    "suspendedUntil": None,
    "error": None,
}
SENTENCE = "The platform is keeping the scraper out just now. Please search again in a few minutes."


def ask(page: Page, text: str, platform: str = "all", date_range: str = "1month") -> None:
    page.goto(re.sub(r"(//[^/]+).*", r"\1/dashboard", page.url))
    page.fill("input[name=q]", text)
    page.select_option("select[name=platform]", platform)
    page.select_option("select[name=range]", date_range)
    page.press("input[name=q]", "Enter")
    page.wait_for_url(re.compile(r"/search/\?q="))


def row(platform: str, status: str, message: str, **values: Any) -> dict[str, Any]:
    return ROW | {"platform": platform, "name": platform.title(), "status": status, "message": message} | values


@pytest.fixture
def healthy(site: Stack) -> Iterator[Stack]:
    """Faults that a test has made are gone afterwards, and no actor is suspended for them."""
    yield site
    site.control("DELETE", "faults")
    site.python("from searches.platforms.models import ActorHealth\nresult = ActorHealth.objects.all().delete()[0]")


def test_it_works(desk: Page) -> None:
    """Three platforms at once: each has its own state and number, and in the end they add up to what is shown."""
    ask(desk, "side by side")
    sources = desk.locator(SOURCES)
    expect(sources).to_have_count(3)
    for i in range(3):
        expect(sources.nth(i).locator("[data-note]")).to_have_text(re.compile(r"^[1-9]\d* so far$"), timeout=20_000)
    expect(sources.nth(0)).to_contain_text("asked: past month; scraper gives: past half year")
    assert desk.locator(DONE).count() == 0, "they were seen only at the end"
    desk.locator(DONE).wait_for(timeout=30_000)
    expect(desk.locator(f"{SOURCES}[data-state=completed]")).to_have_count(3)
    said = [int(text.split()[0]) for text in desk.locator("[data-note]").all_inner_texts()]
    assert sum(said) == len(keys(desk))
    desk.reload()
    assert sum(int(text.split()[0]) for text in desk.locator("[data-note]").all_inner_texts()) == sum(said)
    expect(desk.locator(".known-line strong")).to_have_text(f"{sum(said)} results")
    assert len(keys(desk)) == min(sum(said), 60), "a page of them"
    assert {key.partition(":")[0] for key in keys(desk)} == {"tiktok", "douyin", "xiaohongshu"}


def test_one_platform_fails_and_is_searched_again(desk: Page, healthy: Stack) -> None:
    healthy.control("POST", "faults", [{"on": "start", "kind": "failed", "match": "searchtermsorhashtags"}])
    ask(desk, "one of three fails")
    expect(desk.locator(f"{SOURCES}[data-state=failed]")).to_contain_text("Douyin", timeout=20_000)
    desk.locator(DONE).wait_for(timeout=30_000)
    expect(desk.locator(f"{SOURCES}[data-state=completed]")).to_have_count(2)
    found = keys(desk)
    desk.reload()
    assert sorted(keys(desk)) == sorted(found)
    expect(desk.locator(".rest")).to_contain_text("Without Douyin so far.")
    expect(desk.locator(f"{SOURCES}[data-state=failed]")).to_contain_text("Please search again")
    healthy.control("DELETE", "faults")
    desk.get_by_role("button", name="Search the rest").click()
    desk.locator(DONE).wait_for(timeout=30_000)
    assert set(found) < set(keys(desk)), "what was known is still there, and the rest beside it"
    expect(desk.locator(f"{SOURCES}[data-state=completed]")).to_have_count(3)


class AllPlayed(Played):
    """As Played, for a search of all platforms."""

    def __init__(self, page: Page) -> None:
        self.page, self.sockets, self.said = page, [], []
        page.route_web_socket(re.compile("/ws/search/"), self._opened)
        ask(page, f"sandbox:stuck {time.time()}")
        page.locator("[data-live]").wait_for()
        self.until(lambda: bool(self.sockets))

    def leave(self) -> None:
        self.page.locator("[data-cancel] button").click()
        self.page.locator("main:has-text('cancelled')").wait_for()


@pytest.fixture
def played(desk: Page) -> Iterator[AllPlayed]:
    played = AllPlayed(desk)
    yield played
    if desk.locator("[data-cancel]").count():
        played.leave()


@pytest.mark.parametrize("width", [360, 700, 900, 1280])
def test_nothing_moves(desk: Page, played: AllPlayed, width: int) -> None:
    """Whatever is said of the platforms, the posts below stay where they are."""
    desk.set_viewport_size({"width": width, "height": 900})
    names = ("douyin", "tiktok", "xiaohongshu")
    played.tell(platforms=[row(name, "running", "1 so far") for name in names])
    expect(desk.locator("[data-note]").first).to_have_text("1 so far")
    before = _boxes(desk, 0, 1, 5)
    for rows in (
        [row(name, "queued", "waiting") for name in names],
        [row(name, "running", "24 so far") for name in names],
        [row(names[0], "failed", SENTENCE), *[row(name, "running", "1,024 so far", actorDays=None) for name in names[1:]]],
        [row(name, "completed", "24 results, 3 older ones left out") for name in names],
    ):
        played.tell(platforms=rows)
        expect(desk.locator(SOURCES).first).to_have_attribute("data-state", rows[0]["status"])
        assert _boxes(desk, 0, 1, 5) == before, rows[0]["message"]


def test_words_of_rows_are_text(desk: Page, played: AllPlayed) -> None:
    hostile = "<img src=x onerror='window.hacked = 1'>"
    played.tell(platforms=[row("tiktok", "running", hostile, name=hostile), row("douyin", "surprising", hostile)])
    expect(desk.locator("[data-note]").first).to_have_text(hostile)
    assert desk.locator(f"{SOURCES} img").count() == 0
    assert desk.evaluate("window.hacked") is None


def test_paused_and_other_states(desk: Page, played: AllPlayed) -> None:
    until = "2026-11-20T10:00:00+00:00"
    played.tell(
        platforms=[
            row("douyin", "queued", "Douyin is paused until 10:00: too many requests.", suspendedUntil=until),
            row("tiktok", "completed", "3 results, cut short", partial=True),
            row("xiaohongshu", "completed", "3 results", actorDays=45),
        ]
    )
    expect(desk.locator(SOURCES).nth(0)).to_contain_text("Paused")
    expect(desk.locator(SOURCES).nth(0)).to_contain_text("paused until 10:00")
    expect(desk.locator(SOURCES).nth(1)).to_contain_text("Cut short")
    expect(desk.locator(SOURCES).nth(2)).to_contain_text("asked: past month; scraper gives: 45 days")


def test_a_message_without_rows_changes_none(desk: Page, played: AllPlayed) -> None:
    played.tell(platforms=[row("douyin", "running", "7 so far")])
    expect(desk.locator("[data-note]").first).to_have_text("7 so far")
    played.sockets[-1].send(json.dumps({"type": "progress", "status": "running", "progress": 1, "itemCount": 7, "message": "7 results"}))
    played.items(1, item(1))
    expect(desk.locator(CARDS)).to_have_count(1)
    expect(desk.locator("[data-note]").first).to_have_text("7 so far")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(desk: Page, played: AllPlayed, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    for states in (("queued", "running", "completed"), ("failed", "cancelled", "missing")):
        played.tell(platforms=[row(name, status, SENTENCE) for name, status in zip(("a", "b", "c"), states, strict=True)])
        expect(desk.locator(SOURCES).first).to_have_attribute("data-state", states[0])
        assert violations(desk) == []
    paused = row("a", "queued", SENTENCE, suspendedUntil="2026")
    played.tell(platforms=[paused, row("b", "completed", SENTENCE, stale=True), row("c", "completed", "", partial=True)])
    expect(desk.locator(SOURCES).first).to_have_attribute("data-state", "paused")
    assert violations(desk) == []


def test_without_javascript(site: Stack, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site)
    ask(page, "strip without script")
    expect(page.locator(SOURCES)).to_have_count(3)
    for _reload in range(60):
        if page.locator("[data-live]").count() == 0:
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(f"{SOURCES}[data-state=completed]")).to_have_count(3)
    context.close()
