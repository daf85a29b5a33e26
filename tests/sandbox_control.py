"""The sandbox under test, and its control API."""

import json
import urllib.request
from typing import Any


class Sandbox:
    """A running sandbox at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.address}/_sandbox/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def faults(self, *rules: dict[str, Any]) -> None:
        """From now on these go wrong."""
        self.call("POST", "faults", list(rules))

    def set(self, **values: Any) -> None:
        """Change run length, items, rates."""
        self.call("POST", "settings", values)

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", "stats")
        return found

    def reset(self) -> None:
        self.call("POST", "reset")
