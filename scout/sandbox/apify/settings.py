"""Every knob of the look-alike, with its default. All can be turned while it runs."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any


def knob(default: Any, told: str) -> Any:
    return field(default=default, metadata={"told": told})


@dataclass
class Settings:
    run_seconds: float = knob(20.0, "how long a run takes when nothing ends it early")
    items: int = knob(60, "the most items one query brings")
    start_rate: float = knob(400.0, "run starts a second that one actor takes; 0: no limit")
    record_rate: float = knob(200.0, "reads a second that one key-value store takes; 0: no limit")
    rate: float = knob(60.0, "requests a second that any other resource takes; 0: no limit")
    latency: float = knob(0.0, "seconds every API answer is held back")
    max_wait: float = knob(60.0, "the longest waitForFinish, seconds")
    max_sync_wait: float = knob(300.0, "how long the synchronous endpoints wait, seconds")
    abort_seconds: float = knob(1.0, "seconds a graceful abort takes")
    settle_seconds: float = knob(3.0, "seconds that cost figures and item counts trail behind")
    webhook_base_delay: float = knob(60.0, "first retry delay of a webhook, seconds; doubles each time")
    webhook_retries: int = knob(11, "how often a webhook is retried")
    webhook_copies: int = knob(1, "how many times each webhook is delivered")
    max_concurrent: int = knob(0, "runs one account may have going at once, else 402; 0: no limit")
    public_url: str = knob("", "where pictures are linked to; empty: the Host the run was started through")

    def change(self, values: dict[str, Any]) -> None:
        """Sets what is named; raises ValueError for an unknown name or a value of the wrong kind, changing nothing."""
        kinds = {row.name: type(getattr(self, row.name)) for row in fields(self)}
        unknown = sorted(set(values) - set(kinds))
        if unknown:
            raise ValueError(f"unknown setting: {', '.join(unknown)}")
        parsed = {name: _as(kinds[name], name, value) for name, value in values.items()}
        for name, value in parsed.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _as(kind: type, name: str, value: Any) -> Any:
    if kind is str and isinstance(value, str):
        return value
    if kind is not str and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return kind(value)
    raise ValueError(f"{name} must be a {kind.__name__}, 0 or more")
