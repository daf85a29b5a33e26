"""Pages that everybody can use: axe in light and dark, narrow and wide, keyboard, both languages."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_search import CARDS, search
from tests.stack import Stack

KNOWN, EMPTY, FAILED = "여름 네일 sandbox:hostile", "sandbox:empty words", "sandbox:fail words"
PAGES = {
    "dashboard": "/dashboard",
    "searches": "/searches",
    "problem": "/search/?q=&platform=tiktok&range=7days",
    "not yet": "/search/?q=nobody+asked+this&platform=tiktok&range=7days",
    "known": f"/search/?q={KNOWN}&platform=tiktok&range=7days",
    "some platforms missing": f"/search/?q={KNOWN}&platform=all&range=7days",
    "empty": f"/search/?q={EMPTY}&platform=tiktok&range=7days",
    "failed": f"/search/?q={FAILED}&platform=tiktok&range=7days",
    "in progress": "/search/?q=sandbox:stuck+words&platform=tiktok&range=7days",
}


@pytest.fixture(scope="module")
def asked(site: Stack, browser: Browser) -> Iterator[Stack]:
    """A site where every kind of answer is there."""
    page = browser.new_page()
    sign_in(page, site)
    for words in (FAILED, EMPTY, KNOWN, "sandbox:stuck words"):
        page.goto(f"{site.address}/dashboard")
        search(page, words)
    for words in (FAILED, EMPTY, KNOWN):
        page.goto(f"{site.address}/search/?q={words}&platform=tiktok&range=7days")
        expect(page.locator("[data-live]:not([data-state])")).to_have_count(0, timeout=30_000)
    yield site
    page.goto(f"{site.address}/search/?q=sandbox:stuck+words&platform=tiktok&range=7days")
    page.locator("[data-cancel] button").click()
    page.close()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {[node['target'] for node in v['nodes']][:3]}" for v in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(desk: Page, asked: Stack, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    wrong = {}
    for name, path in PAGES.items():
        desk.goto(asked.address + path)
        wrong[name] = violations(desk)
    desk.context.clear_cookies()
    desk.goto(f"{asked.address}/sign-in")
    wrong["sign-in"] = violations(desk)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_sticks_out(desk: Page, asked: Stack, width: int, language: str) -> None:
    desk.context.add_cookies([{"name": "django_language", "value": language, "url": asked.address}])
    desk.set_viewport_size({"width": width, "height": 800})
    wide = []
    for name, path in PAGES.items():
        desk.goto(asked.address + path)
        if desk.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(name)
    assert wide == []


@pytest.mark.parametrize("name", ["dashboard", "known", "some platforms missing", "in progress"])
def test_controls_are_large_enough(desk: Page, asked: Stack, name: str) -> None:
    """44 px for buttons and choices, 24 px for every other link."""
    desk.set_viewport_size({"width": 375, "height": 800})
    desk.goto(asked.address + PAGES[name])
    small = desk.eval_on_selector_all(
        "button, label:has(input, select), main a[href], nav a",
        """all => all.filter(e => e.checkVisibility() && e.offsetHeight < (e.matches('button, label, nav a') ? 44 : 24))
            .map(e => [e.outerHTML.slice(0, 120), e.offsetHeight])
            .filter(([html]) => !html.includes('data-fill="text:title'))""",
    )
    assert small == []


def test_keyboard(desk: Page, asked: Stack) -> None:
    """The first stop is the way past the header; focus can be seen; Enter searches."""
    desk.goto(asked.address + PAGES["known"])
    desk.keyboard.press("Tab")
    skip = desk.locator(":focus")
    expect(skip).to_have_class("skip")
    expect(skip).to_be_in_viewport()
    desk.keyboard.press("Enter")
    expect(desk.locator("main")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.locator("input[type=search][name=q]")).to_be_focused()
    outline = desk.locator("label:has(input[name=q])").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"


def test_language_switch(desk: Page, asked: Stack) -> None:
    desk.goto(asked.address + PAGES["known"])
    desk.get_by_role("button", name="한국어").click()
    expect(desk.locator("html")).to_have_attribute("lang", "ko")
    expect(desk.locator("h1")).to_have_text(KNOWN)
    expect(desk.locator("nav.nav")).to_contain_text("내 검색")
    desk.get_by_role("button", name="English").click()
    expect(desk.locator("nav.nav")).to_contain_text("My searches")


def test_hostile_posts_run_nothing(desk: Page, asked: Stack) -> None:
    """Their words are shown, their links that are no links are not there, and no dialog opens."""
    opened: list[str] = []
    desk.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    desk.goto(asked.address + PAGES["known"])
    expect(desk.locator(CARDS).first).to_be_visible()
    assert "<script>alert(1)</script>" in desk.locator("[data-grid]").inner_text()
    links = desk.eval_on_selector_all(f"{CARDS} a[href]", "all => all.map(a => [a.protocol, a.rel, a.target])")
    assert {(re.sub("https?:", "http", scheme), rel, target) for scheme, rel, target in links} == {
        ("http", "noopener noreferrer nofollow", "_blank")
    }
    assert opened == []


def test_a_missing_picture_keeps_its_place(desk: Page, asked: Stack) -> None:
    desk.goto(asked.address + PAGES["known"])
    tall = desk.locator(CARDS).first.bounding_box()
    desk.route("**/pictures/**", lambda route: route.abort())
    desk.reload()
    assert desk.locator(CARDS).first.bounding_box() == tall
