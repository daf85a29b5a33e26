"""Dataset items on their way out: which fields, which rows, in which format."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from scout.sandbox.apify.errors import ApiError

CONTENT_TYPES = {
    "json": "application/json; charset=utf-8",
    "jsonl": "application/x-ndjson; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
#: Parameters that need the items read; without them the stored bytes go out as they are.
TRANSFORMS = ("clean", "skipEmpty", "skipHidden", "fields", "omit")


def content_type(format: str) -> str:
    if format not in CONTENT_TYPES:
        raise ApiError("invalid-value", f'Format "{format}" is not supported. Must be one of: {", ".join(CONTENT_TYPES)}.')
    return CONTENT_TYPES[format]


def transformed(rows: list[bytes], query: Mapping[str, str]) -> list[bytes]:
    if not any(query.get(name) for name in TRANSFORMS):
        return rows
    clean = _yes(query, "clean")
    items = (json.loads(row) for row in rows)
    shaped = [_shaped(item, query, hide=clean or _yes(query, "skipHidden")) for item in items]
    if clean or _yes(query, "skipEmpty"):
        shaped = [item for item in shaped if item not in ({}, [], None)]
    return [json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode() for item in shaped]


def body(rows: list[bytes], format: str) -> bytes:
    if format == "jsonl":
        return b"".join(row + b"\n" for row in rows)
    if format == "csv":
        return _csv([json.loads(row) for row in rows]).encode()
    return b"[" + b",".join(rows) + b"]"


def _shaped(item: Any, query: Mapping[str, str], hide: bool) -> Any:
    if not isinstance(item, dict):
        return item
    if fields := _names(query, "fields"):
        item = {name: item[name] for name in fields if name in item}
    omitted = _names(query, "omit")
    return {name: value for name, value in item.items() if name not in omitted and not (hide and name.startswith("#"))}


def _csv(items: list[Any]) -> str:
    rows = [_flat(item) for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Nested values under `outer/inner` and `list/0`, as the platform names its columns."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        return {path: value if not isinstance(value, bool) else str(value).lower()}
    flat: dict[str, Any] = {}
    for key, inner in pairs:
        flat |= _flat(inner, f"{path}/{key}" if path else str(key))
    return flat


def _names(query: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in query.get(name, "").split(",") if part.strip()]


def _yes(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in {"1", "true"}
