"""Platforms and the health of their actors, as staff see and change them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from searches.accounts.models import User
from searches.platforms.models import ActorHealth, Platform
from tests.cast import Cast, page_client
from tests.rows import make_run

CLOCKWORKS, APIDOJO, FREE = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper", "clockworks/free-tiktok-scraper"
LIST, CHANGE, ADD = "/admin/platforms/platform/", "/admin/platforms/platform/tiktok/change/", "/admin/platforms/platform/add/"
HEALTH = "/admin/platforms/actorhealth/"


def given(**values: Any) -> dict[str, Any]:
    """The change form of TikTok, filled in."""
    form = {
        "enabled": "on",
        "actor": CLOCKWORKS,
        "fallback": APIDOJO,
        "slots": "",
        "item_limit": "100",
        "timeout_seconds": "600",
        "max_cost_usd": "1.00",
        "max_pushbacks": "30",
    }
    return {name: value for name, value in (form | values).items() if value is not None}


def suspend(actor: str = CLOCKWORKS, minutes: float = 5, **values: Any) -> ActorHealth:
    until = timezone.now() + timedelta(minutes=minutes)
    told = {"suspended_until": until, "reason": "rate-limited", "detail": "429 <b>slow down</b>", "trips": 2}
    return ActorHealth.objects.create(actor=actor, **(told | values))


def allow(user: User, *codenames: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def act(client: Client, action: str, *chosen: str, where: str = LIST, sure: bool = True) -> Any:
    form = {"action": action, "_selected_action": chosen} | ({"post": "yes"} if sure else {})
    return client.post(where, form, follow=True)


@pytest.fixture
def root(cast: Cast) -> Client:
    return page_client(cast.root)


def test_it_works(root: Client) -> None:
    page = root.get(LIST).content.decode()
    assert all(name in page for name in ("TikTok", "Douyin", "Xiaohongshu", CLOCKWORKS, "as fast as they come"))
    answer = root.post(CHANGE, given(slots="7", beside=[FREE]))
    assert answer.status_code == 302, answer.content.decode()
    row = Platform.objects.get(pk="tiktok")
    assert (row.slots, row.beside, row.fallback, row.enabled) == (7, [FREE], APIDOJO, True)
    assert LogEntry.objects.filter(content_type__model="platform", object_id="tiktok").count() == 1
    assert FREE in root.get(LIST).content.decode()


# Who may.


@pytest.mark.parametrize("name", ["sam", "vera"])
@pytest.mark.parametrize("path", [LIST, CHANGE, ADD, HEALTH, f"{HEALTH}nobody/change/"])
def test_plain_staff_may_not(cast: Cast, name: str, path: str) -> None:
    client = page_client(getattr(cast, name))
    assert client.get(path).status_code == 403
    assert client.post(path, given()).status_code == 403


def test_plain_staff_see_no_links(cast: Cast) -> None:
    for person in (cast.sam, cast.vera):
        page = page_client(person).get("/admin/").content.decode()
        assert "/admin/platforms/" not in page
        assert "/admin/search/run/" not in page


def test_who_may_look_may_not_change(cast: Cast) -> None:
    suspend()
    client = page_client(allow(cast.sam, "view_platform", "view_actorhealth"))
    for path in (LIST, CHANGE, HEALTH, f"{HEALTH}{CLOCKWORKS.replace('/', '_2F')}/change/"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "search/run/try" not in page.content.decode()
        assert 'name="action"' not in page.content.decode()
    assert client.post(CHANGE, given(slots="3")).status_code == 403
    for action in ("enable", "disable", "release"):
        act(client, action, "tiktok")
    act(client, "release", CLOCKWORKS, where=HEALTH)
    row = Platform.objects.get(pk="tiktok")
    assert (row.enabled, row.slots) == (True, None)
    assert ActorHealth.objects.get().suspended_until


def test_another_site_cannot_change(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.root)
    assert client.post(CHANGE, given(slots="3")).status_code == 403
    assert client.post(LIST, {"action": "disable", "_selected_action": "tiktok", "post": "yes"}).status_code == 403


@pytest.mark.parametrize("path", [f"{CHANGE[:-7]}delete/", f"{HEALTH}x/delete/", f"{HEALTH}add/"])
def test_nothing_is_deleted_and_no_health_made_up(root: Client, path: str) -> None:
    assert root.post(path, {"post": "yes"}).status_code in {302, 403}
    assert Platform.objects.count() == 3
    assert not ActorHealth.objects.exists()
    act(root, "delete_selected", "tiktok")
    assert Platform.objects.count() == 3


# The form.


def choices(page: str, name: str) -> list[str]:
    select = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"', select[0]) if select else re.findall(rf'name="{name}" value="([^"]*)"', page)


@pytest.mark.parametrize(
    ("platform", "actors"),
    [("tiktok", [CLOCKWORKS, FREE, APIDOJO]), ("douyin", ["natanielsantos/douyin-scraper"])],
)
def test_only_actors_of_the_platform_can_be_chosen(root: Client, platform: str, actors: list[str]) -> None:
    page = root.get(f"/admin/platforms/platform/{platform}/change/").content.decode()
    assert choices(page, "actor") == actors
    assert choices(page, "fallback") == ["", *actors]
    assert choices(page, "beside") == actors[1:]
    assert ("Scout has no other actor" in page) == (len(actors) == 1)


@pytest.mark.parametrize(
    ("field", "values", "told"),
    [
        ("fallback", {"fallback": CLOCKWORKS}, "must be another actor"),
        ("beside", {"beside": [APIDOJO]}, "other than the actor and its fall-back"),
        ("beside", {"beside": ["natanielsantos/douyin-scraper"]}, "Select a valid choice"),
        ("actor", {"actor": "natanielsantos/douyin-scraper"}, "Select a valid choice"),
        ("actor", {"actor": ""}, "This field is required"),
        ("slots", {"slots": "0"}, "greater than or equal to 1"),
        ("max_cost_usd", {"max_cost_usd": "0"}, "greater than or equal to 0.01"),
        ("item_limit", {"item_limit": "1001"}, "less than or equal to 1000"),
    ],
)
def test_what_is_wrong_is_said_beside_it(root: Client, field: str, values: dict[str, Any], told: str) -> None:
    answer = root.post(CHANGE, given(**values))
    assert answer.status_code == 200
    assert told in " ".join(answer.context["adminform"].form.errors[field])
    assert Platform.objects.get(pk="tiktok").fallback == APIDOJO


def test_no_box_ticked_is_an_empty_list(root: Client) -> None:
    Platform.objects.filter(pk="tiktok").update(beside=[FREE])
    assert root.post(CHANGE, given()).status_code == 302
    assert Platform.objects.get(pk="tiktok").beside == []


def test_an_actor_that_is_gone_is_dropped(root: Client) -> None:
    Platform.objects.filter(pk="tiktok").update(beside=["gone/away", FREE])
    assert root.get(CHANGE).status_code == 200
    assert root.post(CHANGE, given(beside=[FREE])).status_code == 302
    assert Platform.objects.get(pk="tiktok").beside == [FREE]


def test_saving_leaves_the_engines_fields_alone(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine moves them between the reading and the writing of the row."""
    save = Platform.save

    def meanwhile(self: Platform, **kwargs: Any) -> None:
        Platform.objects.filter(pk=self.pk).update(turn=99, pace=12.5)
        save(self, **kwargs)

    monkeypatch.setattr(Platform, "save", meanwhile)
    assert root.post(CHANGE, given(slots="4")).status_code == 302
    row = Platform.objects.get(pk="tiktok")
    assert (row.turn, row.pace, row.slots) == (99, 12.5, 4)
    assert "12.5 starts a second" in root.get(LIST).content.decode()


