"""Filters, order, table and pages of an answer of a thousand posts: with htmx, without script, by keyboard, on a phone."""

import json
import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import violations
from tests.browser.test_search import CARDS, keys
from tests.browser.test_strip import DONE, ask
from tests.rows import item
from tests.stack import Stack

ADDRESS = "/search/?q=thousand+posts&platform=tiktok&range=1month"
EVERYWHERE = "/search/?q=three+platforms&platform=all&range=1month"
POSTS = "[data-key]"
PUT = """
import json
from datetime import timedelta
from pathlib import Path
from django.utils import timezone
from scout.queues import connections
from searches.cache import store
from searches.cache.answer import Answer, etag_of
from searches.cache.memory import say_changed
from searches.query import Query
result = []
for text, platform, items, age in json.loads(Path({given!r}).read_text()):
    query, body = Query(text, platform, "1month"), json.dumps(items, ensure_ascii=False).encode()
    created = timezone.now() - timedelta(seconds=age)
    answer = Answer(query.key, body, (), len(items), 0, False, created, created + timedelta(days=90), etag_of(body))
    store.put(answer, text, platform, "1month")
    result.append(query.key)
with connections().guarded() as client:
    say_changed(client, result)
"""


def posts(count: int, platform: str = "tiktok", first: int = 0) -> list[object]:
    """Posts of all sorts: every tenth without views, every seventh without a date."""
    now = int(time.time() * 1000)
    return [
        item(
            n,
            platform,
            title=f"{'여름 메이크업' if n % 2 else 'street food'} {n}",
            creator=f"creator {n % 9}",
            playCount=None if n % 10 == 9 else n * 1_000,
            likeCount=n * 7 % 1_000,
            followerCount=50_000,
            createTime=None if n % 7 == 6 else now - n * 3_600_000,
            durationSeconds=float(n % 200) or None,
            hashtags=[f"tag{n % 30}", "ootd"][: n % 3],
            webVideoUrl=f"https://videos.test/{n}",
        )
        for n in range(first, first + count)
    ]


def put(stack: Stack, *answers: tuple[str, str, list[object], int]) -> None:
    file = stack.folder / "answers.json"  # too long for a command line
    file.write_text(json.dumps(answers))
    stack.python(PUT.format(given=str(file)))


@pytest.fixture(scope="module")
def filled(site: Stack) -> Stack:
    platforms = [("three platforms", name, posts(30, name), 7_200) for name in ("tiktok", "douyin", "xiaohongshu")]
    put(site, ("thousand posts", "tiktok", posts(1_000), 7_200), *platforms)
    return site


@pytest.fixture
def shown(desk: Page, filled: Stack) -> Page:
    """The page of the thousand posts, as cards."""
    desk.context.clear_cookies(name="view")
    desk.goto(filled.address + ADDRESS)
    return desk


def found(page: Page, count: int) -> None:
    expect(page.locator("#asked-count")).to_have_text(f"{count:,} of 1,000 posts")


def test_it_works(shown: Page) -> None:
    """A filter, a word, a tag: each takes effect at once, is in the address and a chip; and going back undoes them."""
    assert len(keys(shown)) == 60
    shown.locator("#filters summary").click()
    shown.locator("#choose-views").get_by_text("100K–1M").click()
    found(shown, 810)
    assert parse_qs(urlsplit(shown.url).query)["views-min"] == ["100000"]
    expect(shown.locator("#views-min")).to_have_value("100000")
    shown.fill("#text", "메이크업")
    found(shown, 360)
    expect(shown.locator("#text")).to_be_focused()
    shown.locator("#choose-tag label", has_text="#ootd").click()
    expect(shown.locator(".chip")).to_have_text([re.compile("Views: 100K–1M"), re.compile("Title: 메이크업"), re.compile("#ootd")])
    expect(shown.locator("#filters")).to_have_attribute("open", "")
    expect(shown.locator("#said")).to_have_text(re.compile("of 1,000 posts"))
    address = shown.url
    shown.reload()
    assert shown.url == address
    expect(shown.locator(".chip")).to_have_count(3)
    shown.go_back()
    found(shown, 360)
    shown.go_back()
    found(shown, 810)
    expect(shown.locator("#text")).to_have_value("")


def test_what_is_not_known_is_told_and_can_be_let_in(shown: Page) -> None:
    shown.goto(shown.url + "&views-max=99999")
    found(shown, 90)
    expect(shown.locator(".asked-note")).to_contain_text("100 posts without views are not shown.")
    shown.get_by_text("Show them too").click()
    found(shown, 190)
    assert "unknown=views" in shown.url


