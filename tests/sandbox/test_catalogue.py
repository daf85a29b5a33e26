"""The made-up posts: the same for everybody, growing with time."""

import subprocess
import sys

import pytest

from scout.sandbox.apify import catalogue
from scout.sandbox.apify.catalogue import DAY, Ask, Post
from scout.sandbox.apify.words import vocabulary
from tests.sandbox.conftest import ROOT

NOW = 1_795_000_000.0


def search(query: str = "메이크업", wanted: int = 60, at: float = NOW, days: float | None = None, order: str = "") -> list[Post]:
    return catalogue.posts(Ask(query, wanted, at - days * DAY if days else None, None, order), at)


def test_same_question_same_answer_in_every_process() -> None:
    code = (
        f"from scout.sandbox.apify import catalogue as c;print(*[p.id + p.title for p in c.posts(c.Ask('메이크업', 20), {NOW})], sep='|')"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.strip() == "|".join(post.id + post.title for post in search(wanted=20))


def test_spelling_that_means_the_same_finds_the_same_posts() -> None:
    assert [post.id for post in search("  Lip   STICK ")] == [post.id for post in search("lip stick")]
    assert not {post.id for post in search("lip stick")} & {post.id for post in search("lipstick")}


@pytest.mark.parametrize("wanted", [1, 60, 500])
def test_as_many_as_asked_for_all_different(wanted: int) -> None:
    posts = search(wanted=wanted)
    assert len(posts) == len({post.id for post in posts}) == wanted


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_date_window(days: int) -> None:
    posts = search(days=days)
    assert len(posts) == 60
    assert all(NOW - days * DAY - 1 <= post.created <= NOW for post in posts)


def test_very_narrow_window_is_still_filled() -> None:
    posts = search(days=1 / 24)
    assert len({post.id for post in posts}) == 60
    assert all(NOW - 3601 <= post.created <= NOW for post in posts)


def test_window_that_ends_in_the_past() -> None:
    posts = catalogue.posts(Ask("x", 30, NOW - 20 * DAY, NOW - 10 * DAY), NOW)
    assert all(NOW - 20 * DAY - 1 <= post.created <= NOW - 10 * DAY for post in posts)


def test_ages_spread_over_months() -> None:
    ages = sorted((NOW - post.created) / DAY for post in search(wanted=200))
    assert ages[0] < 1
    assert 3 < ages[100] < 30
    assert 60 < ages[-1] < 111


def test_a_day_later_some_posts_are_new_and_the_others_have_grown() -> None:
    before = {post.id: post for post in search()}
    after = {post.id: post for post in search(at=NOW + DAY)}
    shared = before.keys() & after.keys()
    assert 30 <= len(shared) <= 57
    assert all(after[id].views >= before[id].views and after[id].likes >= before[id].likes for id in shared)
    assert sum(after[id].views for id in shared) > sum(before[id].views for id in shared)
    assert {(after[id].title, after[id].creator) for id in shared} == {(before[id].title, before[id].creator) for id in shared}
    assert all(post.created >= NOW - DAY for id, post in after.items() if id not in shared and post.created > NOW)


def test_a_minute_later_nothing_has_shrunk() -> None:
    before, after = search(), search(at=NOW + 60)
    known = {post.id: post.views for post in before}
    assert all(post.views >= known[post.id] for post in after if post.id in known)


@pytest.mark.parametrize(("query", "language"), [("메이크업", "ko"), ("美妆", "zh"), ("make up", "en"), ("K-뷰티 美", "ko"), ("123", "en")])
def test_posts_speak_the_language_of_the_query(query: str, language: str) -> None:
    assert vocabulary(query).language == language
    posts = search(query)
    assert {post.language for post in posts} == {language}
    assert all(query in post.title for post in posts)


def test_figures_make_sense() -> None:
    posts = search(wanted=400)
    assert all(post.views >= post.likes >= post.comments >= 0 and post.likes >= post.saves for post in posts)
    views = sorted(post.views for post in posts)
    assert views[380] > 8 * views[200]  # a few posts take most of the views
    assert all("메이크업" in post.tags for post in posts)
    assert len({post.creator.handle for post in posts}) > 10


def test_orders() -> None:
    recent = [post.created for post in search(order="recent")]
    liked = [post.likes for post in search(order="likes")]
    assert recent == sorted(recent, reverse=True)
    assert liked == sorted(liked, reverse=True)


def test_ids_carry_the_time_of_creation() -> None:
    assert all(int(post.id) >> 32 == post.created and len(post.id) == 19 for post in search())


def test_a_few_posts_lack_something() -> None:
    gaps = [post.gap for post in search(wanted=1000)]
    assert {"views", "tags", "slideshow", "followers", "title", "date"} <= set(gaps)
    assert 50 < sum(bool(gap) for gap in gaps) < 250


def test_lookup_by_link() -> None:
    post = search()[0]
    links = (f"https://www.tiktok.com/@x/video/{post.id}?lang=ko", "no-number")
    found = catalogue.posts(Ask("", 2, links=links), NOW)
    assert [one.id for one in found] == [post.id, "no-number"]
    assert found[0].created == post.created
    assert [one.link for one in found] == list(links)
    assert found == catalogue.posts(Ask("", 2, links=links), NOW)
