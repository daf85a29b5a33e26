"""The question's page where something is known: complete or not, being refreshed, after a refresh that failed."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from searches.cache.models import CachedAnswer
from searches.platforms.models import ActorHealth, Platform
from searches.platforms.sources import sources_of
from searches.query import Query
from searches.search.models import Run, Search, Status
from searches.search.publish import publish
from searches.search.results import known
from tests.cast import Cast, page_client
from tests.rows import ASKED, make_answer, make_run, make_search
from tests.ui.test_templates import QUESTION, html_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]
EVERYWHERE = Query(ASKED.text, "all", ASKED.date_range)
ALL = QUESTION | {"platform": "all"}


def on(platform: str) -> Query:
    return ASKED.on(platform)


def cost(usd: str, platform: str = "tiktok") -> None:
    make_run(Query("before", platform, "7days"), Status.COMPLETED, usage_usd=usd)


def test_it_works(cast: Cast) -> None:
    """An answer that can be refreshed says for how much, and asks once more before it spends."""
    make_answer(items=3, age=7_300)
    cost("0.08")
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "Refresh now · about $0.08" in html
    assert "This starts a new search and costs about $0.08." in html
    form = html[html.index('<details class="confirm') :]
    form = form[: form.index("</details>")]
    assert '<input type="hidden" name="refresh" value="1">' in form
    assert "TikTok Done 3 results, 3 without a date" in text_of(page_client(cast.alice), "/search/", **QUESTION).replace("2 hours ago ", "")


def test_one_of_this_minute_is_not_offered_to_be_refreshed(cast: Cast) -> None:
    make_answer(items=3, age=30)
    assert "data-confirm" not in html_of(page_client(cast.alice), "/search/", **QUESTION)


def test_the_button_starts_a_search(cast: Cast) -> None:
    make_answer(items=3, age=600)
    client = page_client(cast.alice)
    response = client.post("/search/", QUESTION | {"refresh": "1"}, follow=True)
    search = Search.objects.get()
    html = response.content.decode()
    assert search.status == Status.QUEUED
    assert html.count('class="card"') == 3, "what is known stays"
    assert f'data-job="{search.pk}"' in html
    assert "Being refreshed" in html
    assert f'action="/searches/{search.pk}/cancel"' in html
    assert "data-skeleton" not in html
    assert "data-confirm" not in html
    assert "ui/live.js" in html


def test_without_refresh_it_is_only_looked_at(cast: Cast) -> None:
    make_answer(items=3, age=600)
    page_client(cast.alice).post("/search/", QUESTION)
    assert Run.objects.count() == 0


def test_the_page_knows_which_answer_it_shows(cast: Cast) -> None:
    make_answer(items=3, age=600)
    html = html_of(page_client(cast.alice), "/search/", **QUESTION)
    sources = sources_of([Platform.objects.get(pk="tiktok")])
    etag = publish(ASKED, sources, known(ASKED, sources)).etag.replace('"', "&quot;")
    assert f'data-answer="{ASKED.key}"' in html
    assert f'data-etag="{etag}"' in html
    assert 'data-zone="UTC"' in html


@pytest.mark.parametrize(("count", "said"), [(12, "12 new since 09:10"), (1, "1 new since 09:10"), (0, "nothing new since 09:10")])
def test_what_is_new(cast: Cast, count: int, said: str) -> None:
    make_answer(items=3, age=600)
    CachedAnswer.objects.update(new_count=count, previous_at=timezone.now().replace(hour=9, minute=10))
    assert said in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_a_first_answer_has_nothing_to_be_new_against(cast: Cast) -> None:
    make_answer(items=3, age=600)
    assert "new since {" in html_of(page_client(cast.alice), "/search/", **QUESTION), "the words of refresh.js"
    assert "new since" not in text_of(page_client(cast.alice), "/search/", **QUESTION)


# Some platforms of several.


def test_what_is_missing_is_said_and_can_be_searched(cast: Cast) -> None:
    make_answer(on("tiktok"), age=600)
    cost("0.05", "douyin")
    text = text_of(page_client(cast.alice), "/search/", **ALL)
    assert "Douyin Missing Not searched yet." in text
    assert "TikTok 10 minutes ago Done 3 results" in text
    assert "Without Douyin, Xiaohongshu so far. Searching the rest costs at most $1.05. Search the rest" in text
    html = html_of(page_client(cast.alice), "/search/", **ALL)
    assert html.count('class="card"') == 3
    assert 'name="refresh"' not in html, "only what is missing is paid for"


def test_why_it_is_missing(cast: Cast) -> None:
    """What the person's own search of that platform came to."""
    make_answer(on("tiktok"), age=600)
    failed = make_run(on("douyin"), Status.FAILED, error_type="timed-out")
    make_search(cast.alice, failed, asked=EVERYWHERE, status=Status.COMPLETED)
    assert "Douyin Failed The search took too long" in text_of(page_client(cast.alice), "/search/", **ALL)
    assert "Douyin Missing Not searched yet." in text_of(page_client(cast.bob), "/search/", **ALL)


