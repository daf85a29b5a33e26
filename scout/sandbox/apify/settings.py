"""Every knob of the look-alike, with its default. All can be turned while it runs."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Settings:
    #: How long a run takes when nothing ends it early, and the most items a query brings.
    run_seconds: float = 20.0
    items: int = 60
    #: Requests a second that one resource takes: run starts, key-value records, everything else. 0 is no limit.
    start_rate: float = 400.0
    record_rate: float = 200.0
    rate: float = 60.0
    #: Seconds every API answer is held back.
    latency: float = 0.0
    #: The longest `waitForFinish`, and how long the synchronous endpoints wait.
    max_wait: float = 60.0
    max_sync_wait: float = 300.0
    #: Seconds a graceful abort takes; seconds after the end until cost figures are final.
    abort_seconds: float = 1.0
    settle_seconds: float = 3.0
    #: First retry delay of a webhook (doubles each time), how often it is retried, how many copies are delivered.
    webhook_base_delay: float = 60.0
    webhook_retries: int = 11
    webhook_copies: int = 1
    #: Runs one account may have going at once before starts are refused with 402. 0 is no limit.
    max_concurrent: int = 0
    #: Where pictures are linked to; empty means the Host that the run was started through.
    public_url: str = ""

    def change(self, values: dict[str, Any]) -> None:
        """Sets what is named; raises ValueError for an unknown name or a value of the wrong kind, changing nothing."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
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
