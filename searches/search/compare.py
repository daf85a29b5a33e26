"""Puts an actor's rows beside the Items they became, for people who judge an actor. Pure functions.

Rows are outside data: what is shown of one is cut in length, depth and number, and nothing in it steers how text is drawn.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from searches.item import Item
from searches.platforms.actor import Actor
from searches.search.mapping import map_rows

ROWS_SHOWN = 100
MAX_RAW = 6_000  # characters of one row
_MAX_STRING, _MAX_KEY, _MAX_LIST, _MAX_KEYS, _MAX_DEPTH = 300, 80, 10, 80, 8
_FIELDS = tuple(name for name in Item.__annotations__ if name != "platform")
#: Controls, direction marks, invisible characters and halves of emoji: shown by their numbers.
_HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an Item as text, empty where there is none; `missing`: though this actor normally fills it."""

    name: str
    text: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A row as text, and the Item's fields; `why` it became no item of the answer, empty if it did."""

    number: int
    raw: str
    fields: list[Field]
    why: str

    @property
    def missing(self) -> int:
        return sum(field.missing for field in self.fields)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`pairs` are the first ROWS_SHOWN; the counts are of all `rows`. `missing`: fields that the actor normally fills, and
    in how many of the items they are empty."""

    pairs: list[Pair]
    rows: int
    items: int
    no_post: int
    outside: int
    repeated: int
    missing: list[tuple[str, int]]


def compare(actor: Actor, rows: Sequence[Any], date_range: str, began: datetime) -> Comparison:
    """Each row beside what the actor's mapping makes of it, for a window of `date_range` before `began`."""
    posts = map_rows(actor, list(rows), "all", began).entries
    within = map_rows(actor, list(rows), date_range, began).entries
    seen: set[str] = set()
    pairs: list[Pair] = []
    counts, missing = Counter[str](), Counter[str]()
    for number, (row, post, entry) in enumerate(zip(rows, posts, within, strict=True), 1):
        fate = "no_post" if post is None else "outside" if entry is None else "repeated" if post["id"] in seen else "items"
        counts[fate] += 1
        if entry is not None:
            seen.add(entry["id"])
        fields = _fields(actor, post) if post else []
        if fate == "items":
            missing.update(field.name for field in fields if field.missing)
        if number <= ROWS_SHOWN:
            pairs.append(Pair(number, as_text(row), fields, _why(fate)))
    ordered = [(name, missing[name]) for name in _FIELDS if missing[name]]
    return Comparison(pairs, len(rows), counts["items"], counts["no_post"], counts["outside"], counts["repeated"], ordered)


def as_text(row: Any) -> str:
    """A row as indented JSON, cut to what a person can look through."""
    text = json.dumps(_trimmed(row, 0), ensure_ascii=False, indent=2)
    return _bare(text if len(text) <= MAX_RAW else f"{text[:MAX_RAW]}\n…")


def _why(fate: str) -> str:
    return {
        "no_post": _("No item: this row has no post's id, or tells of something else than a post."),
        "outside": _("Left out: older than the date range that was asked for."),
        "repeated": _("Left out: the same post as in a row above."),
    }.get(fate, "")


def _fields(actor: Actor, item: Item) -> list[Field]:
    values: dict[str, Any] = dict(item)
    return [Field(n, _shown(n, values[n]), n in actor.fills and values[n] in (None, [])) for n in _FIELDS]


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "createTime":
        moment = datetime.fromtimestamp(value / 1000, UTC)
        return f"{value} ({date_format(timezone.localtime(moment), 'Y-m-d H:i')})"
    return _bare(_cut(", ".join(value) if isinstance(value, list) else str(value), _MAX_STRING))


def _trimmed(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _cut(value, _MAX_STRING)
    if isinstance(value, list | dict) and value and depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, list):
        kept = [_trimmed(inner, depth + 1) for inner in value[:_MAX_LIST]]
        return [*kept, f"… (+{len(value) - _MAX_LIST})"] if len(value) > _MAX_LIST else kept
    if isinstance(value, dict):
        named = {_cut(str(key), _MAX_KEY): _trimmed(inner, depth + 1) for key, inner in list(value.items())[:_MAX_KEYS]}
        return named | {"…": f"+{len(value) - _MAX_KEYS}"} if len(value) > _MAX_KEYS else named
    return value


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… (+{len(text) - most})"


def _bare(text: str) -> str:
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
