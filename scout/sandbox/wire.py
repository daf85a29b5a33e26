"""What passes between the HTTP plumbing and a look-alike: a request in, a response out. Knows no service."""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON = "application/json; charset=utf-8"
TRUE_WORDS = frozenset({"1", "true"})


class Fate(Enum):
    """How much of a response reaches the caller."""

    WHOLE = "whole"
    CUT = "cut"
    DROPPED = "dropped"


@dataclass(slots=True)
class Request:
    """One call. Header names are lower case; `body` is as received, still compressed if it came so."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    client_ip: str

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in TRUE_WORDS

    def base_url(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"


@dataclass(slots=True)
class Response:
    """One answer. `fate` lets a look-alike break the connection on purpose."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    fate: Fate = Fate.WHOLE


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """Path and query of a request target; a parameter given twice keeps its last value."""
    path, _, query = target.partition("?")
    return path, dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, encode(value), headers=headers)


def html_response(status: int, title: str) -> Response:
    """What a proxy in front of a service says when the service can't."""
    said = f"{status} {title}"
    page = f"<html><head><title>{said}</title></head><body><center><h1>{said}</h1></center></body></html>"
    return Response(status, page.encode(), "text/html")
