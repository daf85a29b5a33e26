"""Run objects as the API shows them: whole, and the short form of lists."""

from typing import Any

from scout.sandbox.apify import actors, runs, times
from scout.sandbox.apify.actors import Actor
from scout.sandbox.apify.runs import Moment, Run
from scout.sandbox.seeds import seed

EXIT_CODES = {"SUCCEEDED": 0, "FAILED": 1, "TIMED-OUT": 143, "ABORTED": 143}


def whole(run: Run, now: float, with_cost: bool) -> dict[str, Any]:
    """The run object. Costs are left out for whoever reads it without a token."""
    actor, moment = actors.find(run.actor), runs.at(run, now)
    view = {
        "id": run.id,
        "actId": actor.id,
        "userId": run.user,
        "actorTaskId": None,
        "startedAt": times.iso(run.started),
        "finishedAt": times.iso(moment.finished) if moment.finished is not None else None,
        "status": moment.status,
        "statusMessage": _message(run, moment),
        "isStatusMessageTerminal": moment.over,
        "meta": _meta(run),
        "stats": _stats(run, moment, now),
        "options": run.options,
        "buildId": build_id(actor),
        "buildNumber": actor.build,
        "exitCode": EXIT_CODES.get(moment.status),
        "generalAccess": "FOLLOW_USER_SETTING",
        "defaultKeyValueStoreId": run.store,
        "defaultDatasetId": run.dataset,
        "defaultRequestQueueId": run.request_queue,
        "storageIds": _storages(run),
        "containerUrl": f"https://{run.id.lower()}.runs.apify.net",
        "isContainerServerReady": False,
        "gitBranchName": None,
        "platformUsageBillingModel": "USER",
    }
    return view | _cost(actor, run, moment, now) if with_cost else view


def short(run: Run, now: float) -> str:
    """A list row, as JSON text: lists hold a thousand of them, so what never changes is written once."""
    if run.list_final:
        return run.list_final
    actor, moment = actors.find(run.actor), runs.at(run, now)
    if not run.list_head:
        run.list_head = _head(actor, run)
    finished = f'"{times.iso(moment.finished)}"' if moment.finished is not None else "null"
    text = f'{run.list_head},"status":"{moment.status}","finishedAt":{finished},"usageTotalUsd":{usd(run, moment, now)}}}'
    if moment.over and runs.settled(run, now) == 1.0:
        run.list_final = text
    return text


def build_id(actor: Actor) -> str:
    return "B" + actor.id[1:]


def _head(actor: Actor, run: Run) -> str:
    return (
        f'{{"id":"{run.id}","actId":"{actor.id}","userId":"{run.user}","actorTaskId":null,"startedAt":"{times.iso(run.started)}",'
        f'"buildId":"{build_id(actor)}","buildNumber":"{actor.build}","buildNumberInt":{actor.build.rsplit(".", 1)[1]},'
        f'"meta":{{"origin":"API"}},"defaultKeyValueStoreId":"{run.store}","defaultDatasetId":"{run.dataset}",'
        f'"defaultRequestQueueId":"{run.request_queue}"'
    )


def _meta(run: Run) -> dict[str, Any]:
    asker = {"clientIp": run.client_ip, "userAgent": run.user_agent}
    return {"origin": "API", **asker, "scheduleId": None, "scheduledAt": None}


def _storages(run: Run) -> dict[str, Any]:
    ids = {"datasets": run.dataset, "keyValueStores": run.store, "requestQueues": run.request_queue}
    return {kind: {"default": id} for kind, id in ids.items()}


def _message(run: Run, moment: Moment) -> str:
    if moment.status == "READY":
        return "Waiting for a free machine"
    if moment.status == "FAILED":
        return "The Actor process has failed: the site kept asking to prove that we are human."
    if moment.status in {"ABORTED", "ABORTING"}:
        return f"The run was aborted with {moment.found} results."
    if moment.status in {"TIMED-OUT", "TIMING-OUT"}:
        return f"The run hit its time limit with {moment.found} results."
    if moment.status == "SUCCEEDED":
        return f"Finished! Total {moment.found} results."
    return f"Scraped {moment.found}/{run.plan.items} results"


