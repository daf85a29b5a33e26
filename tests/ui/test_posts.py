"""The posts of a question as the server lays them out: filters, order, pages, the table, and what htmx gets."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from searches.cache.answer import Answer
from searches.cache.memory import memory
from searches.query import Query
from searches.search import shelf, visits
from searches.search.models import Run, Visit
from tests.cast import Cast, page_client
from tests.rows import ASKED, item, make_answer, make_run, make_search
from tests.ui.test_templates import HOSTILE, QUESTION, html_of, put_items, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]
HTMX = {"HX-Request": "true", "HX-Target": "found"}
MORE = {"HX-Request": "true", "HX-Target": "posts"}


@pytest.fixture
def alice(cast: Cast) -> Client:
    """Who looks at an answer of 150 posts, each with as many views as its number."""
    put_items([item(n, title=f"Post {n} {'even' if n % 2 == 0 else 'odd'}", hashtags=["all", f"t{n % 40}"]) for n in range(150)])
    return page_client(cast.alice)


def shown(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-key="tiktok:tiktok-(\d+)"', html)]


def links(html: str, mark: str) -> list[str]:
    """The addresses of links with this in their tag."""
    return [unescape(href) for tag in re.findall(r"<a [^>]*>", html) if mark in tag for href in re.findall(r'href="([^"]*)"', tag)]


def get(client: Client, path: str, headers: dict[str, str] | None = None) -> str:
    return client.get(path, headers=headers or {}).content.decode()


def test_it_works(alice: Client) -> None:
    html = html_of(alice, "/search/", **QUESTION | {"views-min": "100", "text": "EVEN", "sort": "views-up"})
    assert shown(html) == [*range(100, 150, 2)]
    text = text_of(alice, "/search/", **QUESTION | {"views-min": "100", "text": "EVEN"})
    assert "25 of 150 posts" in text
    assert "Views: 100 and more" in text
    assert "Title: EVEN" in text


def test_sixty_a_page_and_each_once(alice: Client) -> None:
    path, found = f"/search/?q={ASKED.text}&platform=tiktok&range=7days&sort=views", []
    for _page in range(3):
        html = get(alice, path)
        found.append(shown(html))
        path = next(iter(links(html, 'id="more-link"')), "")
    assert [len(page) for page in found] == [60, 60, 30]
    assert [number for page in found for number in page] == [*range(149, -1, -1)]
    assert path == ""
    assert shown(html_of(alice, "/search/", **QUESTION | {"page": "999"})) == shown(html_of(alice, "/search/", **QUESTION | {"page": "3"}))


def test_more_is_of_the_same_answer(alice: Client) -> None:
    """The answer is another by then; where the old one is no longer known here, the page begins anew."""
    url = links(html_of(alice, "/search/", **QUESTION), 'id="more-link"')[0]
    put_items([item(n) for n in range(500, 700)])
    memory.clear()
    html = get(alice, url, MORE)
    assert shown(html) == [*range(60, 120)]
    assert 'hx-swap-oob="true"' in html[html.index("<template>") :]
    assert "<html" not in html
    shelf._shelves.clear()
    response = alice.get(url, headers=MORE)
    assert (response["HX-Refresh"], response.content) == ("true", b"")


def test_the_part_for_htmx(alice: Client) -> None:
    response = alice.get("/search/", QUESTION | {"text": "", "views-min": "140", "tag": ["t1", ""], "sort": ""}, headers=HTMX)
    html = response.content.decode()
    assert "<html" not in html
    assert response["HX-Push-Url"].endswith("&range=7days&views-min=140&tag=t1")
    assert "no-store" in response["Cache-Control"]
    assert "HX-Request" in response["Vary"]
    assert {"choose-views", "choose-tag", "sort-box", "switch", "filters-count", "clear"} <= set(re.findall(r'id="([^"]*)"', html))


def test_a_form_without_script_gets_a_clean_address(alice: Client) -> None:
    response = alice.get("/search/", QUESTION | {"text": "", "views-min": "10k", "tag": ""})
    assert response.status_code == 302
    assert response["Location"].endswith("&views-min=10000")
    assert alice.get(response["Location"]).status_code == 200
    kept = alice.get("/search/", QUESTION | {"text": "", "views-min": "many"})
    assert "Not understood and passed over: views-min." in kept.content.decode()


def test_every_link_of_the_filters_keeps_the_rest(alice: Client) -> None:
    asked = QUESTION | {"views-min": "10", "tag": "all", "sort": "likes", "view": "table"}
    html = html_of(alice, "/search/", **asked)
    for url in links(html, 'id="choose-'):
        given = dict(parse_qsl(urlsplit(url).query))
        assert given.items() >= (QUESTION | {"tag": "all", "sort": "likes", "view": "table"}).items(), url


def test_chips_take_one_thing_away(alice: Client) -> None:
    html = html_of(alice, "/search/", **QUESTION | {"views-min": "10", "unknown": "views", "text": "odd", "sort": "date"})
    left = [dict(parse_qsl(urlsplit(url).query)) for url in links(html, 'id="chip-')]
    assert left == [QUESTION | {"text": "odd", "sort": "date"}, QUESTION | {"views-min": "10", "unknown": "views", "sort": "date"}]
    cleared = links(html, 'id="clear-chips"')
    assert dict(parse_qsl(urlsplit(cleared[0]).query)) == QUESTION | {"sort": "date"}


def test_which_filter_to_loosen(alice: Client) -> None:
    html = html_of(alice, "/search/", **QUESTION | {"views-min": "140", "text": "nowhere"})
    assert "No post passes all filters" in html
    assert "Without “Words in the title”: 10 posts" in html
    html = html_of(alice, "/search/", **QUESTION | {"views-min": "1m", "text": "nowhere"})
    assert "No single filter is to blame" in html


def test_what_is_not_known(cast: Cast) -> None:
    put_items([item(n, playCount=n if n > 7 else None) for n in range(20)])
    text = text_of(page_client(cast.alice), "/search/", **QUESTION | {"views-min": "10"})
    assert "8 posts without views are not shown. Show them too" in text
    assert "10 of 20 posts" in text
    assert "18 of 20 posts" in text_of(page_client(cast.alice), "/search/", **QUESTION | {"views-min": "10", "unknown": "views"})


def test_the_table_is_remembered(alice: Client) -> None:
    assert "<table>" not in html_of(alice, "/search/", **QUESTION)
    html = html_of(alice, "/search/", **QUESTION | {"view": "table", "sort": "views"})
    assert len(shown(html)) == html.count("<tr data-key") == 60
    assert re.search(r'aria-sort="descending"><a[^>]*id="column-views"', html)
    assert alice.cookies["view"]["httponly"]
    assert "<table>" in html_of(alice, "/search/", **QUESTION)
    assert "<table>" not in html_of(alice, "/search/", **QUESTION | {"view": "cards"})
    alice.cookies["view"] = "<b>"
    assert "<table>" not in html_of(alice, "/search/", **QUESTION)


def test_a_row_of_the_table(cast: Cast) -> None:
    made = round(timezone.now().timestamp() * 1000) - 2 * 3_600_000 - 60_000
    put_items([item(1, playCount=1_234_567, followerCount=1_000_000, createTime=made, likeCount=None, durationSeconds=75.0)])
    html = html_of(page_client(cast.alice), "/search/", **QUESTION | {"view": "table"})
    row = html[html.index("<tr data-key") : html.index("</tbody>")]
    text = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    assert text.startswith("Post 1 TikTok · creator 1.2M – unknown – unknown – unknown 1.23 ")
    assert text.endswith("1:15 2 hours ago")
    assert 'title="1,234,567"' in row


@pytest.mark.parametrize("view", ["cards", "table"])
def test_hostile_posts_stay_text(cast: Cast, view: str) -> None:
    put_items([item(1, title=HOSTILE, creator=HOSTILE, hashtags=[HOSTILE])])
    html = html_of(page_client(cast.alice), "/search/", **QUESTION | {"view": view, "text": HOSTILE, "tag": HOSTILE, "creator": HOSTILE})
    assert "<script>alert" not in html
    assert "<img src=x" not in html


@pytest.mark.parametrize(
    "given",
    [
        {"views-min": "9" * 5_000},
        {"page": "-1"},
        {"page": "9" * 5_000},
        {"page": "٣"},
        {"at": "9" * 15},
        {"at": "x", "of": "x"},
        {"sort": "\x00"},
        {"tag": "\u202e" * 200},
        {"view": "<script>"},
        {HOSTILE: HOSTILE},
        {"text": "%" * 3_000},
        {"unknown": "views'--"},
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX, MORE])
def test_hostile_addresses(alice: Client, given: dict[str, str], headers: dict[str, str]) -> None:
    response = alice.get("/search/", QUESTION | given, headers=headers)
    assert response.status_code == 200
    assert b"<script>alert" not in response.content


def test_strangers(client: Client) -> None:
    for headers in ({}, HTMX, MORE):
        assert client.get("/search/", QUESTION, headers=headers)["Location"].startswith("/sign-in")


def test_looking_never_spends(alice: Client) -> None:
    for headers in ({}, HTMX, MORE):
        alice.get("/search/", QUESTION | {"sort": "views"}, headers=headers)
    assert not Run.objects.exists()


def test_a_search_in_progress_gives_sixty_cards_and_leaves_the_rest_to_the_socket(cast: Cast) -> None:
    done = make_answer(items=100, age=600)
    first = make_run(ASKED, "completed", row_count=done.rows, items_found=100)
    everywhere = Query(ASKED.text, "all", ASKED.date_range)
    make_search(cast.alice, first, make_run(ASKED.on("douyin")), make_run(ASKED.on("xiaohongshu")), asked=everywhere)
    html = html_of(page_client(cast.alice), "/search/", **QUESTION | {"platform": "all", "sort": "likes"})
    assert len(shown(html)) == 60
    assert 'data-since="60"' in html
    assert "Filters and sorting come with the end of the search." in html


def test_the_filters_come_at_the_end_of_a_search(alice: Client) -> None:
    late = {"HX-Request": "true", "HX-Target": "tools"}
    html = alice.get("/search/", QUESTION, headers=late).content.decode()
    assert "As they came in" in html
    assert 'id="found"' not in html, "what stands there stays"
    html = alice.get("/search/", QUESTION | {"sort": "views"}, headers=late).content.decode()
    assert "As they came in" not in html
    assert shown(html)[0] == 149
    nothing_yet = alice.get("/search/", QUESTION | {"q": "unknown"}, headers=late)
    assert (nothing_yet.status_code, nothing_yet.content) == (204, b"")


def test_new_since_the_last_visit(alice: Client) -> None:
    assert "your last visit" not in text_of(alice, "/search/", **QUESTION)
    visits.flush()
    Visit.objects.update(last_at=timezone.now() - timedelta(days=2))
    put_items([item(n) for n in range(148, 153)])
    memory.clear()
    html = html_of(alice, "/search/", **QUESTION)
    assert "3 new since your last visit, 2 days ago" in html
    assert html.count("badge fresh") == 3
    assert shown(html_of(alice, "/search/", **QUESTION | {"new": "1"})) == [150, 151, 152]


def test_marks_of_all_posts(alice: Client) -> None:
    html = html_of(alice, "/search/", **QUESTION)
    marks = re.search(r'data-marks="([^"]*)"', html)
    assert marks
    assert marks[1].split(".") == [f"{visits.mark(f'tiktok:tiktok-{n}'):x}" for n in range(150)]


@pytest.mark.parametrize("view", ["cards", "table"])
def test_a_thousand_posts_are_a_small_page(cast: Cast, view: str) -> None:
    long = {"title": "여름 메이크업 " * 8, "hashtags": [f"태그{n}" for n in range(6)], "thumbnail": "https://p16.test/" + "a" * 120}
    where = {"creatorUrl": "https://www.tiktok.com/@creator", "webVideoUrl": "https://www.tiktok.com/@creator/video/7300000000000000000"}
    put_items([item(7_300_000_000_000_000_000 + n, createTime=1_790_000_000_000, **long, **where) for n in range(1_000)])
    response = page_client(cast.alice).get("/search/", QUESTION | {"view": view})
    assert len(response.content) < 150_000


def test_an_answer_is_parsed_once(alice: Client, monkeypatch: Any) -> None:
    html_of(alice, "/search/", **QUESTION)
    monkeypatch.setattr(Answer, "items", None)
    html_of(alice, "/search/", **QUESTION | {"sort": "views"})


def test_in_korean(alice: Client) -> None:
    alice.cookies["django_language"] = "ko"
    text = text_of(alice, "/search/", **QUESTION | {"views-min": "100", "engagement": "3", "nonsense": "1"})
    assert "조회수: 100 이상" in text
    assert "팔로워 대비 조회수: 보통 (0.6–1.4)" in text
    assert "조회수나 팔로워 수를 알 수 없는 게시물 50개는 표시하지 않았습니다." in text
    assert "이해하지 못해 건너뛴 항목: nonsense." in text