def test_chips_and_where_the_focus_goes(shown: Page) -> None:
    shown.goto(shown.url + "&views-min=5000&engagement=4&tag=ootd")
    shown.locator("#filters summary").click()
    shown.locator(".chip", has_text="Views: 5K").focus()
    shown.keyboard.press("Enter")
    expect(shown.locator(".chip")).to_have_count(2)
    expect(shown.locator("#views-min")).to_have_value("")
    assert shown.evaluate("document.activeElement !== document.body")
    shown.locator("#clear-chips").click()
    expect(shown.locator(".chip")).to_have_count(0)
    expect(shown.locator("#choose-engagement input:checked")).to_have_count(0)
    expect(shown.locator("#filters")).to_have_attribute("open", "")
    assert urlsplit(shown.url).query == urlsplit(ADDRESS).query


def test_nothing_passes(shown: Page) -> None:
    shown.goto(shown.url + "&views-min=500000&text=no+such+words")
    expect(shown.locator(".empty")).to_contain_text("No post passes all filters")
    shown.locator(".loosen a").first.click()
    expect(shown.locator(".chip")).to_have_count(1)
    assert len(keys(shown)) == 60


def test_order(shown: Page) -> None:
    shown.select_option("#sort", label="Newest")
    expect(shown.locator(CARDS).first).to_have_attribute("data-key", "tiktok:tiktok-0")
    shown.locator("#sort").focus()
    shown.select_option("#sort", label="Most views")
    expect(shown.locator(CARDS).first).to_have_attribute("data-key", "tiktok:tiktok-998")
    expect(shown.locator("#sort")).to_be_focused()
    assert shown.url.endswith("sort=views")


def test_several_platforms_begin_with_a_fair_order(shown: Page, filled: Stack) -> None:
    shown.goto(filled.address + EVERYWHERE)
    expect(shown.locator("#sort option:checked")).to_have_text("Fair across platforms")
    assert {key.partition(":")[0] for key in keys(shown)[:3]} == {"tiktok", "douyin", "xiaohongshu"}
    shown.locator("#filters summary").click()
    shown.locator("#choose-on label", has_text="Douyin").click()
    expect(shown.locator(CARDS)).to_have_count(30)
    expect(shown.locator("#choose-on label", has_text="TikTok")).to_contain_text("30")


def test_more_and_more(shown: Page) -> None:
    """Each post once, whatever the page; the place of reading and the focus stay."""
    shown.goto(shown.url + "&sort=likes")
    link = shown.locator("#more-link")
    for number in (2, 3):
        link.scroll_into_view_if_needed()
        link.focus()
        shown.wait_for_timeout(200)  # cards are laid out as they come into view
        before = shown.evaluate("scrollY")
        shown.keyboard.press("Enter")
        expect(shown.locator(CARDS)).to_have_count(60 * number)
        expect(link).to_be_focused()
        assert shown.evaluate("scrollY") == before
    assert len(set(keys(shown))) == 180
    expect(shown.locator(".more p")).to_have_text("180 of 1,000 shown")
    likes = shown.eval_on_selector_all(f"{CARDS} [data-fill='count:likeCount']", "all => all.map(e => +e.title.replace(',', ''))")
    assert likes == sorted(likes, reverse=True)


def test_more_to_the_end(shown: Page) -> None:
    shown.goto(shown.url + "&views-min=900000&sort=views")
    shown.locator("#more-link").click()
    expect(shown.locator(CARDS)).to_have_count(90)
    expect(shown.locator("#more-link")).to_have_text("90 of 90 shown")
    expect(shown.locator("#more-link")).to_be_focused()


def test_an_answer_that_changed_between_two_pages(shown: Page, filled: Stack) -> None:
    """The second page is still of the answer that the first one showed."""
    put(filled, ("changing", "tiktok", posts(100), 7_200))
    shown.goto(filled.address + ADDRESS.replace("thousand+posts", "changing"))
    first = keys(shown)
    put(filled, ("changing", "tiktok", [*posts(50, first=500), *posts(100)], 3_600))
    shown.locator("#more-link").click()
    expect(shown.locator(CARDS)).to_have_count(100)
    assert keys(shown)[:60] == first
    assert sorted(keys(shown)) == sorted(f"tiktok:tiktok-{n}" for n in range(100))


