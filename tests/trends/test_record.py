"""Recording: what is written, twice, out of order, by two at once, killed in the middle, and by a hostile answer."""

import random
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models.query import QuerySet
from django.test.utils import CaptureQueriesContext

from searches.item import Item
from searches.trends import record as recording
from searches.trends.models import Point, Post, Sighting, Snapshot
from searches.trends.record import AT_ONCE, MAX_POSTS, record
from tests.rows import item
from tests.trends.steps import KEY, NOON, at, later, millis, posts, recorded

pytestmark = pytest.mark.django_db
THREADS = pytest.mark.django_db(transaction=True, serialized_rollback=True)
TABLES = (Post, Point, Sighting, Snapshot)


def state() -> list[list[tuple[Any, ...]]]:
    """Everything that is written, whatever the rows' numbers are."""
    return [
        sorted(Post.objects.values_list("platform", "post_id", "title", "creator", "first_seen_at", "last_seen_at")),
        sorted(Point.objects.values_list("post__post_id", "at", "play_count", "like_count"), key=repr),
        sorted(Sighting.objects.values_list("answer_key", "post__post_id", "first_seen_at", "last_seen_at")),
        sorted(Snapshot.objects.values_list("answer_key", "at", "post_count")),
    ]


def test_it_works() -> None:
    made = item(7, title="A title", hashtags=["a", "b"], createTime=millis(at(-5)), shareCount=3, webVideoUrl="https://x.example/7")
    assert record(KEY, [made], NOON) == 1
    post = Post.objects.get()
    assert (post.platform, post.post_id, post.title, post.creator) == ("tiktok", "tiktok-7", "A title", "creator")
    assert (post.hashtags, post.url, post.published_at) == (["a", "b"], "https://x.example/7", at(-5))
    assert post.first_seen_at == post.last_seen_at == NOON
    point = Point.objects.get()
    assert (point.post_id, point.at) == (post.pk, NOON)
    # What the platform did not give is null, and 0 is 0.
    assert (point.play_count, point.like_count, point.comment_count, point.share_count, point.collect_count) == (7, 0, None, 3, None)
    assert Sighting.objects.values_list("answer_key", "post_id", "first_seen_at", "last_seen_at").get() == (KEY, post.pk, NOON, NOON)
    assert Snapshot.objects.values_list("answer_key", "at", "post_count").get() == (KEY, NOON, 1)


def test_a_second_run_adds_points() -> None:
    first = posts(20)
    recorded(first)
    recorded(later(first, 0.5)[:15], 3)
    assert [table.objects.count() for table in TABLES] == [20, 35, 20, 2]
    assert Post.objects.filter(first_seen_at=NOON).count() == 20
    assert Post.objects.filter(last_seen_at=at(3)).count() == Sighting.objects.filter(last_seen_at=at(3)).count() == 15


def test_the_same_twice_is_once() -> None:
    made = posts(20)
    assert recorded(made) == 20
    before = state()
    with CaptureQueriesContext(connection) as asked:
        assert recorded(made) == 0
    assert len(asked) == 1
    assert state() == before


def test_without_its_snapshot_it_is_written_again_and_nothing_twice() -> None:
    made = posts(20)
    recorded(made)
    before = state()
    Snapshot.objects.all().delete()
    assert recorded(made) == 20
    assert state() == before


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order(seed: int) -> None:
    """Runs that are recorded late change nothing of what later ones have told."""
    first = posts(30)
    runs: list[tuple[list[Item], float, str]] = [
        (first, 0, KEY),
        (later(first[5:], 1), 2, KEY),
        (later(first[:10], 2), 4, "tiktok:other:all"),
        ([i | {"title": "changed"} for i in first[::2]], 6, KEY),  # type: ignore[misc]
    ]
    for made, hours, key in runs:
        recorded(made, hours, key)
    wanted = state()
    for table in reversed(TABLES):
        table.objects.all().delete()
    random.Random(seed).shuffle(runs)
    for made, hours, key in runs:
        recorded(made, hours, key)
    assert state() == wanted


@pytest.mark.parametrize("table", TABLES)
def test_killed_in_the_middle(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it dies, the second time everything is there, once."""
    made = posts(10)
    monkeypatch.setattr(recording, "AT_ONCE", 3)
    really, writes = QuerySet.bulk_create, []

    def dies(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.model is table:
            writes.append(1)
            if len(writes) == (1 if table is Snapshot else 3):
                raise KeyboardInterrupt
        return really(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "bulk_create", dies)
        with pytest.raises(KeyboardInterrupt):
            recorded(made)
    assert Snapshot.objects.count() == 0
    assert Post.objects.count() == Point.objects.count() == Sighting.objects.count() in {6, 9}  # whole transactions
    assert recorded(made) == 10
    assert [t.objects.count() for t in TABLES] == [10, 10, 10, 1]


@THREADS
def test_two_write_the_same_posts_at_once() -> None:
    made = posts(200)
    shuffled = [random.Random(n).sample(made, len(made)) for n in range(4)]
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            recorded(shuffled[number], number % 2, KEY)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert [table.objects.count() for table in TABLES] == [200, 400, 200, 2]


def test_an_empty_answer_is_a_snapshot_all_the_same() -> None:
    assert recorded([]) == 0
    assert Snapshot.objects.get().post_count == 0


def test_a_post_that_comes_twice_counts_once() -> None:
    assert recorded([item(1), item(2), item(1, playCount=9)]) == 2
    assert Point.objects.count() == 2


def test_the_same_id_on_two_platforms_is_two_posts() -> None:
    recorded([item(1, id="7"), item(1, "douyin", id="7")])
    assert Post.objects.count() == 2


def test_a_hostile_answer_is_bounded() -> None:
    """Thousands of posts, as large as Items can be: short transactions, columns that hold them."""
    big = [
        item(
            i,
            id=f"{i:0128}",
            title="\U0001f600" * 500,
            creator="한" * 500,
            hashtags=["化" * 100] * 50,
            webVideoUrl="https://x.example/" + "a" * 1_982,
            playCount=2**53 - 1,
            createTime=millis(datetime(2099, 12, 31, tzinfo=UTC)),
        )
        for i in range(400)
    ]
    assert recorded(big) == 400
    post = Post.objects.first()
    assert post
    for name in ("title", "creator", "url", "post_id"):
        assert len(getattr(post, name)) <= (Post._meta.get_field(name).max_length or 0)
    assert len(post.hashtags) == 30
    assert Point.objects.filter(play_count=2**53 - 1).count() == 400
    assert AT_ONCE * 3 <= 500


def test_no_more_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_POSTS == 5_000
    monkeypatch.setattr(recording, "MAX_POSTS", 10)
    assert recorded([item(i) for i in range(50)]) == 10


def test_a_link_that_is_none_is_not_kept() -> None:
    recorded([item(1, webVideoUrl="javascript:alert(1)")])
    assert Post.objects.get().url == ""


def test_questions_do_not_mix() -> None:
    recorded([item(1), item(2)])
    recorded([item(2), item(3)], 1, "tiktok:other:all")
    assert Post.objects.count() == 3
    assert Sighting.objects.filter(answer_key=KEY).count() == Sighting.objects.exclude(answer_key=KEY).count() == 2
    assert Point.objects.filter(post__post_id="tiktok-2").count() == 2  # a post's points are of all runs that saw it
