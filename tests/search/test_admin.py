"""The try-out's pages: who may, what is shown before and after, what is pasted, what goes wrong."""

import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from searches.accounts.models import User
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.search import live
from searches.search.explain import sentence
from searches.search.forms import MOST_PASTED
from searches.search.models import Run, Status
from searches.search.start import start_due
from searches.search.tryout import SAMPLES
from tests.cast import Cast, page_client
from tests.conftest import Engine
from tests.platforms.recorded import cases
from tests.rows import make_run
from tests.search.steps import TIKTOK, redis_away, set_row

TRY, ROWS = "/admin/search/run/try/", "/admin/search/run/try/rows/"
APIDOJO, EASYAPI = "apidojo/tiktok-scraper", "easyapi/rednote-xiaohongshu-search-scraper"
SAMPLE = {"actor": APIDOJO, "query": "메이크업", "date_range": "7days", "items": "5"}


@pytest.fixture
def root(cast: Cast) -> Client:
    return page_client(cast.root)


def text(page: Any) -> str:
    """A page's words on one line, entities as they are."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def ended(engine: Engine, client: Client, **values: Any) -> Any:
    """The page of a sample that was run to its end, and the run."""
    engine.sandbox.set(run_seconds=0.01)
    there = client.post(TRY, SAMPLE | values)["Location"]
    engine.work()
    engine.settle()
    return client.get(there), Run.objects.latest("pk")


@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_it_works(engine: Engine, root: Client, actor: str) -> None:
    asked = SAMPLE | {"actor": actor, "query": SAMPLES[ACTORS[actor].platform]}
    plan = root.get(TRY, asked | {"plan": "1"})
    assert plan.status_code == 200
    assert asked["query"] in text(plan)
    assert "Run this sample: at most $" in text(plan)
    assert not Run.objects.exists()  # looking is free
    page, run = ended(engine, root, **asked)
    assert (run.status, run.actor) == (Status.COMPLETED, actor)
    told = text(page)
    assert f"{run.row_count} rows" in told
    assert f"{run.items_found} became items" in told
    assert "Completed" in told or "completed" in told
    assert page.context["found"].rows == run.row_count
    assert engine.sandbox.stats()["starts"] == 1


# Who may.


def pages(run: Run) -> list[tuple[str, str]]:
    tried = f"{TRY}{run.pk}/"
    return [("GET", TRY), ("GET", f"{TRY}?plan=1"), ("POST", TRY), ("GET", ROWS), ("POST", ROWS), ("GET", tried), ("POST", f"{tried}stop/")]


@pytest.mark.parametrize("name", ["sam", "vera"])
def test_plain_staff_may_not(cast: Cast, name: str) -> None:
    run = make_run(reason=Run.Reason.TRY)
    person = getattr(cast, name)
    person.user_permissions.add(Permission.objects.get(codename="view_run"), Permission.objects.get(codename="view_platform"))
    client = page_client(person)
    for method, path in pages(run):
        assert client.generic(method, path).status_code == 403, (method, path)
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    for path in ("/admin/", "/admin/search/run/", f"/admin/search/run/{run.pk}/change/", "/admin/platforms/platform/"):
        assert TRY not in client.get(path).content.decode(), path


def test_people_and_strangers_are_sent_to_the_door(cast: Cast) -> None:
    run = make_run(reason=Run.Reason.TRY)
    for client in (Client(), page_client(cast.alice)):
        for method, path in pages(run):
            answer = client.generic(method, path)
            assert (answer.status_code, "/admin/login/" in answer.headers.get("Location", "")) == (302, True), (method, path)


def test_who_may_change_platforms_may_try(engine: Engine, cast: Cast) -> None:
    cast.sam.user_permissions.add(Permission.objects.get(codename="change_platform"))
    client = page_client(User.objects.get(pk=cast.sam.pk))
    assert client.get(TRY).status_code == 200
    there = client.post(TRY, SAMPLE)
    assert there.status_code == 302
    assert client.get(there["Location"]).status_code == 200
    assert Run.objects.get().owner == cast.sam


@pytest.mark.parametrize("path", [TRY, ROWS, "stop"])
def test_another_site_cannot(cast: Cast, path: str) -> None:
    run = make_run(reason=Run.Reason.TRY)
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.root)
    where = f"{TRY}{run.pk}/stop/" if path == "stop" else path
    assert client.post(where, SAMPLE | {"rows": "[]"}).status_code == 403
    assert list(Run.objects.values_list("pk", "status")) == [(run.pk, Status.QUEUED)]


def test_the_pasting_form_brings_its_token(cast: Cast) -> None:
    """The check of its token is made late, but it is made, and passes for our own form."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.root)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(ROWS).content.decode())
    assert token
    form = {"actor": APIDOJO, "date_range": "all", "rows": "[]", "csrfmiddlewaretoken": token[1]}
    assert client.post(ROWS, form).status_code == 200