def test_a_platform_is_added_where_one_is_missing(root: Client) -> None:
    assert root.get(ADD).status_code == 403
    Platform.objects.filter(pk="douyin").delete()
    page = root.get(ADD).content.decode()
    assert "natanielsantos/douyin-scraper" in choices(page, "actor")
    wrong = root.post(ADD, given(name="douyin", fallback=""))
    assert "searches another platform" in " ".join(wrong.context["adminform"].form.errors["actor"])
    assert root.post(ADD, given(name="douyin", actor="natanielsantos/douyin-scraper", fallback="")).status_code == 302
    assert Platform.objects.get(pk="douyin").actor == "natanielsantos/douyin-scraper"


# States and actions.


def test_a_suspension_is_told(root: Client) -> None:
    row = suspend()
    assert row.suspended_until
    page = root.get(LIST).content.decode()
    assert f"paused until {timezone.localtime(row.suspended_until):%H:%M}: too many requests" in page
    ActorHealth.objects.update(suspended_until=timezone.now() - timedelta(minutes=1))
    assert "paused until a first run succeeds" in root.get(LIST).content.decode()


def test_the_fall_backs_trouble_is_told_by_its_name(root: Client) -> None:
    suspend(APIDOJO, reason="blocked")
    assert f"ok<br>{APIDOJO}: paused until" in root.get(LIST).content.decode()


