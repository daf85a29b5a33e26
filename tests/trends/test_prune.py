"""Forgetting: what is older than a moment, all of it and nothing else."""

import pytest

from searches.trends.models import Point, Post, Sighting, Snapshot
from searches.trends.prune import prune
from tests.rows import item
from tests.trends.steps import at, recorded

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    recorded([item(1), item(2)])
    recorded([item(2), item(3)], 10)
    assert prune(at(5)) == 2 + 1 + 1 + 1  # points, the sighting and the post of 1, a snapshot
    assert set(Post.objects.values_list("post_id", flat=True)) == {"tiktok-2", "tiktok-3"}
    assert set(Point.objects.values_list("at", flat=True)) == set(Snapshot.objects.values_list("at", flat=True)) == {at(10)}
    assert Sighting.objects.count() == 2
    assert prune(at(5)) == 0


def test_so_many_at_a_time() -> None:
    recorded([item(i) for i in range(30)])
    assert prune(at(5), limit=12) == 12 + 12 + 1 + 12
    calls = 0
    while prune(at(5), limit=12):
        calls += 1
    assert calls == 2
    assert Post.objects.count() == Point.objects.count() == 0
