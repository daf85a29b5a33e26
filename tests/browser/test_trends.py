"""Trends as people see them: axe on filled pages in light and dark, narrow and wide, by keyboard, without JavaScript."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import violations
from tests.browser.test_search import search
from tests.stack import Stack

FILLED = "/search/trends/?q=트렌드 질문&platform=tiktok&range=7days"
PAGES = {"filled": FILLED, "everything": "/trends", "empty": "/search/trends/?q=nobody asked&platform=all&range=all"}
SEED = """
from datetime import timedelta
from django.utils import timezone
from searches.query import parse
from tests.trends.steps import later, posts, recorded
now, key = timezone.now(), parse("트렌드 질문", "tiktok", "7days").key
seen = posts(400, until=now - timedelta(days=1))
seen[0] |= {"title": "<script>alert(1)</script> 메이크업 추천", "playCount": 5_000_000}
fresh = [one | {"hashtags": [*one["hashtags"], "떠오름"]} for one in posts(60, seed=5, until=now - timedelta(hours=1), days=5)]
for day in range(12, 0, -1):
    recorded(seen, -24 * day, key, now)
    seen = later(seen, 0.2, seed=day)
recorded([*[one | {"id": "fresh-" + one["id"]} for one in fresh], *seen[60:]], -3, key, now)
recorded(seen, -1, key, now)
result = True
"""


@pytest.fixture(scope="module")
def filled(site: Stack) -> Stack:
    site.python(SEED)
    return site


def test_it_works(desk: Page, site: Stack) -> None:
    """A search is asked; a moment after it has ended, its posts are in the trends of its question."""
    search(desk, "끝까지 가는 길")
    expect(desk.locator("[data-live]:not([data-state])")).to_have_count(0, timeout=30_000)
    site.manage("worker", "default", "--burst")
    desk.goto(f"{site.address}/search/trends/?q=끝까지 가는 길&platform=tiktok&range=7days")
    expect(desk.locator("main")).to_contain_text("24 posts, 1 run, the last")
    expect(desk.locator("#tags-t")).to_have_count(1)
    expect(desk.get_by_text("This needs two runs of the question").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(desk: Page, filled: Stack, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    wrong = {}
    for name, path in PAGES.items():
        desk.goto(filled.address + path)
        for summary in desk.locator("summary").all():
            summary.click()
        wrong[name] = violations(desk)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_sticks_out(desk: Page, filled: Stack, width: int, language: str) -> None:
    desk.context.add_cookies([{"name": "django_language", "value": language, "url": filled.address}])
    desk.set_viewport_size({"width": width, "height": 800})
    for path in PAGES.values():
        desk.goto(filled.address + path)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, path
        out = desk.eval_on_selector_all(
            ".chart > svg",
            """all => all.flatMap(svg => { const frame = svg.closest('figure').getBoundingClientRect();
                return [...svg.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
                    return b.left < frame.left - 1 || b.right > frame.right + 1 }).map(t => t.textContent) })""",
        )
        assert out == [], path


def test_words_of_a_chart_keep_their_size(desk: Page, filled: Stack) -> None:
    tall = set()
    for width in (320, 768, 1280):
        desk.set_viewport_size({"width": width, "height": 800})
        desk.goto(filled.address + FILLED)
        tall.add(desk.locator(".chart.line > svg > text").first.evaluate("e => Math.round(e.getBoundingClientRect().height)"))
    assert len(tall) == 1


def test_keyboard(desk: Page, filled: Stack) -> None:
    desk.goto(filled.address + FILLED)
    tabs = desk.locator(".tabs a")
    tabs.nth(0).focus()
    desk.keyboard.press("Tab")
    expect(tabs.nth(1)).to_be_focused()
    expect(tabs.nth(1)).to_have_attribute("aria-current", "page")
    summary = desk.locator(".chart.line summary")
    summary.focus()
    desk.keyboard.press("Enter")
    table = desk.locator(".chart.line .chart-table")
    expect(table).to_be_visible()
    desk.keyboard.press("Tab")
    expect(table).to_be_focused()
    desk.locator(".choices a").last.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".choices [aria-current]")).to_have_text("90 days")


def test_controls_are_large_enough(desk: Page, filled: Stack) -> None:
    desk.set_viewport_size({"width": 375, "height": 800})
    desk.goto(filled.address + FILLED)
    small = desk.eval_on_selector_all(
        "main button, main select, main summary, main a[href]",
        """all => all.filter(e => e.checkVisibility() && e.offsetHeight < (e.matches('.riser-name, p a') ? 24 : 44))
            .map(e => [e.outerHTML.slice(0, 120), e.offsetHeight])""",
    )
    assert small == []


def test_a_zone_is_chosen_without_javascript(filled: Stack, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, filled)
    page.goto(filled.address + FILLED)
    page.select_option("select[name=tz]", "Asia/Seoul")
    page.click(".zone button")
    expect(page.locator("main")).to_contain_text("Times are those of Asia/Seoul.")
    expect(page.locator("h1")).to_have_text("트렌드 질문")
    context.close()


def test_hostile_titles_run_nothing(desk: Page, filled: Stack) -> None:
    opened: list[str] = []
    desk.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    desk.goto(filled.address + FILLED)
    expect(desk.locator(".chart-legend")).to_contain_text("<script>alert(1)</script>")
    assert opened == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)])
def test_pictures(desk: Page, filled: Stack, tmp_path: Path, scheme: str, width: int) -> None:
    """To be looked at by people; here only that the chart's lines have different colours and dashes."""
    desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(filled.address + FILLED)
    styles = desk.eval_on_selector_all(
        ".chart.line > svg path", "all => all.map(p => [getComputedStyle(p).stroke, getComputedStyle(p).strokeDasharray])"
    )
    assert len({stroke for stroke, _dash in styles}) == len({dash for _stroke, dash in styles}) == len(styles) == 4
    desk.screenshot(path=tmp_path / f"trends-{scheme}-{width}.png", full_page=True)
