"""What must survive a restart: starts, aborts, resurrections and delivered webhooks, one JSON line each."""

import base64
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scout.sandbox.apify.runs import Plan, Run

#: Derived from the rest or brought back by later lines.
NOT_KEPT = {
    "body",
    "plan",
    "announced",
    "ended",
    "list_head",
    "list_final",
    "begun",
    "kept",
    "resurrections",
    "abort_at",
    "abort_wind",
}


#: How long the platform keeps runs, and how long this file does: what is older goes at the next start.
KEPT_SECONDS = 31 * 86400


class Journal:
    """Append-only; every line is one write, so a kill loses at most the line being written. No path, no journal."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = -1
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._forget(time.time() - KEPT_SECONDS)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._mend()

    def note(self, event: str, **values: Any) -> None:
        if self._file >= 0:
            os.write(self._file, _encoded({"event": event, **values}))

    def note_start(self, run: Run) -> None:
        if self._file >= 0:
            kept = {name: value for name, value in _fields(run).items() if name not in NOT_KEPT}
            self.note("start", plan=asdict(run.plan), body=base64.b64encode(run.body).decode(), run=kept)

    def read(self) -> Iterator[dict[str, Any]]:
        if not self._path or not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for line in lines:
                try:
                    yield json.loads(line)
                except ValueError:
                    # A line cut off by a kill; what it said never got answered.
                    continue

    def clear(self) -> None:
        if self._file >= 0:
            os.ftruncate(self._file, 0)

    def _forget(self, before: float) -> None:
        """Leaves out runs started before a moment and all that was noted of them."""
        lines = list(self.read())
        old = {line["run"]["id"] for line in lines if line["event"] == "start" and line["run"]["started"] < before}
        if old and self._path:
            kept = [line for line in lines if line.get("id") not in old and line.get("run", {}).get("id") not in old]
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(b"".join(_encoded(line) for line in kept))
            fresh.chmod(0o600)
            fresh.replace(self._path)

    def _mend(self) -> None:
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")


def run_from(line: dict[str, Any]) -> Run:
    kept = line["run"]
    return Run(**kept, plan=Plan(**line["plan"]), body=base64.b64decode(line["body"]), begun=kept["started"])


def _encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _fields(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in Run.__slots__}
