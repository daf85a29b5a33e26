"""Actors, and the account: who it is, what it may spend, what it has spent, what it was told."""

import time
from typing import Any

from scout.sandbox.apify import actors, run_view, runs, times
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.routes_runs import parse_input
from scout.sandbox.apify.state import Apify, Call
from scout.sandbox.wire import Response, json_response

MAX_MONTHLY_USD = 300.0
MAX_MEMORY_GB = 256
MAX_RUNS = 128
PLAN = {
    "id": "SCALE",
    "description": "Scale",
    "isEnabled": True,
    "monthlyBasePriceUsd": 199.0,
    "monthlyUsageCreditsUsd": 199.0,
    "usageDiscountPercent": 0.0,
    "enabledPlatformFeatures": ["ACTORS", "STORAGE", "WEBHOOKS"],
    "maxMonthlyUsageUsd": MAX_MONTHLY_USD,
    "maxActorMemoryGbytes": MAX_MEMORY_GB,
    "maxMonthlyActorComputeUnits": 1000.0,
    "maxMonthlyResidentialProxyGbytes": 10.0,
    "maxMonthlyProxySerps": 50_000,
    "maxMonthlyExternalDataTransferGbytes": 100.0,
    "maxActorCount": 100,
    "maxActorTaskCount": 1000,
    "dataRetentionDays": 31,
    "availableProxyGroups": {},
    "teamAccountSeatCount": 1,
    "supportLevel": "CHAT",
    "availableAddOns": [],
}


def actor(_: Apify, call: Call) -> Response:
    found = actors.find(call.params["actor"])
    view = {
        "id": found.id,
        "userId": found.username,
        "name": found.name,
        "username": found.username,
        "title": found.title,
        "description": f"{found.title}, as the sandbox plays it.",
        "isPublic": True,
        "isDeprecated": False,
        "createdAt": "2026-01-15T09:00:00.000Z",
        "modifiedAt": "2026-10-01T09:00:00.000Z",
        "stats": {"totalBuilds": 400, "totalRuns": 1_000_000, "totalUsers": 20_000},
        "versions": [
            {
                "versionNumber": "0.0",
                "buildTag": "latest",
                "sourceType": "SOURCE_FILES",
                "sourceFiles": [],
                "envVars": [],
            }
        ],
        "defaultRunOptions": {"build": "latest", "timeoutSecs": 3600, "memoryMbytes": 1024},
        "taggedBuilds": {
            "latest": {
                "buildId": run_view.build_id(found),
                "buildNumber": found.build,
                "finishedAt": "2026-10-01T09:00:00.000Z",
            }
        },
        "pricingInfos": [run_view.pricing(found)],
    }
    return json_response({"data": view})


def validate_input(_: Apify, call: Call) -> Response:
    parse_input(actors.find(call.params["actor"]), call.request.body)
    return json_response({"valid": True})


def me(_: Apify, call: Call) -> Response:
    view = {
        "id": call.user,
        "username": "sandbox",
        "profile": {"name": "Sandbox account", "bio": "Nothing here is real."},
        "email": "sandbox@example.com",
        "proxy": {"password": "sandbox", "groups": []},
        "plan": PLAN,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "isPaying": True,
    }
    return json_response({"data": view})


def limits(state: Apify, call: Call) -> Response:
    spent, units = _spent(state, call.user)
    active = state.store.active(call.user)
    most = {
        "maxMonthlyUsageUsd": MAX_MONTHLY_USD,
        "maxMonthlyActorComputeUnits": 1000,
        "maxMonthlyExternalDataTransferGbytes": 100,
        "maxMonthlyProxySerps": 50_000,
        "maxMonthlyResidentialProxyGbytes": 10,
        "maxActorMemoryGbytes": MAX_MEMORY_GB,
        "maxActorCount": 100,
        "maxActorTaskCount": 1000,
        "maxConcurrentActorJobs": state.settings.max_concurrent or MAX_RUNS,
        "maxTeamAccountSeatCount": 9,
        "dataRetentionDays": 31,
    }
    current = {
        "monthlyUsageUsd": spent,
        "monthlyActorComputeUnits": units,
        "monthlyExternalDataTransferGbytes": 0,
        "monthlyProxySerps": 0,
        "monthlyResidentialProxyGbytes": 0,
        "actorMemoryGbytes": active,
        "actorCount": 0,
        "actorTaskCount": 0,
        "activeActorJobCount": active,
        "teamAccountSeatCount": 1,
    }
    return json_response({"data": {"monthlyUsageCycle": _cycle(), "limits": most, "current": current}})


def monthly_usage(state: Apify, call: Call) -> Response:
    spent, units = _spent(state, call.user)
    service = {
        "ACTOR_COMPUTE_UNITS": {
            "quantity": units,
            "baseAmountUsd": spent,
            "baseUnitPriceUsd": 0.25,
            "amountAfterVolumeDiscountUsd": spent,
        }
    }
    view = {
        "usageCycle": _cycle(),
        "monthlyServiceUsage": service,
        "dailyServiceUsages": [{"date": times.iso(times.now()), "serviceUsage": service, "totalUsageCreditsUsd": spent}],
        "totalUsageCreditsUsdBeforeVolumeDiscount": spent,
        "totalUsageCreditsUsdAfterVolumeDiscount": spent,
    }
    return json_response({"data": view})


def dispatches(state: Apify, call: Call) -> Response:
    rows = [dispatch.as_dict() for dispatch in list(state.webhooks.recent) if dispatch.user == call.user]
    offset, limit, desc = call.whole("offset", 0), call.whole("limit", 1000, 1000) or 1000, call.request.flag("desc")
    page = (rows[::-1] if desc else rows)[offset : offset + limit]
    view: dict[str, Any] = {
        "total": len(rows),
        "offset": offset,
        "limit": limit,
        "desc": desc,
        "count": len(page),
        "items": page,
    }
    return json_response({"data": view})


def dispatch(state: Apify, call: Call) -> Response:
    for one in list(state.webhooks.recent):
        if one.id == call.params["dispatch"]:
            return json_response({"data": one.as_dict()})
    raise ApiError("record-not-found", "Webhook dispatch was not found")


def _spent(state: Apify, user: str) -> tuple[float, float]:
    """Dollars and compute units of all the account's runs so far."""
    now, spent, units = times.now(), 0.0, 0.0
    for run in state.store.listed(user):
        moment = runs.at(run, now)
        spent += run_view.usd(run, moment, now)
        units += run_view.compute_units(run, max(0.0, (moment.finished or now) - run.begun))
    return round(spent, 6), round(units, 6)


def _cycle() -> dict[str, str]:
    """The calendar month."""
    year, month = time.gmtime()[:2]
    next_year, next_month = (year + 1, 1) if month == 12 else (year, month + 1)
    end = times.parse(f"{next_year}-{next_month:02d}-01T00:00:00Z") - 0.001
    return {"startAt": f"{year}-{month:02d}-01T00:00:00.000Z", "endAt": times.iso(end)}