def test_links_for_who_may(root: Client) -> None:
    run = make_run(reason=Run.Reason.TRY)
    other = make_run(status=Status.COMPLETED)
    assert f'href="{TRY}"' in root.get("/admin/search/run/").content.decode()
    assert f'href="{TRY}?platform=douyin"' in root.get("/admin/platforms/platform/").content.decode()
    assert f'href="{TRY}?platform=douyin"' in root.get("/admin/platforms/platform/douyin/change/").content.decode()
    assert f'href="{TRY}{run.pk}/"' in root.get(f"/admin/search/run/{run.pk}/change/").content.decode()
    assert f'href="{TRY}{other.pk}/"' not in root.get(f"/admin/search/run/{other.pk}/change/").content.decode()
    page = root.get(f"{TRY}?platform=douyin").content.decode()
    assert '<option value="natanielsantos/douyin-scraper" selected>' in page
    assert 'value="美妆"' in page


@pytest.mark.parametrize("query", ["platform=nowhere", "actor=nobody/none", "platform=", "actor=%00", "platform=%00"])
def test_odd_links_open_the_form(root: Client, query: str) -> None:
    assert root.get(f"{TRY}?{query}").status_code == 200


# Before it is run.


def test_what_would_be_sent(root: Client) -> None:
    page = root.get(TRY, SAMPLE | {"plan": "1"})
    assert json.loads(page.context["plan"]["input"]) == {"keywords": ["메이크업"], "maxItems": 5, "dateRange": "THIS_WEEK"}
    assert "is not known yet" in text(page)
    Platform.objects.filter(pk=TIKTOK).update(max_cost_usd="0.10")
    assert "Run this sample: at most $0.10" in text(root.get(TRY, SAMPLE | {"plan": "1"}))


def test_the_actors_windows(root: Client) -> None:
    page = root.get(TRY, SAMPLE | {"plan": "1", "actor": "natanielsantos/douyin-scraper"})
    assert re.search(r"Past month 30 days 182 days", text(page))
    page = root.get(TRY, SAMPLE | {"plan": "1", "actor": "clockworks/free-tiktok-scraper"})
    assert re.search(r"Past month 30 days none", text(page))


