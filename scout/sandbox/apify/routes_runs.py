"""Starting, reading, listing, ending and reviving runs."""

import json
from typing import Any

from scout.sandbox.apify import actors, planning, routes_storage, run_view, runs, times, webhooks
from scout.sandbox.apify.actors import Actor
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.runs import Run
from scout.sandbox.apify.state import Apify, Call
from scout.sandbox.wire import Response, json_response

MOST_LISTED = 1000
BUILDS = ("latest", "beta")


def start(state: Apify, call: Call) -> Response:
    run = create(state, call)
    state.store.wait(run, call.number("waitForFinish", 0, state.settings.max_wait) or 0)
    return json_response({"data": _view(run, call)}, 201, Location=f"{call.request.base_url()}/v2/actor-runs/{run.id}")


def create(state: Apify, call: Call) -> Run:
    actor = actors.find(call.params["actor"])
    given = parse_input(actor, call.request.body)
    options = _options(actor, call)
    limit = state.settings.max_concurrent
    if limit and state.store.active(call.user) >= limit:
        raise ApiError(
            "concurrent-runs-limit-exceeded",
            f"By launching this job you will exceed your limit of {limit} concurrent Actor runs.",
        )
    asks = actor.asks(given, times.now())
    run = state.store.add(
        actor=actor.id,
        user=call.user,
        plan=planning.plan(actor, asks, options, state.settings, call.fate),
        body=call.request.body,
        content_type=call.request.headers.get("content-type", "application/json; charset=utf-8"),
        options=options,
        webhooks=state.webhooks.own(webhooks.parse(call.request.query.get("webhooks", "")), call.user),
        words=json.dumps(given, ensure_ascii=False),
        query=", ".join(ask.query or f"{len(ask.links)} links" for ask in asks),
        base_url=state.settings.public_url.rstrip("/") or call.request.base_url(),
        client_ip=call.request.client_ip,
        user_agent=call.request.headers.get("user-agent", ""),
    )
    state.webhooks.watch(run)
    return run


def get(state: Apify, call: Call) -> Response:
    run = _run(state, call)
    state.store.wait(run, call.number("waitForFinish", 0, state.settings.max_wait) or 0)
    return json_response({"data": _view(run, call)})


def listed(state: Apify, call: Call) -> Response:
    """Runs of the account, or of one of its actors; `limit` is echoed as applied."""
    query = call.request.query
    actor = actors.find(call.params["actor"]).id if "actor" in call.params else ""
    rows = state.store.listed(call.user, actor, _date(query, "startedAfter"), _date(query, "startedBefore"))
    now = times.now()
    if wanted := set(filter(None, query.get("status", "").split(","))):
        rows = [run for run in rows if runs.status(run, now) in wanted]
    offset, limit = call.whole("offset", 0), call.whole("limit", MOST_LISTED, MOST_LISTED) or MOST_LISTED
    desc = call.request.flag("desc")
    page = (rows[::-1] if desc else rows)[offset : offset + limit]
    head = {"total": len(rows), "offset": offset, "limit": limit, "desc": desc, "count": len(page)}
    items = ",".join(run_view.short(run, now) for run in page)
    return Response(200, f'{{"data":{json.dumps(head)[:-1]},"items":[{items}]}}}}'.encode())


def abort(state: Apify, call: Call) -> Response:
    run = _run(state, call)
    state.store.abort(run, call.request.flag("gracefully"))
    state.webhooks.watch(run)
    return json_response({"data": _view(run, call)})


def resurrect(state: Apify, call: Call) -> Response:
    run = _run(state, call)
    if not state.store.resurrect(run):
        raise ApiError("run-is-not-finished", "The run is not finished and can't be resurrected.", 400)
    state.webhooks.watch(run)
    return json_response({"data": _view(run, call)})


def log(state: Apify, call: Call) -> Response:
    run = _run(state, call)
    moment, actor = runs.at(run, times.now()), actors.find(run.actor)
    lines = [f"{times.iso(run.started)} ACTOR: Pulling Docker image of build {run_view.build_id(actor)} from registry."]
    if moment.status != "READY":
        lines.append(f"{times.iso(run.started + run.plan.ready_for)} ACTOR: Starting Docker container.")
        lines.append(f"{times.iso(run.started + run.plan.ready_for)} INFO  Searching for {run.query}")
        lines.append(f"{times.iso(times.now())} INFO  {moment.found} of {run.plan.items} results")
    if moment.finished is not None:
        lines.append(f"{times.iso(moment.finished)} ACTOR: The run ended as {moment.status}.")
    return Response(200, ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


def sync_items(state: Apify, call: Call) -> Response:
    run = _finished(state, call)
    return routes_storage.items_page(state, call, run, status=201)


def sync_output(state: Apify, call: Call) -> Response:
    run = _finished(state, call)
    key = call.request.query.get("outputRecordKey", "OUTPUT")
    record = routes_storage.record_of(run, key)
    return Response(201, *record) if record else Response(201)


def parse_input(actor: Actor, body: bytes) -> dict[str, Any]:
    """The run's INPUT, checked as the platform checks it before it starts anything."""
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ApiError("run-input-body-not-valid-json") from None
    if not isinstance(given, dict):
        raise ApiError("input-json-not-object")
    actors.check(actor, given)
    return given


def _finished(state: Apify, call: Call) -> Run:
    """A run waited for; whoever loses this connection learns nothing of the run, as with the real one."""
    run = create(state, call)
    if not state.store.wait(run, state.settings.max_sync_wait):
        raise ApiError("run-timeout-exceeded")
    status = runs.at(run, times.now()).status
    if status != "SUCCEEDED":
        raise ApiError("run-failed", f"Actor run did not succeed (run ID: {run.id}, status: {status}).")
    return run


def _run(state: Apify, call: Call) -> Run:
    if call.params["run"] != "last":
        return state.store.get(call.params["run"])
    rows = state.store.listed(call.user, actors.find(call.params["actor"]).id) if "actor" in call.params else []
    return rows[-1] if rows else state.store.get("last")


def _view(run: Run, call: Call) -> dict[str, Any]:
    return run_view.whole(run, times.now(), with_cost=bool(call.user))


def _options(actor: Actor, call: Call) -> dict[str, Any]:
    build = call.request.query.get("build", "latest")
    if build not in (*BUILDS, actor.build):
        raise ApiError("unknown-build-tag", f'Build with tag "{build}" was not found. Has the Actor been built already?', 404)
    memory = call.whole("memory", 1024)
    if memory < 128 or memory > 32768 or memory & (memory - 1):
        raise ApiError("invalid-parameter", "Memory must be a power of 2 between 128 and 32768 megabytes.")
    options = {
        "build": build,
        "timeoutSecs": call.whole("timeout", 3600),
        "memoryMbytes": memory,
        "diskMbytes": memory * 2,
    }
    if (items := call.number("maxItems")) is not None:
        options["maxItems"] = int(items)
    if (ceiling := call.number("maxTotalChargeUsd")) is not None:
        options["maxTotalChargeUsd"] = ceiling
    return options


def _date(query: dict[str, str], name: str) -> float | None:
    try:
        return times.parse(query[name]) if query.get(name) else None
    except ValueError:
        raise ApiError("invalid-parameter", f'Query parameter "{name}" is not a date.') from None
