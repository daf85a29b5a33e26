"""The pages: who may see them, what they say with nothing, with little and with much, and that nothing in them runs."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from searches.trends.record import record
from tests.cast import Cast, page_client
from tests.rows import item
from tests.trends.steps import KEY, later, posts, recorded

PLACES = ("/trends", "/search/trends/?q=메이크업&platform=tiktok&range=7days")


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def filled(cast: Cast) -> Cast:
    now = timezone.now()
    first = posts(120, until=now)
    recorded(first, -30, base=now)
    recorded(later(first, 0.4), -1, base=now)
    return cast


@pytest.mark.parametrize("place", PLACES)
def test_it_works(filled: Cast, place: str) -> None:
    response = page_client(filled.alice).get(place)
    assert response.status_code == 200
    shown = text(response)
    assert "120 posts, 2 runs, the last 1 hour ago." in shown
    assert response.content.decode().count('role="img"') == 3
    assert "Fastest now" in shown
    assert "an hour" in shown


@pytest.mark.parametrize("place", PLACES)
def test_only_for_people_who_are_signed_in(db: None, place: str) -> None:
    response = Client().get(place)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in")


@pytest.mark.parametrize("place", PLACES)
def test_with_nothing(cast: Cast, place: str) -> None:
    response = page_client(cast.alice).get(place)
    assert response.status_code == 200
    assert "Nothing is recorded yet" in text(response)
    assert 'role="img"' not in response.content.decode()


def test_one_run_says_what_is_missing(cast: Cast) -> None:
    recorded(posts(4, until=timezone.now()), -1, base=timezone.now())
    shown = text(page_client(cast.alice).get(PLACES[1]))
    assert shown.count("This needs two runs of the question that see the same posts; there is 1.") == 2
    assert "This needs 20 posts with a date and views" in shown
    assert "This needs five dated posts in each half of the period" in shown


def test_no_views_gained_is_said(cast: Cast) -> None:
    now, seen = timezone.now(), [item(5)]
    record(KEY, seen, now - timezone.timedelta(hours=2))
    record(KEY, seen, now - timezone.timedelta(hours=1))
    assert "1 post was seen twice, and gained no views in between." in text(page_client(cast.alice).get(PLACES[1]))


def test_hostile_words_stay_words(cast: Cast) -> None:
    now = timezone.now()
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    made = [
        item(i, title=f"{evil} word", creator=evil, hashtags=[evil, "a&b"], createTime=int(now.timestamp() * 1000) - i * 3_600_000 * 12)
        for i in range(1, 40)
    ]
    recorded(made, -3, base=now)
    recorded(later(made, 1), -1, base=now)
    for place in PLACES:
        page = page_client(cast.alice).get(place).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_no_style_and_no_script_in_the_page(filled: Cast) -> None:
    page = page_client(filled.alice).get(PLACES[1]).content.decode()
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", page)


@pytest.mark.parametrize("query", ["", "?q=", "?q=x&platform=myspace", "?q=x&range=never", "?q=" + "x" * 101])
def test_what_is_no_question_leads_to_where_one_is_asked(cast: Cast, query: str) -> None:
    response = page_client(cast.alice).get(f"/search/trends/{query}", follow=True)
    assert response.redirect_chain[0][0].startswith("/search/")
    assert response.status_code in {200, 400}


@pytest.mark.parametrize(("given", "days"), [("7", 7), ("90", 90), ("8", 30), ("x", 30), ("-1", 30), ("", 30)])
def test_periods(filled: Cast, given: str, days: int) -> None:
    response = page_client(filled.alice).get("/trends", {"days": given})
    chosen = re.search(r'days=(\d+)[^"]*" aria-current="true"', response.content.decode())
    assert chosen
    assert int(chosen[1]) == days


@pytest.mark.parametrize(("asked", "days"), [("yesterday", 7), ("7days", 7), ("1month", 30), ("3months", 90), ("all", 90)])
def test_a_questions_usual_period_is_its_own(cast: Cast, asked: str, days: int) -> None:
    response = page_client(cast.alice).get("/search/trends/", {"q": "x", "range": asked})
    assert f'days={days}&amp;tz=UTC" aria-current="true"' in response.content.decode()


def test_a_time_zone_is_chosen_and_kept(filled: Cast) -> None:
    page = page_client(filled.alice).get("/trends", {"tz": "Asia/Seoul"}).content.decode()
    assert "<option selected>Asia/Seoul</option>" in page
    assert "Times are those of Asia/Seoul." in page
    assert page.count("&amp;tz=Asia%2FSeoul") == 3
    unknown = page_client(filled.alice).get("/trends", {"tz": "<b>../../etc/passwd"}).content.decode()
    assert "<option selected>UTC</option>" in unknown


def test_a_persons_own_zone_is_the_usual_one(filled: Cast) -> None:
    filled.alice.time_zone = "America/Lima"
    filled.alice.save()
    client = page_client(filled.alice)
    assert "<option selected>America/Lima</option>" in client.get("/trends").content.decode()
    assert "<option selected>Asia/Tokyo</option>" in client.get("/trends", {"tz": "Asia/Tokyo"}).content.decode()


def test_the_axis_is_in_the_zone_too(cast: Cast) -> None:
    now = timezone.now()
    recorded([item(5)], -3, base=now)
    recorded([item(6, id="tiktok-5")], -1, base=now)
    wanted = (now - timezone.timedelta(hours=3)).astimezone(ZoneInfo("Asia/Seoul"))
    page = page_client(cast.alice).get(
        PLACES[1], {"tz": "Asia/Seoul"} | dict(pair.split("=") for pair in PLACES[1].split("?")[1].split("&"))
    )
    assert f"{wanted:%H:%M}</th>" in page.content.decode()


def test_in_korean(filled: Cast) -> None:
    response = page_client(filled.alice).get("/trends", headers={"accept-language": "ko"})
    assert "가장 빠른 게시물" in text(response)
    assert "Fastest now" not in text(response)


def test_only_reading(filled: Cast) -> None:
    for place in PLACES:
        assert page_client(filled.alice).post(place).status_code == 405