def test_an_actor_that_wants_to_be_asked_for_many(root: Client) -> None:
    make_run(status=Status.COMPLETED, row_count=100, usage_usd="0.5")
    Run.objects.update(actor=EASYAPI)
    told = text(root.get(TRY, SAMPLE | {"plan": "1", "actor": EASYAPI}))
    assert "never asked for fewer than 100 items" in told
    assert "100 items cost about $0.500" in told


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"items": "0"}, "items"),
        ({"items": "21"}, "items"),
        ({"items": "many"}, "items"),
        ({"items": ""}, "items"),
        ({"query": ""}, "query"),
        ({"query": "   "}, "query"),
        ({"query": "x" * 101}, "query"),
        ({"query": "a\x07b"}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"actor": "nobody/none"}, "actor"),
        ({"date_range": "2years"}, "date_range"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_wrong_is_said_and_nothing_runs(engine: Engine, root: Client, method: str, values: dict[str, str], field: str) -> None:
    page = getattr(root, method)(TRY, SAMPLE | values | {"plan": "1"})
    assert page.status_code == 400
    assert page.context["form"].errors[field]
    assert not Run.objects.exists()


def test_a_platform_that_is_not_set_up(root: Client) -> None:
    Platform.objects.filter(pk=TIKTOK).delete()
    assert "not set up" in text(root.post(TRY, SAMPLE))


# Running it.


def test_two_clicks(engine: Engine, cast: Cast, root: Client) -> None:
    first, second = root.post(TRY, SAMPLE), root.post(TRY, SAMPLE)
    assert first["Location"] == second["Location"]
    assert Run.objects.count() == 1
    told = LogEntry.objects.get()
    assert (told.user, told.content_type.model, told.object_id) == (cast.root, "run", str(Run.objects.get().pk))
    assert "Tried apidojo/tiktok-scraper: 5 items, at most $0.10" in told.get_change_message()
    assert "Nothing was started twice" in text(root.get(first["Location"]))


def test_a_disabled_platform(engine: Engine, root: Client) -> None:
    """Trying an actor comes before enabling its platform."""
    Platform.objects.update(enabled=False)
    assert "Run this sample" in text(root.get(TRY, SAMPLE | {"plan": "1"}))
    assert root.post(TRY, SAMPLE).status_code == 302


def test_redis_away(engine: Engine, root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_away(monkeypatch):
        page = root.post(TRY, SAMPLE)
        assert page.status_code == 409
        assert "Redis does not answer" in text(page)
        run = make_run(reason=Run.Reason.TRY)
        assert root.get(f"{TRY}{run.pk}/").status_code == 200


def test_following(engine: Engine, root: Client) -> None:
    there = root.post(TRY, SAMPLE)["Location"]
    run = Run.objects.get()
    page = root.get(there)
    assert "waits for a free slot" in text(page)
    assert live.watched(engine.redis, [run.pk]) == {run.pk}
    engine.sandbox.set(run_seconds=20, items=5)
    start_due(TIKTOK)
    poll = root.get(there, headers={"HX-Request": "true"})
    assert poll.content.decode() == "It runs at Apify: 0 of 5 items so far."
    assert root.post(f"{there}stop/")["Location"] == there
    run.refresh_from_db()
    assert run.cancelling
    assert LogEntry.objects.filter(change_message__contains="stopped").count() == 1
    set_row(run, status=Status.CANCELLED)
    assert root.get(there, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    root.post(f"{there}stop/")
    assert LogEntry.objects.count() == 2  # nothing left to stop


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_try_outs_have_such_a_page(root: Client, method: str) -> None:
    run = make_run()
    suffix = "stop/" if method == "post" else ""
    assert getattr(root, method)(f"{TRY}{run.pk}/{suffix}").status_code == 404
    assert getattr(root, method)(f"{TRY}999999/{suffix}").status_code == 404
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def test_methods(root: Client) -> None:
    run = make_run(reason=Run.Reason.TRY)
    assert root.get(f"{TRY}{run.pk}/stop/").status_code == 405
    assert root.post(f"{TRY}{run.pk}/").status_code == 405
    assert root.put(TRY).status_code == 405


# What came of it.


def test_hostile_rows_are_text(engine: Engine, root: Client) -> None:
    page, run = ended(engine, root, query="네일 sandbox:hostile", items="20")
    assert run.status == Status.COMPLETED
    html = page.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert(1)" not in html
    assert "javascript:" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', html))
    assert len(html) < 1_000_000


def test_a_failed_one_says_why(engine: Engine, root: Client) -> None:
    page, run = ended(engine, root, query="sandbox:fail words")
    assert run.status == Status.FAILED
    assert page.status_code == 200
    assert f"{sentence(run.error_type)} ({run.error_detail})" in text(page)


def test_one_that_never_started(root: Client) -> None:
    run = make_run(reason=Run.Reason.TRY, status=Status.CANCELLED, dataset_id="", upstream_id="", started_at=None)
    told = text(root.get(f"{TRY}{run.pk}/"))
    assert "never started at Apify" in told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"kind": "error", "type": "record-not-found"}, "no longer has the rows"),
        ({"kind": "error", "status": 503}, "cannot be read from Apify just now"),
        ({"kind": "truncated"}, "cannot be read from Apify just now"),
    ],
)
def test_rows_that_cannot_be_read(engine: Engine, root: Client, rule: dict[str, Any], told: str) -> None:
    page, run = ended(engine, root)
    engine.sandbox.faults({"on": "items", **rule})
    page = root.get(f"{TRY}{run.pk}/")
    assert page.status_code == 200
    assert told in text(page)