def test_table(shown: Page) -> None:
    shown.locator("#switch-table").click()
    expect(shown.locator("tbody tr")).to_have_count(60)
    shown.get_by_role("columnheader", name="Likes").get_by_role("link").click()
    expect(shown.get_by_role("columnheader", name="Likes")).to_have_attribute("aria-sort", "descending")
    expect(shown.locator("#column-likes")).to_be_focused()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("columnheader", name="Likes")).to_have_attribute("aria-sort", "ascending")
    expect(shown.locator("#sort option:checked")).to_have_text("Fewest likes")
    shown.locator("#more-link").click()
    expect(shown.locator("tbody tr")).to_have_count(120)
    shown.goto(shown.url.partition("&sort")[0])
    expect(shown.locator("tbody tr")).to_have_count(60), "it is remembered"
    shown.locator("#switch-cards").click()
    expect(shown.locator(CARDS)).to_have_count(60)


def test_the_head_of_the_table_stays(shown: Page) -> None:
    shown.goto(shown.url + "&view=table")
    shown.locator(".table").focus()
    shown.keyboard.press("End")
    expect(shown.locator("tbody tr").last).to_be_in_viewport()
    expect(shown.locator("thead th").first).to_be_in_viewport()


def test_keyboard(shown: Page) -> None:
    """Opened, chosen, closed by Escape, without a mouse."""
    summary = shown.locator("#filters summary")
    summary.focus()
    shown.keyboard.press("Enter")
    box = shown.locator("#choose-length input").first
    box.focus()
    shown.keyboard.press("Space")
    expect(shown.locator(".chip")).to_have_count(1)
    expect(box).to_be_focused()
    expect(box).to_be_checked()
    shown.keyboard.press("Escape")
    expect(shown.locator(".sieve")).to_be_hidden()
    expect(summary).to_be_focused()


def test_a_creator_by_name(shown: Page) -> None:
    shown.locator("#filters summary").click()
    shown.locator("#creator-typed").press_sequentially("CREATOR 8", delay=60)
    assert "creator=" not in shown.url, "half a name is nobody's"
    shown.keyboard.press("Enter")
    found(shown, 111)
    expect(shown.locator("#choose-creator input:checked")).to_have_count(1)
    expect(shown.locator("#creator-typed")).to_have_value("")


def test_signed_out_meanwhile(shown: Page) -> None:
    shown.context.clear_cookies()
    shown.select_option("#sort", label="Newest")
    shown.wait_for_url("**/sign-in?**")


def test_a_server_that_fails(shown: Page) -> None:
    """The plain way, where the browser says what is wrong."""

    def fail(route: Route) -> None:
        if "hx-request" in route.request.headers:
            route.fulfill(status=500, body="broken")
        else:
            route.continue_()

    shown.route("**/search/**sort=date**", fail)
    shown.select_option("#sort", label="Newest")
    expect(shown.locator("#sort option:checked")).to_have_text("Newest")
    expect(shown).to_have_url(re.compile("sort=date"))


def test_while_a_search_runs_and_at_its_end(desk: Page) -> None:
    """Posts stand as they come in; at the end the filters come, and nothing moves or is lost by it."""
    ask(desk, "filters at the end", "tiktok")
    expect(desk.locator("#tools")).to_contain_text("Filters and sorting come with the end of the search.")
    desk.locator(DONE).wait_for(timeout=30_000)
    expect(desk.locator("#sort option:checked")).to_have_text("As they came in", timeout=10_000)
    live = keys(desk)
    desk.select_option("#sort", label="Most likes")
    expect(desk.locator("#sort option:checked")).to_have_text("Most likes")
    expect(desk.locator("#sort option", has_text="As they came in")).to_have_count(0)
    assert sorted(keys(desk)) == sorted(live)


def test_an_address_with_filters_while_the_search_runs(desk: Page) -> None:
    ask(desk, "filters before the end", "tiktok")
    desk.goto(desk.url + "&sort=likes&views-min=1")
    expect(desk.locator("#tools")).to_contain_text("apply at the end")
    desk.locator(DONE).wait_for(timeout=30_000)
    expect(desk.locator(".chip")).to_have_count(1, timeout=10_000)
    expect(desk.locator("#sort option:checked")).to_have_text("Most likes")


