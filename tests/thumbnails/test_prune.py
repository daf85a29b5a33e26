"""Pruning: those that nobody asked for the longest go; what has no row or no file goes too."""

import os
import time

import pytest
from django.conf import settings
from django.utils import timezone

from searches.thumbnails import folder
from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.prune import prune
from tests.search.steps import ago

pytestmark = pytest.mark.django_db


def kept(number: int, size: int = 1_000, used: float = 0) -> Thumbnail:
    """A kept picture that was last asked for `used` seconds ago."""
    key = f"tiktok:{number}"
    folder.write(key, b"x" * size)
    at = time.time() - used
    os.utime(folder._path(folder.name_of(key)), (at, at))
    return Thumbnail.objects.create(key=key, state=State.KEPT, bytes=size, digest="d", fetched_at=ago(60))


def test_it_works() -> None:
    for number in range(10):
        kept(number, used=number * 100)
    assert prune(6_000) == 5  # to 95 per cent of the bound
    assert sorted(Thumbnail.objects.values_list("key", flat=True)) == [f"tiktok:{number}" for number in range(5)]
    assert {file.name for file in folder.files()} == {folder.name_of(f"tiktok:{number}") for number in range(5)}


def test_nothing_goes_while_there_is_room() -> None:
    kept(1, used=9_999_999)
    assert prune(1_000) == 0
    assert Thumbnail.objects.count() == 1


def test_looking_at_a_picture_keeps_it() -> None:
    kept(1, used=300_000)
    kept(2, used=200_000)
    assert folder.read("tiktok:1")
    prune(1_500)
    assert Thumbnail.objects.get().key == "tiktok:1"


def test_rows_without_files_and_files_without_rows() -> None:
    kept(1)
    folder.remove(folder.name_of("tiktok:1"))
    for key, age in (("tiktok:old", 7_200), ("tiktok:new", 60)):
        folder.write(key, b"x")
        os.utime(folder._path(folder.name_of(key)), (time.time() - age,) * 2)
    left = settings.DATA / "thumbnails" / "ab" / "unfinished.tmp"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"x")
    os.utime(left, (time.time() - 7_200,) * 2)
    prune()
    assert Thumbnail.objects.count() == 0
    assert [file.name for file in folder.files()] == [folder.name_of("tiktok:new")]  # perhaps just being written


def test_one_that_is_kept_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is there, its row is new, and the list of files is older than both."""
    monkeypatch.setattr(folder, "files", lambda: iter(()))
    row = kept(1)
    Thumbnail.objects.filter(pk=row.pk).update(fetched_at=timezone.now() + timezone.timedelta(seconds=1))
    prune()
    assert Thumbnail.objects.count() == 1


def test_failures_are_forgotten_after_a_month() -> None:
    Thumbnail.objects.create(key="tiktok:1", state=State.FAILED, fetched_at=ago(31 * 86_400))
    Thumbnail.objects.create(key="tiktok:2", state=State.FAILED, fetched_at=ago(86_400))
    Thumbnail.objects.create(key="tiktok:3", state=State.WAITING)
    prune()
    assert sorted(Thumbnail.objects.values_list("key", flat=True)) == ["tiktok:2", "tiktok:3"]


def test_without_a_folder() -> None:
    assert prune(0) == 0
