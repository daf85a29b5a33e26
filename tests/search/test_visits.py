"""New since the last visit: what was shown, not what was published; written behind; nothing at a first visit."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from searches.accounts.models import User
from searches.search import visits
from searches.search.models import Visit
from tests.cast import Cast

pytestmark = pytest.mark.django_db
KEY = "tiktok:메이크업:7days"


def look(user: User, *keys: str) -> None:
    visits.note(user, KEY, keys)
    visits.flush()


def a_day_passes() -> None:
    for visit in Visit.objects.all():
        visit.last_at -= timedelta(days=1)
        visit.save()


def test_it_works(cast: Cast) -> None:
    look(cast.alice, "tiktok:1", "tiktok:2")
    a_day_passes()
    found = visits.since(cast.alice, KEY, ["tiktok:1", "tiktok:2", "tiktok:3"])
    assert found
    assert found.new == {"tiktok:3"}
    assert timedelta(hours=23) < timezone.now() - found.at < timedelta(hours=25)


def test_nothing_is_new_at_a_first_visit(cast: Cast) -> None:
    assert visits.since(cast.alice, KEY, ["tiktok:1"]) is None
    look(cast.alice, "tiktok:1")
    assert visits.since(cast.alice, KEY, ["tiktok:1", "tiktok:2"]) is None, "nor while it lasts"


def test_new_posts_stay_new_for_the_whole_visit(cast: Cast) -> None:
    look(cast.alice, "tiktok:1")
    a_day_passes()
    for _again in range(3):
        found = visits.since(cast.alice, KEY, ["tiktok:1", "tiktok:2"])
        assert found
        assert found.new == {"tiktok:2"}
        look(cast.alice, "tiktok:1", "tiktok:2")
    a_day_passes()
    found = visits.since(cast.alice, KEY, ["tiktok:1", "tiktok:2"])
    assert found
    assert found.new == frozenset()


def test_a_post_that_comes_back_is_not_new_again(cast: Cast) -> None:
    for shown in (["a", "b"], ["a"], ["a"]):
        look(cast.alice, *shown)
        a_day_passes()
    found = visits.since(cast.alice, KEY, ["a", "b", "c"])
    assert found
    assert found.new == {"c"}


def test_people_and_questions_are_apart(cast: Cast) -> None:
    look(cast.alice, "a")
    a_day_passes()
    assert visits.since(cast.bob, KEY, ["b"]) is None
    assert visits.since(cast.alice, "tiktok:other:7days", ["b"]) is None


def test_a_look_writes_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        visits.note(cast.alice, KEY, ["a"])
    with django_assert_num_queries(1):
        visits.since(cast.alice, KEY, ["a"])
    assert visits.flush() == 1
    assert visits.flush() == 0


def test_two_processes_write_the_same_visit(cast: Cast) -> None:
    """Each has its own looks: what one has shown does not undo the other's."""
    look(cast.alice, "a")
    look(cast.alice, "b")
    a_day_passes()
    found = visits.since(cast.alice, KEY, ["a", "b", "c"])
    assert found
    assert found.new == {"c"}
    assert Visit.objects.count() == 1


def test_who_was_deleted_meanwhile_takes_nobody_along(cast: Cast) -> None:
    visits.note(cast.charlie, KEY, ["a"])
    visits.note(cast.alice, KEY, ["a"])
    cast.charlie.delete()
    assert visits.flush() == 1
    cast.alice.delete()
    assert not Visit.objects.exists()


def test_what_is_remembered_is_bounded(cast: Cast) -> None:
    for start in range(0, 12_000, 3_000):
        look(cast.alice, *(str(n) for n in range(start, start + 3_000)))
        a_day_passes()
    look(cast.alice)
    visit = Visit.objects.get()
    assert (len(visit.seen), len(visit.current)) == (visits.MOST_MARKS * 4, 0)
    found = visits.since(cast.alice, KEY, [str(n) for n in range(12_000)])
    assert found
    assert "11999" not in found.new, "the latest are kept"


def test_prune(cast: Cast) -> None:
    look(cast.alice, "a")
    assert visits.prune(timezone.now() - timedelta(days=1)) == 0
    a_day_passes()
    assert visits.prune(timezone.now() - timedelta(hours=1)) == 1


def test_marks_are_crc_32() -> None:
    """refresh.js works them out as well."""
    assert visits.mark("123456789") == 0xCBF43926
