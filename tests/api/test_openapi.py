"""The API's documentation says what is there, and what is there does what it says."""

import json
import re
from typing import Any

import pytest
import redis
import requests
import schemathesis
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from scout.api import api
from searches.item import Item
from searches.search.models import Status
from tests.cast import Cast, page_client
from tests.rows import make_answer, make_run, make_search

SENT = {"method", "url", "headers", "json", "data", "params"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_it_works(cast: Cast) -> None:
    response = page_client(cast.alice).get("/api/openapi.json")
    assert response.status_code == 200
    schemathesis.openapi.from_dict(response.json()).validate()
    assert response.json()["info"]["title"] == "Scout"


def documented() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return told


@pytest.mark.django_db
def test_every_address_is_documented() -> None:
    inside = next(entry for entry in get_resolver().url_patterns if getattr(entry, "namespace", None) == "api")
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/api/{p.pattern}") for p in inside.url_patterns}  # type: ignore[attr-defined]
    assert served - {"/api/", "/api/docs", "/api/openapi.json"} == set(documented()["paths"])


def test_every_call_says_what_it_does_and_answers() -> None:
    for path, calls in documented()["paths"].items():
        for method, call in calls.items():
            assert call["summary"], (method, path)
            assert call["tags"], (method, path)
            for status in ("200", "400", "401", "404"):
                assert call["responses"][status]["content"]["application/json"]["schema"], (method, path, status)


def test_items_are_documented_field_by_field() -> None:
    shape = documented()["components"]["schemas"]["Item"]
    assert list(shape["properties"]) == list(Item.__annotations__)


def test_who_may_call_is_documented() -> None:
    schemes = documented()["components"]["securitySchemes"]
    assert (schemes["token"]["scheme"], schemes["session"]["name"]) == ("bearer", settings.SESSION_COOKIE_NAME)


# The page.


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_anybody_may_read_it(path: str) -> None:
    """It says how to come in; it does not let in."""
    assert Client().get(path).status_code == 200


def test_the_page_loads_nothing_from_outside(cast: Cast) -> None:
    response = page_client(cast.alice).get("/api/docs")
    page = response.content.decode()
    assert response.status_code == 200
    loaded = re.findall(r"(?:src|href)\s*=\s*[\"']([^\"']*)", page)
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert re.findall(r"https?://", page) == []
    assert "'self'" in response["Content-Security-Policy"]


def test_the_page_runs_no_script_of_a_stranger(cast: Cast) -> None:
    """What the page needs is in files; nothing that gets into it as text may run."""
    policy = dict(part.strip().split(" ", 1) for part in page_client(cast.alice).get("/api/docs")["Content-Security-Policy"].split(";"))
    assert policy.get("script-src", policy["default-src"]) == "'self'"


# What is there does what it says: requests made up from the documentation.


@pytest.mark.parametrize("where", ["/api/search", "/api/search/{job_id}", "/api/search/{job_id}/items", "/api/search/{job_id}/cancel"])
def test_made_up_requests(cast: Cast, live_redis: redis.Redis, where: str, settings: Any) -> None:
    settings.SEARCHES_PER_MINUTE = 20
    client = page_client(cast.alice)
    told = documented()
    del told["security"], told["components"]["securitySchemes"]  # or it would make up tokens and never come in
    schema = schemathesis.openapi.from_dict(told)
    strategy = next(op.ok() for op in schema.get_all_operations() if op.ok().path == where).as_strategy()

    @hypothesis_settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def ask(case: Any) -> None:
        case.validate_response(_as_requests(_call(client, case)), checks=CHECKS)

    ask()


def test_real_answers_are_as_documented(cast: Cast, live_redis: redis.Redis) -> None:
    """The made-up ones rarely hit a search that is there."""
    schema = schemathesis.openapi.from_dict(documented())
    operations = {(op.ok().method.upper(), op.ok().path): op.ok() for op in schema.get_all_operations()}
    answer, client = make_answer(items=3), page_client(cast.alice)
    done = make_search(cast.alice, make_run(status=Status.COMPLETED, items_found=3, row_count=3), status=Status.COMPLETED)
    failed = make_search(cast.alice, make_run(status=Status.FAILED, error_type="timed-out"), status=Status.FAILED)
    for job in (done, failed):
        for path in ("/api/search/{job_id}", "/api/search/{job_id}/items"):
            response = client.get(path.format(job_id=job.pk))
            assert operations["GET", path].is_valid_response(_as_requests(response)), (path, response.json())
    known = client.post("/api/search", {"query": answer.key.split(":")[1]}, content_type="application/json")
    assert known.json()["cached"] is True
    assert operations["POST", "/api/search"].is_valid_response(_as_requests(known)), known.json()


def _call(client: Client, case: Any) -> Any:
    """Send a made-up request by Django's test client."""
    prepared = requests.Request(**{k: v for k, v in case.as_transport_kwargs("http://testserver").items() if k in SENT}).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    headers = {name: value for name, value in prepared.headers.items() if name.lower() not in {"content-type", "content-length"}}
    content_type = prepared.headers.get("Content-Type", "")
    return client.generic(case.method, prepared.path_url, body, content_type, headers=headers, CONTENT_LENGTH=str(len(body)))


def _as_requests(response: Any) -> Any:
    """A Django test response, for schemathesis."""
    prepared = requests.Request("GET", "http://localhost/").prepare()
    headers = {name.lower(): [value] for name, value in response.headers.items()}
    return Response(response.status_code, headers, response.content, prepared, 0.0, False)
