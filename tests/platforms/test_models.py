"""Platforms as staff set them."""

import importlib
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from pytest_django import Settings

from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.query import PLATFORM_NAMES


def tiktok(**values: Any) -> Platform:
    return Platform(**{"name": "tiktok", "actor": "clockworks/tiktok-scraper", **values})


def test_it_works(db: None) -> None:
    row = Platform.objects.get(pk="tiktok")
    assert (row.enabled, row.actor, row.slots, row.item_limit) == (True, "clockworks/tiktok-scraper", None, 100)
    assert (row.turn, row.pace, row.pace_anchor) == (0, None, None)
    assert str(row) == "TikTok"
    assert row.driver is ACTORS["clockworks/tiktok-scraper"]
    row.full_clean()


@pytest.mark.parametrize(("slots", "most"), [(None, 7), (1, 1), (300, 300)])
def test_empty_slots_mean_the_setting(settings: Settings, slots: int | None, most: int) -> None:
    settings.DEFAULT_PLATFORM_SLOTS = 7
    assert tiktok(slots=slots).max_running == most


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slots", 0),
        ("slots", -1),
        ("item_limit", 0),
        ("item_limit", 1_001),
        ("timeout_seconds", 29),
        ("actor", "nobody/unknown"),
        ("name", "all"),
        ("name", "myspace"),
        ("max_cost_usd", Decimal("1234567.00")),
        ("max_cost_usd", Decimal("0.001")),
        ("max_pushbacks", -1),
    ],
)
def test_values_that_make_no_sense_are_refused(db: None, field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as told:
        tiktok(**{field: value}).full_clean(validate_unique=False)
    assert field in told.value.message_dict


def test_an_actor_of_another_platform_is_refused(db: None) -> None:
    with pytest.raises(ValidationError) as told:
        tiktok(name="douyin").full_clean(validate_unique=False)
    assert "actor" in told.value.message_dict


def test_every_actor_belongs_to_a_platform_that_people_can_choose() -> None:
    for id, actor in ACTORS.items():
        assert actor.id == id
        assert actor.platform in PLATFORM_NAMES
        tiktok(name=actor.platform, actor=id).clean()


def test_a_platform_without_a_known_name_is_shown_by_it() -> None:
    assert str(Platform(name="elsewhere")) == "elsewhere"


# Fall-back and actors side by side.

FIRST, SECOND, THIRD = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper", "clockworks/free-tiktok-scraper"
DOUYIN, ZEN, EASY = "natanielsantos/douyin-scraper", "zen-studio/rednote-search-scraper", "easyapi/rednote-xiaohongshu-search-scraper"


def test_three_platforms_are_there_from_the_beginning(db: None) -> None:
    rows = Platform.objects.order_by("name").values_list("name", "enabled", "actor", "fallback", "beside")
    assert list(rows) == [("douyin", True, DOUYIN, "", []), ("tiktok", True, FIRST, SECOND, []), ("xiaohongshu", True, ZEN, EASY, [])]
    for row in Platform.objects.all():
        row.full_clean()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("fallback", {"fallback": FIRST}),
        ("fallback", {"fallback": DOUYIN}),
        ("fallback", {"fallback": "nobody/unknown"}),
        ("beside", {"beside": [DOUYIN]}),
        ("beside", {"beside": ["nobody/unknown"]}),
        ("beside", {"beside": [FIRST]}),
        ("beside", {"beside": [SECOND], "fallback": SECOND}),
        ("beside", {"beside": [THIRD, THIRD]}),
        ("beside", {"beside": SECOND}),
        ("beside", {"beside": {SECOND: 1}}),
        ("beside", {"beside": None}),
        ("beside", {"beside": [None]}),
        ("beside", {"beside": [[SECOND]]}),
        ("beside", {"beside": [{"a": 1}]}),
    ],
)
def test_actors_that_make_no_sense_together_are_refused(db: None, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as told:
        tiktok(**values).full_clean(validate_unique=False)
    assert field in told.value.message_dict


def test_as_many_beside_as_a_cursor_has_room_for(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tiktok(beside=[SECOND, THIRD]).full_clean(validate_unique=False)
    monkeypatch.setattr("searches.platforms.models.MOST_BESIDE", 1)
    with pytest.raises(ValidationError):
        tiktok(beside=[SECOND, THIRD]).full_clean(validate_unique=False)


def test_the_fall_back_comes_to_who_has_chosen_nothing_else(db: None) -> None:
    """What the migration does where a platform had been set up before."""
    migration = importlib.import_module("searches.platforms.migrations.0004_three_platforms")
    Platform.objects.filter(name="tiktok").update(actor=SECOND, fallback="")
    Platform.objects.filter(name="xiaohongshu").update(fallback="", enabled=False)
    Platform.objects.filter(name="douyin").delete()
    migration.add(apps, None)
    rows = Platform.objects.order_by("name").values_list("name", "enabled", "actor", "fallback")
    assert list(rows) == [("douyin", True, DOUYIN, ""), ("tiktok", True, SECOND, ""), ("xiaohongshu", False, ZEN, EASY)]
