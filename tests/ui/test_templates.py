"""Every page in every state, as a browser without JavaScript gets it."""

import json
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.messages import constants
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from django.views.defaults import server_error

from searches.cache import store
from searches.cache.models import CachedAnswer
from searches.query import Query
from searches.search.models import Run, Status
from tests.cast import Cast, page_client
from tests.rows import ASKED, item, make_answer, make_run, make_search

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"
QUESTION = {"q": ASKED.text, "platform": ASKED.platform, "range": ASKED.date_range}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]


class Reader(HTMLParser):
    """Gathers what a browser would run or paint that is written into the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inline += [f"{tag} {name}" for name, _value in attrs if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(tag)


def text_of(client: Client, path: str, status: int = 200, **query: str) -> str:
    """The page's text, its tags taken out and its spaces made one; checks what holds for every page."""
    html = html_of(client, path, status, **query)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def html_of(client: Client, path: str, status: int = 200, **query: str) -> str:
    response = client.get(path, query)
    html = response.content.decode()
    assert response.status_code == status
    reader = Reader()
    reader.feed(html)
    assert reader.inline == [], "our own CSP refuses what is inline"
    assert html.index('class="skip"') < html.index("<header")
    assert html.count("<h1") == 1
    return html


def put_items(items: list[Any], asked: Query = ASKED) -> None:
    make_answer(asked, 0)
    CachedAnswer.objects.filter(key=asked.key).update(body=json.dumps(items), item_count=len(items))


def test_sign_in(client: Client) -> None:
    html = html_of(client, "/sign-in", next="/searches")
    assert 'name="next" value="/searches"' in html
    refused = client.post("/sign-in", {"username": "nobody", "password": "wrong"}).content.decode()
    assert 'role="alert"' in refused
    assert 'value="nobody"' in refused
    assert "wrong" not in refused


def test_the_frame(cast: Cast) -> None:
    html = html_of(page_client(cast.alice), "/dashboard")
    assert 'href="/admin/"' not in html
    assert 'href="/api/docs"' in html
    assert 'aria-current="page">Search' in html
    assert ">English</button>" in html
    assert ">한국어</button>" in html
    assert 'href="/admin/"' in html_of(page_client(cast.sam), "/dashboard")


def test_sandbox_is_said_on_every_page(cast: Cast) -> None:
    for sandbox in (True, False):
        with override_settings(SANDBOX=sandbox):
            for path in ("/dashboard", "/searches", "/search/?q=a", "/nothing/here"):
                shown = "Sandbox data" in page_client(cast.alice).get(path).content.decode()
                assert shown is sandbox


def test_language_switch(cast: Cast) -> None:
    client = page_client(cast.alice)
    response = client.post("/language", {"language": "ko", "next": "/dashboard"}, follow=True)
    assert '<html lang="ko">' in response.content.decode()
    assert "최근 7일" in response.content.decode()


def test_dashboard_without_history(cast: Cast) -> None:
    html = html_of(page_client(cast.alice), "/dashboard")
    for words in ("%EB%A9%94%EC%9D%B4%ED%81%AC%EC%97%85", "street%20food", "%E9%98%B2%E6%99%92"):
        assert f"/search/?q={words}&amp;platform=tiktok" in html


def test_dashboard_with_history(cast: Cast) -> None:
    make_search(cast.alice, status=Status.COMPLETED, item_count=1234)
    make_search(cast.alice, make_run(asked=Query(HOSTILE, "tiktok", "all")), asked=Query(HOSTILE, "tiktok", "all"))
    text = text_of(page_client(cast.alice), "/dashboard")
    assert "메이크업 TikTok · Past 7 days 1,234 results Completed just now" in text
    assert HOSTILE in text
    assert "Not sure where to begin?" not in text
    assert "메이크업" not in text_of(page_client(cast.bob), "/dashboard").split("Not sure")[0]


def test_a_problem_stands_beside_the_form_and_keeps_what_was_typed(cast: Cast) -> None:
    html = html_of(page_client(cast.alice), "/search/", 400, q=HOSTILE * 3, platform="tiktok", range="1month")
    assert '<p class="problem" id="problem" role="alert">' in html
    assert 'aria-describedby="problem"' in html
    assert "&quot;&gt;&lt;script&gt;" in html
    assert '<option value="1month" selected>' in html
    assert "<title>Error: " in html


def test_my_searches(cast: Cast) -> None:
    client = page_client(cast.alice)
    assert "Nothing here yet" in text_of(client, "/searches")
    for number in range(65):
        make_search(cast.alice, asked=Query(f"number {number}", "tiktok", "all"), status=Status.FAILED)
    assert "65 searches" in text_of(client, "/searches")
    assert "Page 2 of 3" in text_of(client, "/searches", page="2")
    assert 'rel="next" href="?page=3"' in re.sub(r"\s+", " ", html_of(client, "/searches", page="2"))


def test_none_yet(cast: Cast) -> None:
    text = text_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "Not searched yet" in text
    assert "Search now" in text
    assert Run.objects.count() == 0, "looking never spends"