def test_new_since_the_last_visit(desk: Page, filled: Stack) -> None:
    """What was shown yesterday is not new today; what has come since is, on its card, in the line above and as a filter."""
    put(filled, ("visited", "tiktok", posts(30), 7_200))
    address = filled.address + ADDRESS.replace("thousand+posts", "visited")
    desk.goto(address)
    expect(desk.locator(".badge.fresh")).to_have_count(0)
    desk.wait_for_timeout(2_500)
    yesterday = "from datetime import timedelta\nfrom django.utils import timezone\nfrom searches.search.models import Visit\n"
    filled.python(yesterday + "result = Visit.objects.update(last_at=timezone.now() - timedelta(days=1))")
    put(filled, ("visited", "tiktok", [*posts(3, first=900), *posts(30)], 3_600))
    desk.goto(address)
    expect(desk.locator(".badge.fresh")).to_have_count(3)
    expect(desk.locator(".known-line")).to_contain_text("3 new since your last visit, 1 day ago")
    desk.locator("a.known-new").click()
    expect(desk.locator(CARDS)).to_have_count(3)
    desk.wait_for_timeout(1_500)
    desk.goto(address)
    expect(desk.locator(".badge.fresh")).to_have_count(3), "still the same visit"


def test_ages_stay_true(shown: Page, filled: Stack) -> None:
    shown.clock.install()
    shown.reload()
    age = shown.locator(f"{CARDS} time").nth(2)
    expect(age).to_have_text("2 hours ago")
    shown.clock.fast_forward(3_700_000)
    expect(age).to_have_text("3 hours ago")


@pytest.mark.parametrize("view", ["cards", "table"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(shown: Page, scheme: str, view: str) -> None:
    shown.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    shown.goto(f"{shown.url}&view={view}&views-max=500000&engagement=2&new=1&within=1&nonsense=1")
    shown.locator("#filters summary").click()
    assert violations(shown) == []
    shown.goto(f"{shown.url.partition('&view')[0]}&view={view}&views-max=500000&sort=likes")
    shown.locator("#filters summary").click()
    assert violations(shown) == []


@pytest.mark.parametrize("width", [320, 375])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone(shown: Page, filled: Stack, width: int, language: str) -> None:
    """Nothing sticks out, and what is to be touched is large enough; the table scrolls in itself."""
    shown.context.add_cookies([{"name": "django_language", "value": language, "url": filled.address}])
    shown.set_viewport_size({"width": width, "height": 800})
    for address in (f"{ADDRESS}&view=cards&views-max=500000&engagement=2&tag=ootd", f"{ADDRESS}&view=table", f"{EVERYWHERE}&text=none"):
        shown.goto(filled.address + address)
        shown.locator("#filters summary").click()
        assert shown.evaluate("document.documentElement.scrollWidth") == width, address
        small = shown.eval_on_selector_all(
            ".tools :is(button, summary, select, a, label:has(input), input:not([type=hidden], [type=checkbox])), .chip, .more a, thead a",
            "all => all.filter(e => e.checkVisibility() && e.offsetHeight < 32).map(e => [e.outerHTML.slice(0, 90), e.offsetHeight])",
        )
        assert small == []
    shown.goto(filled.address + f"{ADDRESS}&view=table")
    assert shown.locator(".table").evaluate("e => e.scrollWidth > e.clientWidth && e.tabIndex === 0")


@pytest.fixture
def plain(browser: Browser, filled: Stack) -> Iterator[Page]:
    """A browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    sign_in(page, filled)
    yield page
    context.close()


def test_without_javascript(plain: Page, filled: Stack) -> None:
    """A plain form with clean addresses, links for the rest, and pages."""
    plain.goto(filled.address + ADDRESS)
    plain.locator("#filters summary").click()
    plain.fill("#views-min", "100k")
    plain.locator("#choose-length input").first.check()
    plain.get_by_role("button", name="Apply").click()
    assert plain.url.endswith("&range=1month&views-min=100000&length=short")
    plain.locator(".chip").last.click()
    found(plain, 810)
    plain.locator("#filters summary").click()
    plain.select_option("#sort", label="Most views")
    plain.get_by_role("button", name="Apply").click()
    first = keys(plain)
    plain.get_by_text("Show more").click()
    second = keys(plain)
    assert len(set(first + second)) == 120
    plain.get_by_text("Previous posts").click()
    assert keys(plain) == first
    plain.locator("#switch-table").click()
    assert plain.locator("tbody tr").count() == 60


def test_korean_numbers(shown: Page, filled: Stack) -> None:
    shown.context.add_cookies([{"name": "django_language", "value": "ko", "url": filled.address}])
    shown.goto(shown.url + "&views-min=120000&sort=views-up")
    expect(shown.locator(".chip")).to_contain_text("12만 이상")
    expect(shown.locator(f"{CARDS} dd").first).to_have_text(re.compile("12만"))
