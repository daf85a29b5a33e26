"""A run and what the clock says about it. Status, items found and end are functions of time; nothing ticks."""

import random
import string
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Ending = Literal["SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"]

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"})
#: The state a run passes through on its way to an end that is not its own doing.
ON_THE_WAY = {"TIMED-OUT": "TIMING-OUT", "ABORTED": "ABORTING"}
UNGUESSABLE = random.SystemRandom()
ALPHABET = string.ascii_letters + string.digits
NEVER = float("inf")
#: Items appear between these shares of a run's length.
FIRST_ITEM, LAST_ITEM = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do if nobody interferes, decided when it starts."""

    seconds: float
    items: int
    items_per_query: int
    ending: Ending = "SUCCEEDED"
    ends_at: float = 1.0
    time_limit: float = 0.0
    stuck: bool = False
    flavour: str = ""
    settle: float = 3.0
    grace: float = 1.0

    @property
    def ready_for(self) -> float:
        return NEVER if self.stuck else min(0.5, self.seconds * 0.05)

    def end(self) -> tuple[float, Ending]:
        """Seconds after the start at which it ends by itself, and how."""
        own = NEVER if self.stuck else self.seconds * self.ends_at
        if self.time_limit and self.time_limit < own and not self.stuck:
            return self.time_limit, "TIMED-OUT"
        return own, self.ending

    def found(self, elapsed: float) -> int:
        share = (elapsed / self.seconds - FIRST_ITEM) / (LAST_ITEM - FIRST_ITEM) if self.seconds else 1.0
        if share < 0 or self.stuck or not self.items:
            return 0
        return min(self.items, 1 + int(share * (self.items - 1) + 1e-9))


@dataclass(slots=True)
class Run:
    """What was asked for and when; the only things that change it later are abort and resurrect."""

    id: str
    actor: str
    user: str
    started: float
    plan: Plan
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    options: dict[str, Any] = field(default_factory=dict)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    words: str = ""
    query: str = ""
    base_url: str = ""
    client_ip: str = ""
    user_agent: str = ""
    begun: float = 0.0
    kept: int = 0
    resurrections: int = 0
    abort_at: float | None = None
    abort_wind: float = 0.0
    announced: set[str] = field(default_factory=set)
    ended: str = ""
    list_head: str = ""
    list_final: str = ""

    @property
    def dataset(self) -> str:
        return "D" + self.id[1:]

    @property
    def store(self) -> str:
        return "K" + self.id[1:]

    @property
    def request_queue(self) -> str:
        return "Q" + self.id[1:]


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at one instant."""

    status: str
    found: int
    finished: float | None

    @property
    def over(self) -> bool:
        return self.finished is not None


def new_id(kind: str = "R") -> str:
    """17 letters and digits. The first names the kind, so that a run's storages are found from their own ids."""
    return kind + "".join(UNGUESSABLE.choices(ALPHABET, k=16))


def id_of_run(storage: str) -> str:
    return "R" + storage[1:]


def end_of(run: Run) -> tuple[float, float, Ending]:
    """When it stops working, when it is over, and how. The first is later than now for a run still at work."""
    if run.abort_at is not None:
        return run.abort_at, run.abort_at + run.abort_wind, "ABORTED"
    after, ending = run.plan.end()
    wind = min(1.0, run.plan.seconds * 0.1) if ending in ON_THE_WAY else 0.0
    return run.begun + after, run.begun + after + wind, ending


def at(run: Run, now: float) -> Moment:
    stops, over, ending = end_of(run)
    found = max(run.kept, run.plan.found(min(now, stops) - run.begun))
    if now >= over:
        return Moment(ending, found, round(over, 3))
    if now >= stops:
        return Moment(ON_THE_WAY[ending], found, None)
    return Moment("READY" if now < run.begun + run.plan.ready_for else "RUNNING", found, None)


def status(run: Run, now: float) -> str:
    """Only the state, remembered once it is final: filtered lists ask it of every run there is."""
    if not run.ended:
        moment = at(run, now)
        if not moment.over:
            return moment.status
        run.ended = moment.status
    return run.ended


def abort(run: Run, now: float, graceful: bool) -> bool:
    """False when there is nothing left to abort: it is over, or being aborted already."""
    if at(run, now).status not in {"READY", "RUNNING", "TIMING-OUT"}:
        return False
    run.abort_at, run.abort_wind = now, run.plan.grace if graceful else min(0.2, run.plan.grace)
    return True


def resurrect(run: Run, now: float) -> bool:
    """Back to work on the same storages, with a fresh clock; False while it is not over."""
    moment = at(run, now)
    if not moment.over:
        return False
    run.kept, run.begun, run.abort_at = moment.found, now, None
    run.plan = replace(run.plan, ending="SUCCEEDED", ends_at=1.0, stuck=False)
    run.resurrections += 1
    run.announced = {event for event in run.announced if event.endswith("CREATED")}
    run.ended = run.list_final = ""
    return True


def settled(run: Run, now: float) -> float:
    """The share of its final cost that is on the books: figures trail the end by some seconds."""
    moment = at(run, now)
    if moment.finished is not None and now >= moment.finished + run.plan.settle:
        return 1.0
    return 0.9
