"""A person searches: in Korean, live, interrupted, again."""

import re
import urllib.parse
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.stack import Stack

CARDS = "li.card[data-key]"


def search(page: Page, text: str, platform: str = "tiktok") -> None:
    page.fill("input[name=q]", text)
    page.select_option("select[name=platform]", platform)
    page.press("input[name=q]", "Enter")
    page.wait_for_url(re.compile(r"/search/\?q="))


def keys(page: Page) -> list[str]:
    return page.eval_on_selector_all(CARDS, "cards => cards.map(c => c.dataset.key)")


def test_it_works(desk: Page) -> None:
    """Items appear before the end, the end is told, and the same search again has the answer at once."""
    search(desk, "메이크업")
    expect(desk.locator("h1")).to_have_text("메이크업")
    desk.locator(CARDS).first.wait_for()
    assert desk.locator("[data-cancel]").count() == 1, "items came only at the end"
    expect(desk.locator("[data-status]")).to_contain_text("Done", timeout=20_000)
    found = keys(desk)
    assert len(found) == len(set(found)) > 5
    desk.goto(urllib.parse.urljoin(desk.url, "/dashboard"))
    search(desk, "메이크업")
    assert keys(desk) == found
    assert desk.locator("[data-live]").count() == 0


def test_a_reload_in_the_middle_keeps_items(desk: Page) -> None:
    search(desk, "라면 레시피")
    desk.locator(CARDS).first.wait_for()
    before = keys(desk)
    desk.reload()
    assert keys(desk)[: len(before)] == before
    expect(desk.locator("[data-status]")).to_contain_text("Done", timeout=20_000)
    after = keys(desk)
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) > len(before)


def test_cancel(desk: Page) -> None:
    search(desk, "고양이 영상")
    desk.locator("[data-cancel] button").click()
    expect(desk.locator("[data-status]")).to_contain_text("cancelled")
    desk.goto(urllib.parse.urljoin(desk.url, "/searches"))
    expect(desk.locator("main")).to_contain_text("cancelled", ignore_case=True)


def test_without_javascript(site: Stack, browser: object) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    sign_in(page, site)
    search(page, "no script")
    for _reload in range(20):
        if page.locator("[data-live]").count() == 0:
            break
        page.wait_for_timeout(500)
        page.reload()
    assert len(keys(page)) > 5
    search(page, "no script, cancelled")
    page.locator("[data-cancel] button").click()
    expect(page.locator("main")).to_contain_text("cancelled", ignore_case=True)
    context.close()


def test_korean(desk: Page) -> None:
    desk.locator("form[action='/language'] button", has_text="한국어").click()
    expect(desk.locator("html")).to_have_attribute("lang", "ko")
    search(desk, "제주도 카페")
    expect(desk.locator("[data-status]")).to_contain_text("마쳤습니다", timeout=20_000)


def test_hostile_titles_stay_text(desk: Page) -> None:
    search(desk, "sandbox:hostile")
    expect(desk.locator("[data-status]")).to_contain_text("Done", timeout=20_000)
    for _again in range(2):  # as they came over the socket, and as the server renders them
        links = desk.eval_on_selector_all(f"{CARDS} a", "links => links.map(a => a.protocol)")
        assert set(links) <= {"http:", "https:", ":"}
        assert desk.locator(f"{CARDS} script").count() == 0
        desk.reload()


@pytest.mark.parametrize("word", ["sandbox:fail", "sandbox:timeout", "sandbox:empty"])
def test_other_ends(desk: Page, word: str) -> None:
    search(desk, word)
    said = {
        "sandbox:fail": re.compile("stopped with an error|keeping the scraper out"),
        "sandbox:timeout": "cut short",
        "sandbox:empty": "Nothing was found",
    }[word]
    expect(desk.locator("main")).to_contain_text(said, timeout=20_000)


def test_picture_for_the_readme(desk: Page, screens: Path) -> None:
    """The README's picture is this very page, in the middle of a search."""
    search(desk, "여름 코디", "all")
    desk.locator(CARDS).nth(14).wait_for()
    desk.wait_for_timeout(300)
    desk.screenshot(path=screens / "search.png")
    assert (screens / "search.png").stat().st_size > 20_000
