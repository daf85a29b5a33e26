"""A run's dataset and key-value store."""

import json
from typing import Any

from scout.sandbox.apify import item_format, runs, times
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.runs import Run
from scout.sandbox.apify.state import Apify, Call
from scout.sandbox.wire import Response, encode, json_response

#: What the platform echoes when the caller set no limit.
NO_LIMIT = 999_999_999_999


def dataset(state: Apify, call: Call) -> Response:
    """Counts trail behind what can be read, so they are no sign of completeness."""
    run, now = _dataset_run(state, call), times.now()
    moment, rows = runs.at(run, now), state.datasets.rows(run)
    counted = rows[: runs.at(run, now - run.plan.settle).found]
    view: dict[str, Any] = {
        "id": run.dataset,
        "name": None,
        "userId": run.user,
        "createdAt": times.iso(run.started),
        "modifiedAt": times.iso(moment.finished or now),
        "accessedAt": times.iso(now),
        "itemCount": len(counted),
        "cleanItemCount": len(counted),
        "actId": run.actor,
        "actRunId": run.id,
        "fields": _fields(rows),
        "schema": None,
        "consoleUrl": f"https://console.apify.com/storage/datasets/{run.dataset}",
        "itemsPublicUrl": f"{run.base_url}/v2/datasets/{run.dataset}/items?signature=sandbox",
        "generalAccess": "FOLLOW_USER_SETTING",
        "stats": {"readCount": 0, "writeCount": len(counted), "storageBytes": sum(map(len, counted))},
    }
    return json_response({"data": view})


def items(state: Apify, call: Call) -> Response:
    return items_page(state, call, _dataset_run(state, call))


def items_page(state: Apify, call: Call, run: Run, status: int = 200) -> Response:
    """Count is rows scanned, before empty ones are dropped: readers page by it."""
    query = call.request.query
    format = query.get("format", "json")
    content_type = item_format.content_type(format)
    offset, limit, desc = call.whole("offset", 0), call.whole("limit", NO_LIMIT) or NO_LIMIT, call.request.flag("desc")
    rows = state.datasets.rows(run)
    page = (rows[::-1] if desc else rows)[offset : offset + limit]
    headers = {
        "X-Apify-Pagination-Offset": str(offset),
        "X-Apify-Pagination-Limit": str(limit),
        "X-Apify-Pagination-Count": str(len(page)),
        "X-Apify-Pagination-Total": str(len(rows)),
        "X-Apify-Pagination-Desc": str(desc).lower(),
    }
    return Response(status, item_format.body(item_format.transformed(page, query), format), content_type, headers)


def record(state: Apify, call: Call) -> Response:
    run, key = _store_run(state, call), call.params["key"]
    found = record_of(run, key)
    if found is None:
        raise ApiError("record-not-found", "Record was not found")
    headers = {"Content-Disposition": f'attachment; filename="{key}"'} if call.request.flag("attachment") else {}
    return Response(200, *found, headers)


def keys(state: Apify, call: Call) -> Response:
    run = _store_run(state, call)
    after, limit = call.request.query.get("exclusiveStartKey", ""), call.whole("limit", 1000, 1000) or 1000
    rest = [key for key in ("INPUT", "OUTPUT") if key > after and record_of(run, key)]
    page = rest[:limit]
    rows = [{"key": key, "size": len((record_of(run, key) or (b"",))[0]), "recordPublicUrl": _public(run, key)} for key in page]
    more = len(rest) > len(page)
    view = {
        "items": rows,
        "count": len(rows),
        "limit": limit,
        "isTruncated": more,
        "exclusiveStartKey": after or None,
        "nextExclusiveStartKey": page[-1] if more else None,
    }
    return json_response({"data": view})


def store(state: Apify, call: Call) -> Response:
    run = _store_run(state, call)
    view = {
        "id": run.store,
        "name": None,
        "userId": run.user,
        "createdAt": times.iso(run.started),
        "modifiedAt": times.iso(run.started),
        "accessedAt": times.iso(times.now()),
        "actId": run.actor,
        "actRunId": run.id,
        "generalAccess": "FOLLOW_USER_SETTING",
        "stats": {"readCount": 0, "writeCount": 2, "deleteCount": 0, "listCount": 0, "storageBytes": len(run.body)},
    }
    return json_response({"data": view})


def record_of(run: Run, key: str) -> tuple[bytes, str] | None:
    """INPUT is what the run was started with, to the byte; OUTPUT exists once it has succeeded."""
    if key == "INPUT" and run.body:
        return run.body, run.content_type
    moment = runs.at(run, times.now())
    if key == "OUTPUT" and moment.status == "SUCCEEDED":
        return encode({"query": run.query, "results": moment.found}), "application/json; charset=utf-8"
    return None


def _fields(rows: list[bytes]) -> list[str]:
    first = json.loads(rows[0]) if rows else {}
    return list(first) if isinstance(first, dict) else []


def _public(run: Run, key: str) -> str:
    return f"{run.base_url}/v2/key-value-stores/{run.store}/records/{key}?signature=sandbox"


def _dataset_run(state: Apify, call: Call) -> Run:
    if "run" in call.params:
        return state.store.get(call.params["run"])
    return state.store.by_storage(call.params["dataset"], "D", "Dataset")


def _store_run(state: Apify, call: Call) -> Run:
    if "run" in call.params:
        return state.store.get(call.params["run"])
    return state.store.by_storage(call.params["store"], "K", "Key-value store")
