"""Staff's side of the platforms in a browser: settings, health, and a try-out from the form to rows beside items."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import violations
from tests.platforms.recorded import cases
from tests.stack import Stack

ZEN, TIKTOK = "zen-studio/rednote-search-scraper", "clockworks/tiktok-scraper"
PAGES = {
    "platforms": "/admin/platforms/platform/",
    "platform": "/admin/platforms/platform/tiktok/change/",
    "health": "/admin/platforms/actorhealth/",
    "runs": "/admin/search/run/",
    "try": "/admin/search/run/try/?platform=xiaohongshu",
    "plan": f"/admin/search/run/try/?plan=1&actor={ZEN}&query=%EB%A9%94%EC%9D%B4%ED%81%AC%EC%97%85&date_range=1month&items=5",
    "wrong": "/admin/search/run/try/?plan=1&actor=none&query=&date_range=all&items=99",
    "rows": "/admin/search/run/try/rows/",
}


@pytest.fixture
def staff(watched: Page, site: Stack) -> Page:
    sign_in(watched, site, "admin")
    return watched


@pytest.fixture(scope="module")
def tried(site: Stack, browser: Browser) -> Iterator[str]:
    """The address of a try-out that has ended."""
    page = browser.new_page()
    sign_in(page, site, "admin")
    page.goto(f"{site.address}/admin/search/run/try/?plan=1&actor={TIKTOK}&query=sandbox:hostile&date_range=7days&items=8")
    page.get_by_role("button", name="Run this sample").click()
    expect(page.locator("#found-title")).to_be_visible(timeout=30_000)
    yield page.url.removeprefix(site.address)
    page.close()


def test_it_works(staff: Page, site: Stack) -> None:
    """From the platform's page to a sample that is run, followed without a reload by hand, and read."""
    staff.goto(site.address + PAGES["platform"])
    staff.get_by_role("link", name="Try an actor").click()
    expect(staff.get_by_label("Actor")).to_have_value(TIKTOK)
    staff.get_by_role("button", name="Show what would be sent").click()
    expect(staff.locator("pre")).to_contain_text('"resultsPerPage": 5')
    staff.get_by_role("button", name="Run this sample: at most $0.10").click()
    staff.wait_for_url("**/try/*/")
    expect(staff.get_by_role("status")).to_contain_text(re.compile("waits|started|runs"))
    expect(staff.locator("#found-title")).to_be_visible(timeout=30_000)
    expect(staff.locator(".pair").first.locator("th", has_text="webVideoUrl")).to_be_visible()
    expect(staff.get_by_role("button", name="Stop it")).to_have_count(0)


def test_stopping(staff: Page, site: Stack) -> None:
    staff.goto(f"{site.address}/admin/search/run/try/?plan=1&actor={TIKTOK}&query=sandbox:stuck&date_range=all&items=5")
    staff.get_by_role("button", name="Run this sample").click()
    expect(staff.get_by_role("status")).to_contain_text("runs at Apify", timeout=20_000)
    staff.get_by_role("button", name="Stop it").click()
    expect(staff.get_by_role("button", name="Stop it")).to_have_count(0, timeout=30_000)
    expect(staff.locator(".facts")).to_contain_text("cancelled")


def test_what_was_pasted_stays(staff: Page, site: Stack) -> None:
    staff.goto(site.address + PAGES["rows"])
    staff.get_by_label("Rows").fill('[{"id" 1}]')
    staff.get_by_role("button", name="Map these rows").click()
    expect(staff.locator(".errorlist")).to_contain_text("from line 1, character 8 on")
    expect(staff.get_by_label("Rows")).to_have_value('[{"id" 1}]')
    staff.get_by_label("Rows").fill(json.dumps([case.row for case in cases(TIKTOK)]))
    staff.get_by_role("button", name="Map these rows").click()
    expect(staff.locator(".pair")).to_have_count(len(cases(TIKTOK)))


def test_boxes_beside(staff: Page, site: Stack) -> None:
    """Actors side by side are boxes to tick; a rule that is broken is said beside them."""
    staff.goto(site.address + PAGES["platform"])
    boxes = staff.locator(".field-beside").get_by_role("checkbox")
    expect(boxes).to_have_count(2)
    boxes.nth(1).check()  # the fall-back
    staff.get_by_role("button", name="Save", exact=True).click()
    expect(staff.locator(".field-beside .errorlist")).to_contain_text("other than the actor and its fall-back")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(staff: Page, site: Stack, tried: str, scheme: str) -> None:
    staff.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    wrong = {}
    for name, path in (PAGES | {"tried": tried}).items():
        staff.goto(site.address + path)
        wrong[name] = violations(staff)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [320, 768])
def test_nothing_sticks_out(staff: Page, site: Stack, tried: str, width: int, language: str) -> None:
    staff.context.add_cookies([{"name": "django_language", "value": language, "url": site.address}])
    staff.set_viewport_size({"width": width, "height": 800})
    wide = []
    for name, path in (PAGES | {"tried": tried}).items():
        staff.goto(site.address + path)
        if staff.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(name)
    assert wide == []


def test_fields_fit_a_phone(staff: Page, site: Stack) -> None:
    """Within their box too, which hides what is wider."""
    staff.set_viewport_size({"width": 375, "height": 800})
    for path in (PAGES["platform"], PAGES["plan"], PAGES["rows"]):
        staff.goto(site.address + path)
        wide = staff.eval_on_selector_all(
            "#content .form-row :is(select, input, textarea)",
            "all => all.filter(e => e.getBoundingClientRect().right > e.closest('.module').getBoundingClientRect().right).map(e => e.name)",
        )
        assert wide == [], path
