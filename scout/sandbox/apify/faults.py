"""Faults on demand: rules that say which calls go wrong, how, and how often."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from scout.sandbox.apify.errors import ERRORS, TYPE_OF_STATUS, ApiError
from scout.sandbox.wire import Response, html_response

CALLS = ("start", "get", "list", "abort", "items", "record", "any")
#: The call does nothing; it is answered with an error, a proxy's page, a redirect to itself, or not at all.
REFUSALS = ("error", "html", "drop", "redirect")
#: The call does its work, but the answer is lost or spoilt on the way.
SPOILT = ("created-then-502", "created-then-drop", "truncated", "broken-off")
#: Chosen when a run starts: how it will go, or what its items will be like.
PLANS = ("failed", "timed-out", "aborted", "empty", "stuck", "long", "hostile", "sparse")
FIELDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("on", "kind", "match", "type", "message", "pattern"), (str,)),
    **dict.fromkeys(("status", "items", "times", "every", "per_input_times"), (int,)),
    "seconds": (int, float),
}
KINDS = (*REFUSALS, *SPOILT, *PLANS, "slow")


@dataclass(slots=True)
class Rule:
    """One fault. `match` is looked for in the INPUT of the run concerned; the rest says how often it strikes."""

    on: str
    kind: str
    match: str = ""
    status: int = 0
    type: str = ""
    message: str = ""
    seconds: float = 1.0
    items: int | None = None
    times: int | None = None
    every: int | None = None
    pattern: str = ""
    per_input_times: int | None = None
    seen: int = 0
    struck: int = 0
    inputs: Counter[str] = field(default_factory=Counter)

    @property
    def refuses(self) -> bool:
        return self.kind in REFUSALS

    def concerns(self, call: str, words: str) -> bool:
        return self.on in (call, "any") and self.match.casefold() in words

    def strikes(self, words: str) -> bool:
        """Counts this call and says whether it is one of those that go wrong."""
        self.seen += 1
        self.inputs[words] += self.per_input_times is not None
        if not self._due(words):
            return False
        self.struck += 1
        return True

    def _due(self, words: str) -> bool:
        if self.times is not None and self.struck >= self.times:
            return False
        if self.per_input_times is not None and self.inputs[words] > self.per_input_times:
            return False
        if self.every:
            return self.seen % self.every == 0
        return not self.pattern or self.pattern[(self.seen - 1) % len(self.pattern)] == "x"

    def refusal(self, path: str) -> Response:
        if self.kind == "html":
            return html_response(self.status or 502, "Bad Gateway" if self.status in (0, 502) else "Service Unavailable")
        if self.kind == "redirect":
            return Response(302, headers={"Location": f"{path}?redirected=1"})
        return self.error().response()

    def error(self) -> ApiError:
        type = self.type or TYPE_OF_STATUS.get(self.status, "internal-server-error")
        return ApiError(type, self.message, self.status)

    def as_dict(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "inputs"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to go wrong with one call: seconds of delay, a spoilt or refused answer, a run's fate."""

    delay: float = 0.0
    answer: Rule | None = None
    plan: Rule | None = None


class FaultBook:
    """The rules in force: those set through the control API, then the standing ones."""

    def __init__(self, standing: Iterable[Mapping[str, Any]] = ()) -> None:
        self._lock = threading.Lock()
        self._standing_rows = [dict(row) for row in standing]
        self._rules: list[Rule] = []
        self._standing: list[Rule] = []
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._rules = []
            self._standing = [parse(row) for row in self._standing_rows]

    def set(self, rows: list[Mapping[str, Any]]) -> None:
        """Replaces the rules; raises ValueError, changing nothing, when one of them makes no sense."""
        rules = [parse(row) for row in rows]
        with self._lock:
            self._rules = rules

    def rules(self) -> list[dict[str, Any]]:
        return [rule.as_dict() for rule in self._rules]

    def judge(self, call: str, words: str) -> Verdict:
        """Delays add up; the first rule that spoils the answer wins; a run's fate is drawn only if it will exist."""
        words = words.casefold()
        with self._lock:
            rules = [rule for rule in (*self._rules, *self._standing) if rule.concerns(call, words)]
            if not rules:
                return Verdict()
            delay = sum(rule.seconds for rule in rules if rule.kind == "slow" and rule.strikes(words))
            answer = next((rule for rule in rules if rule.kind in (*REFUSALS, *SPOILT) and rule.strikes(words)), None)
            if answer is not None and answer.refuses:
                return Verdict(delay, answer)
            return Verdict(delay, answer, next((rule for rule in rules if rule.kind in PLANS and rule.strikes(words)), None))


def parse(row: Mapping[str, Any]) -> Rule:
    """A rule from JSON; `null` means not given."""
    given = {key: value for key, value in row.items() if value is not None}
    if unknown := sorted(set(given) - set(FIELDS)):
        raise ValueError(f"unknown field in rule: {', '.join(unknown)}")
    if missing := [f.name for f in fields(Rule) if f.default is MISSING and f.default_factory is MISSING and f.name not in given]:
        raise ValueError(f"rule without {', '.join(missing)}")
    if wrong := [name for name, value in given.items() if not isinstance(value, FIELDS[name]) or isinstance(value, bool)]:
        raise ValueError(f"of the wrong type: {', '.join(wrong)}")
    rule = Rule(**given)
    if rule.on not in CALLS or rule.kind not in KINDS:
        raise ValueError(f"on must be one of {', '.join(CALLS)}; kind one of {', '.join(KINDS)}")
    if rule.kind in PLANS and rule.on != "start":
        raise ValueError(f"{rule.kind} is decided when a run starts: on must be start")
    if rule.kind == "error" and rule.type not in ERRORS and not rule.status:
        raise ValueError("an error needs a status, or a type from the error table")
    return rule