def test_a_platform_that_is_paused(cast: Cast) -> None:
    make_answer(on("tiktok"), age=600)
    until = timezone.now() + timedelta(hours=1)
    actor = Platform.objects.get(pk="douyin").actor
    ActorHealth.objects.create(actor=actor, suspended_until=until, reason=ActorHealth.Reason.BLOCKED, trips=1)
    text = text_of(page_client(cast.alice), "/search/", **ALL)
    assert f"Douyin Paused Douyin is paused until {timezone.localtime(until):%H:%M}" in text


def test_others_search_the_rest(cast: Cast) -> None:
    make_answer(on("tiktok"), age=600)
    make_search(cast.bob, make_run(on("douyin")), asked=on("douyin"))
    text = text_of(page_client(cast.alice), "/search/", **ALL)
    assert "A newer answer is on its way." in text


def test_searching_the_rest_shows_what_is_known_at_once(cast: Cast) -> None:
    answer = make_answer(on("tiktok"), age=600)
    done = make_run(on("tiktok"), Status.COMPLETED, row_count=answer.rows, items_found=3)
    make_search(cast.alice, done, make_run(on("douyin")), make_run(on("xiaohongshu")), asked=EVERYWHERE)
    html = html_of(page_client(cast.alice), "/search/", **ALL)
    assert len(re.findall(r'<li class="card" data-key', html)) == 4, "three posts, and the blank card"
    assert "data-strip" in html


# After a refresh that failed.


def test_a_refresh_that_failed_leaves_the_answer_and_says_so(cast: Cast) -> None:
    make_answer(items=3, age=600)
    make_search(cast.alice, make_run(status=Status.FAILED, error_type="actor-failed"), status=Status.FAILED)
    text = text_of(page_client(cast.alice), "/search/", **QUESTION)
    assert "The last refresh failed. The scraper stopped with an error" in text
    assert "3 results" in text
    assert "Refresh now" in text


def test_a_failure_before_the_answer_is_forgotten(cast: Cast) -> None:
    run = make_run(status=Status.FAILED, error_type="actor-failed", finished_at=timezone.now() - timedelta(hours=2))
    make_search(cast.alice, run, status=Status.FAILED)
    make_answer(items=3, age=600)
    assert "The last refresh failed" not in text_of(page_client(cast.alice), "/search/", **QUESTION)


def test_in_korean(cast: Cast) -> None:
    make_answer(on("tiktok"), age=600)
    client = page_client(cast.alice)
    client.cookies["django_language"] = "ko"
    text = text_of(client, "/search/", **ALL)
    assert "나머지 검색" in text
    assert "아직 더우인, 샤오훙수 결과가 없습니다." in text
