"""A table of routes: method and path pattern to whatever the service keeps per route."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(slots=True)
class Table(Generic[R]):
    """Lines are written `GET /v2/actor-runs/{run}/log`; a `{name}` takes one whole segment."""

    _rows: dict[int, list[tuple[tuple[str, ...], str, R]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, line: str, route: R) -> None:
        method, pattern = line.split(" ")
        parts = tuple(part for part in pattern.split("/") if part)
        self._rows[len(parts)].append((parts, method, route))

    def find(self, method: str, segments: list[str]) -> tuple[R | None, dict[str, str], bool]:
        """The route, its parameters, and whether the path exists at all (under some other method)."""
        known = False
        for parts, verb, route in self._rows.get(len(segments), ()):
            params = _fit(parts, segments)
            if params is None:
                continue
            if verb == method:
                return route, params, True
            known = True
        return None, {}, known


def _fit(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part[0] == "{":
            params[part[1:-1]] = segment
        elif part != segment:
            return None
    return params