def test_others_are_at_it(cast: Cast) -> None:
    make_search(cast.bob, make_run())
    assert "Already being searched" in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_waiting(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    assert f'data-job="{search.pk}"' in html
    assert f'action="/searches/{search.pk}/cancel"' in html
    assert re.search(r'<noscript>\s*<meta http-equiv="refresh"', html)
    assert html.count("data-skeleton") == 12
    assert "Waiting: number 1 in line" in html


def test_running(cast: Cast) -> None:
    make_search(cast.alice, make_run(status=Status.RUNNING, items_found=24), status=Status.RUNNING)
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "24 results so far." in html
    assert re.search(r'<progress max="100"\s+value="24"', html)
    assert "about 3 minutes left" in html
    assert 'data-eta="about {time} left"' in html
    assert html.count('role="status"') == 2, "live regions: the progress, and the offer of what is newer; not the grid"
    assert "aria-live" not in html


def test_a_known_answer(cast: Cast) -> None:
    make_answer(items=3, age=7_300)
    text = text_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "3 results Fetched 2 hours ago" in text
    assert "3 without a date" in text
    assert "Out of date" not in text
    assert "cut short" not in text


def test_a_stale_answer_can_be_refreshed_and_says_when_it_is(cast: Cast) -> None:
    make_answer(items=3, age=3 * 86_400)
    client = page_client(cast.alice)
    assert "Out of date Refresh now · at most $1.00" in text_of(client, "/search/", **QUESTION)
    make_run(reason=Run.Reason.REFRESH)
    html = html_of(client, "/search/", **QUESTION)
    assert "A newer answer is on its way." in html
    assert "data-confirm" not in html, "it is being paid for already"
    assert "ui/refresh.js" in html


def test_a_partial_answer(cast: Cast) -> None:
    make_answer(items=1, partial=True)
    assert "cut short" in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_nothing_was_found(cast: Cast) -> None:
    make_answer(items=0)
    assert "Nothing was found Try other words" in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_failed(cast: Cast) -> None:
    make_search(cast.alice, make_run(status=Status.FAILED, error_type="actor-failed"), status=Status.FAILED)
    assert "The scraper stopped with an error before it was done." in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_cancelled(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    response = page_client(cast.alice).post(f"/searches/{search.pk}/cancel", follow=True)
    assert "cancelled" in response.content.decode()
    assert "Search again" in response.content.decode()
    again = page_client(cast.alice).post(f"/searches/{search.pk}/cancel", follow=True)
    assert [m.level for m in again.context["messages"]] == []


def test_cancelled_too_late(cast: Cast) -> None:
    search = make_search(cast.alice, make_run(status="completed"), status="completed")
    response = page_client(cast.alice).post(f"/searches/{search.pk}/cancel", follow=True)
    assert [m.level for m in response.context["messages"]] == [constants.INFO]


def test_a_card_says_everything(cast: Cast) -> None:
    made = timezone.now() - timedelta(days=2, hours=1)
    full = item(
        1,
        playCount=1_234_567,
        likeCount=0,
        commentCount=None,
        shareCount=20,
        createTime=round(made.timestamp() * 1000),
        durationSeconds=75.4,
        hashtags=["뷰티", "ootd"],
        thumbnail="https://pictures.test/1.jpg",
        creatorUrl="https://tiktok.test/@creator",
        webVideoUrl="https://tiktok.test/1",
    )
    put_items([full])
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    card = html[html.index('<li class="card"') : html.index("</ol>")]
    text = " ".join(re.sub(r"<[^>]+>", " ", card).split())
    assert text == "TikTok Length 1:15 Post 1 creator 2 days ago Views 1.2M Likes 0 Comments – unknown Shares 20 #뷰티 #ootd"
    assert card.count('rel="noopener noreferrer nofollow"') == card.count('target="_blank"') == 2
    assert 'loading="lazy"' in card
    assert 'title="1,234,567"' in card


def test_a_card_of_nothing(cast: Cast) -> None:
    put_items([item(1, title=None, creator=None, playCount=None, likeCount=None)])
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    card = html[html.index('<li class="card"') : html.index("</ol>")]
    text = " ".join(re.sub(r"<[^>]+>", " ", card).split())
    assert "Untitled post Unknown creator no date Views – unknown" in text
    assert "href=" not in card
    assert "src=" not in card.replace("data-fill", "")
    assert re.search(r"<img[^>]*\shidden", card)


def test_hostile_posts_stay_text(cast: Cast) -> None:
    put_items([item(1, title=HOSTILE, creator=HOSTILE, hashtags=[HOSTILE])])
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert html.count("&lt;script&gt;alert(1)") == 7, "on the card, and among the creators and hashtags to choose from"


def test_a_hostile_question_stays_text(cast: Cast) -> None:
    html = html_of(page_client(cast.alice), "/search/", **QUESTION | {"q": HOSTILE})
    assert "<script>alert" not in html


def test_the_blank_card_of_the_live_page_is_the_same_card(cast: Cast) -> None:
    """live.js fills what the server renders: a field that only one of them knows would be missing on the other side."""
    store.purge_expired()
    make_search(cast.alice, make_run(status=Status.RUNNING), status=Status.RUNNING)
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    blank = html[html.index("<template") : html.index("</template>")]
    fields = {pair.split(":")[1] for pairs in re.findall(r'data-fill="([^"]*)"', blank) for pair in pairs.split()}
    assert fields <= set(item(1))
    assert {"title", "webVideoUrl", "thumbnail", "playCount", "createTime"} <= fields


@pytest.mark.parametrize("language", ["en", "ko"])
def test_error_pages(cast: Cast, language: str) -> None:
    client = page_client(cast.alice)
    client.cookies["django_language"] = language
    html_of(client, "/nothing/here", 404)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.alice)
    strict.cookies["django_language"] = language
    refused = strict.post("/search/", QUESTION)
    assert refused.status_code == 403
    assert {"en": "This form is too old", "ko": "양식이 너무 오래되었습니다"}[language] in refused.content.decode()


def test_no_permission(cast: Cast) -> None:
    assert "You may not see this page" in text_of(page_client(cast.sam), "/admin/rq/", 403)


def test_500_needs_neither_database_nor_static_files(django_assert_num_queries: Any) -> None:
    nothing_collected = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    with django_assert_num_queries(0), override_settings(STORAGES=nothing_collected):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