def _stats(run: Run, moment: Moment, now: float) -> dict[str, Any]:
    seconds = max(0.0, (moment.finished or now) - run.begun)
    memory = run.options["memoryMbytes"] * 1024 * 1024
    load = 20 + seed(run.id) % 60
    return {
        "inputBodyLen": len(run.body),
        "migrationCount": 0,
        "rebootCount": 0,
        "restartCount": 0,
        "resurrectCount": run.resurrections,
        "memAvgBytes": round(memory * 0.31, 1),
        "memMaxBytes": int(memory * 0.47),
        "memCurrentBytes": 0 if moment.over else int(memory * 0.33),
        "cpuAvgUsage": float(load),
        "cpuMaxUsage": load * 2.5,
        "cpuCurrentUsage": 0.0 if moment.over else float(load),
        "netRxBytes": 400_000 + moment.found * 61_000,
        "netTxBytes": 30_000 + moment.found * 2_100,
        "durationMillis": int(seconds * 1000),
        "runTimeSecs": round(seconds, 3),
        "metamorph": 0,
        "computeUnits": round(compute_units(run, seconds), 6),
    }


def _cost(actor: Actor, run: Run, moment: Moment, now: float) -> dict[str, Any]:
    """Pay-per-event actors charge by the event; what the platform used is shown beside it, not added."""
    charged = _charged(run, moment)
    units = compute_units(run, max(0.0, (moment.finished or now) - run.begun))
    return {
        "usageTotalUsd": usd(run, moment, now),
        "usage": {
            "ACTOR_COMPUTE_UNITS": round(units, 6),
            "DATASET_READS": 0,
            "DATASET_WRITES": moment.found,
            "KEY_VALUE_STORE_READS": 1,
            "KEY_VALUE_STORE_WRITES": 2,
            "KEY_VALUE_STORE_LISTS": 0,
            "REQUEST_QUEUE_READS": moment.found // 10,
            "REQUEST_QUEUE_WRITES": moment.found // 5,
            "DATA_TRANSFER_INTERNAL_GBYTES": round(moment.found * 4e-6, 6),
            "DATA_TRANSFER_EXTERNAL_GBYTES": round(moment.found * 6e-5, 6),
            "PROXY_RESIDENTIAL_TRANSFER_GBYTES": 0,
            "PROXY_SERPS": 0,
        },
        "chargedEventCounts": {"actor-start": 1, "result-item": charged},
        "pricingInfo": pricing(actor),
    }


def pricing(actor: Actor) -> dict[str, Any]:
    events = {"actor-start": ("Actor start", actor.start_usd), "result-item": ("Result", actor.item_usd)}
    return {
        "pricingModel": "PAY_PER_EVENT",
        "apifyMarginPercentage": 0.2,
        "createdAt": "2026-01-15T09:00:00.000Z",
        "startedAt": "2026-02-01T00:00:00.000Z",
        "pricingPerEvent": {
            "actorChargeEvents": {
                name: {"eventTitle": title, "eventDescription": f"Charged per {title.lower()}.", "eventPriceUsd": price}
                for name, (title, price) in events.items()
            }
        },
    }


def _charged(run: Run, moment: Moment) -> int:
    limit = run.options.get("maxItems")
    return moment.found if limit is None else min(moment.found, limit)


def usd(run: Run, moment: Moment, now: float) -> float:
    if moment.status == "READY":
        return 0.0
    return round(actors.cost(actors.find(run.actor), _charged(run, moment)) * runs.settled(run, now), 6)


def compute_units(run: Run, seconds: float) -> float:
    return float(run.options["memoryMbytes"]) / 1024 * seconds / 3600