@pytest.mark.parametrize(("runs", "told"), [(2, False), (3, True)])
def test_empty_fields_are_told(root: Client, runs: int, told: bool) -> None:
    ActorHealth.objects.create(actor=CLOCKWORKS, empty_fields=["playCount"], empty_runs=runs)
    assert ("fields empty: playCount" in root.get(LIST).content.decode()) is told


def test_running_is_counted(root: Client) -> None:
    for status in ("queued", "starting", "running", "completed"):
        make_run(status=status, cancelling=status != "running")
    Platform.objects.filter(pk="tiktok").update(slots=9)
    assert "2 / 9" in root.get(LIST).content.decode()


def test_enable_and_disable(root: Client) -> None:
    asked = act(root, "disable", "tiktok", "douyin", sure=False)
    assert "Disable these platforms?" in asked.content.decode()
    assert Platform.objects.filter(enabled=True).count() == 3
    assert "2 platforms changed." in act(root, "disable", "tiktok", "douyin").content.decode()
    assert list(Platform.objects.filter(enabled=True).values_list("pk", flat=True)) == ["xiaohongshu"]
    act(root, "enable", "tiktok", "xiaohongshu")
    assert Platform.objects.filter(enabled=True).count() == 2
    assert LogEntry.objects.filter(content_type__model="platform").count() == 3  # of what was changed


@pytest.mark.parametrize(("where", "chosen"), [(LIST, "tiktok"), (HEALTH, CLOCKWORKS)])
def test_a_suspension_is_ended(root: Client, where: str, chosen: str) -> None:
    suspend()
    asked = act(root, "release", chosen, where=where, sure=False).content.decode()
    assert "End the suspension now?" in asked
    assert ActorHealth.objects.get().suspended_until
    assert f"Suspensions ended: {CLOCKWORKS}" in act(root, "release", chosen, where=where).content.decode()
    row = ActorHealth.objects.get()
    assert (row.suspended_until, row.trips, row.reason) == (None, 0, "")
    assert LogEntry.objects.count() == 1


def test_health_is_told_whole_and_escaped(root: Client) -> None:
    run = make_run(status="running")
    suspend(canary=run.pk, failed_keys=["tiktok:<script>:7days", "tiktok:b:7days"], empty_fields=["playCount"], empty_runs=4)
    page = root.get(HEALTH).content.decode()
    assert "429 &lt;b&gt;slow down&lt;/b&gt;" in page
    page = root.get(f"{HEALTH}{CLOCKWORKS.replace('/', '_2F')}/change/").content.decode()
    assert f'href="/admin/search/run/{run.pk}/change/"' in page
    assert "tiktok:&lt;script&gt;:7days<br>" in page
    assert "playCount" in page
    assert 'name="_save"' not in page