def test_an_actor_that_is_gone(engine: Engine, root: Client) -> None:
    run = make_run(reason=Run.Reason.TRY, status=Status.COMPLETED)
    set_row(run, actor="gone/away")
    assert "no longer knows this actor" in text(root.get(f"{TRY}{run.pk}/"))


# Pasting.


def paste(client: Client, rows: str, actor: str = APIDOJO, date_range: str = "all") -> Any:
    return client.post(ROWS, {"actor": actor, "date_range": date_range, "rows": rows})


@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_pasted_rows_are_mapped(root: Client, actor: str) -> None:
    recorded = [case for case in cases(actor) if isinstance(case.row, dict)]
    page = paste(root, json.dumps([case.row for case in recorded]), actor)
    assert page.status_code == 200
    found = page.context["found"]
    assert found.rows == len(recorded)
    assert [bool(pair.fields) for pair in found.pairs] == [case.item is not None for case in recorded]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("pasted", "rows"),
    [
        ('{"id": "1"}', 1),
        ('[{"id": "1"}, {"id": "2"}]', 2),
        ('{"id": "1"}\n{"id": "2"}\n\n{"id": "3"}\n', 3),
        ("\n [] \n", 0),
        ('"words"', 1),
        ('[{"a": NaN, "b": 1e999}]', 1),
        ('["\\ud800", {"id": "\\u0000"}]', 2),
    ],
)
def test_what_may_be_pasted(root: Client, pasted: str, rows: int) -> None:
    page = paste(root, pasted)
    assert page.status_code == 200
    assert page.context["found"].rows == rows


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("", "required"),
        ('[{"id": "1"},\n  {"id" "2"}]', "from line 2, character 9 on"),
        ("<html>", "from line 1, character 1 on"),
        ('{"id": 1}\n{"id": ', "This is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 5_000 + "]", "a number that is too long"),
        ("[" + ",".join("1" * 1_001) + "]", "1000 rows are the most"),
        ("[" + " " * MOST_PASTED + "]", "characters; 500000 is the most"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept(root: Client, pasted: str, told: str) -> None:
    page = paste(root, pasted)
    assert page.status_code == 400
    assert told in " ".join(page.context["form"].errors["rows"])
    assert page.context["form"]["rows"].value() == pasted
    assert "found" not in page.context


def test_more_than_is_read_at_all(root: Client) -> None:
    page = paste(root, "[" + '"화",' * 800_000 + "1]")
    assert page.status_code == 413
    assert "too much text" in text(page)


# The list of runs.


def test_runs_by_their_error(root: Client) -> None:
    make_run(status=Status.FAILED, error_type="timed-out")
    make_run(status=Status.COMPLETED)
    assert root.get("/admin/search/run/?error_type=timed-out").context["cl"].result_count == 1
    assert root.get("/admin/search/run/").context["cl"].result_count == 2
    assert root.get("/admin/search/run/?error_type=nonsense").status_code in {200, 302}
