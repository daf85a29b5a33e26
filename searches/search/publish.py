"""A known answer as one document that is the same for every reader, so that browsers and CDNs may keep it.

Nothing in it depends on who asks, in which language, or when: no sentence, no age. Bodies are joined as the bytes they are
stored as; only what several actors of one platform have found is merged, once, and kept.
"""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import LRUCache
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from searches.cache.answer import Answer
from searches.cache.freshness import POOR_FRESH_SECONDS, Freshness
from searches.platforms.sources import Source
from searches.query import DATE_RANGE_DAYS, Query, QueryError, parse
from searches.search import results

MAX_AGE = 60
MAX_AGE_INCOMPLETE = 10
STALE_WHILE_REVALIDATE = 86_400
_MERGED_BYTES = 16 * 1024 * 1024
_merged: LRUCache[tuple[str, ...], tuple[int, bytes]] = LRUCache(_MERGED_BYTES, getsizeof=lambda entry: len(entry[1]))
_merging = threading.Lock()


@dataclass(frozen=True, slots=True)
class Published:
    """`etag` is strong: the same only for the same bytes. `keep` and `keep_stale`: seconds that caches may serve it."""

    etag: str
    modified_at: datetime
    keep: int
    keep_stale: int
    _head: bytes
    _answers: list[Answer]
    _data: bytes | None

    def body(self) -> bytes:
        data = results.merged_body(self._answers) if self._data is None else self._data
        return self._head[:-1] + b',"data":' + data + b"}"


def parse_key(answer_key: str) -> Query:
    """The question of an answer key, `platform:query:dateRange`; QueryError when it is none. The query may have colons."""
    platform, first, rest = answer_key.partition(":")
    text, second, date_range = rest.rpartition(":")
    if not first or not second:
        raise QueryError("invalid-answer-key", "answerKey", _("An answer key is platform:query:dateRange, like tiktok:street food:7days."))
    return parse(text, platform, date_range)


def publish(query: Query, sources: Sequence[Source], answers: Mapping[Source, Answer]) -> Published:
    """What is known of a question, in its sources' order. `answers`: one at least."""
    count, data = _merge(answers)
    complete = results.complete(sources, answers)
    head = {
        "answerKey": query.key,
        "itemCount": count,
        "createdAt": _iso(min(answer.created_at for answer in answers.values())),
        "complete": complete,
        "partial": any(answer.partial for answer in answers.values()),
        "platforms": [_row(query, source, answers.get(source)) for source in sources if source in answers or source.needed],
    }
    encoded = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    keep, keep_stale = _lifetime(list(answers.values()), complete)
    return Published(
        etag=_etag(encoded, answers),
        modified_at=max(answer.created_at for answer in answers.values()),
        keep=keep,
        keep_stale=keep_stale,
        _head=encoded,
        _answers=list(answers.values()),
        _data=data,
    )


def _etag(head: bytes, answers: Mapping[Source, Answer]) -> str:
    """Out of the head and the digests of the bodies, which together say every byte: large bodies are not read again."""
    digest = hashlib.sha256(head)
    for answer in answers.values():
        digest.update(answer.etag.encode())
    return f'"{digest.hexdigest()[:32]}"'


def _merge(answers: Mapping[Source, Answer]) -> tuple[int, bytes | None]:
    """How many items there are, and the body where it had to be merged."""
    if all(source.needed for source in answers):
        return sum(answer.item_count for answer in answers.values()), None
    name = tuple(f"{answer.key} {answer.etag}" for answer in answers.values())
    with _merging:
        found = _merged.get(name)
    if found is None:
        items = results.merged_items(list(answers.values()))
        found = len(items), json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
        with _merging:
            if len(found[1]) <= _MERGED_BYTES:
                _merged[name] = found
    return found


def _row(query: Query, source: Source, answer: Answer | None) -> dict[str, Any]:
    """One source, without the sentences and ages that coverage tells people."""
    return {
        "platform": source.platform.name,
        "actor": (answer and answer.actor) or source.actor,
        "status": "completed" if answer else "missing",
        "itemCount": answer.item_count if answer else 0,
        "askedDays": DATE_RANGE_DAYS[query.date_range],
        "actorDays": answer.window_days if answer else None,
        "outsideCount": answer.outside_count if answer else None,
        "undatedCount": answer.undated_count if answer else None,
        "fetchedAt": _iso(answer.created_at) if answer else None,
        "partial": bool(answer and answer.partial),
    }


def _lifetime(answers: Sequence[Answer], complete: bool) -> tuple[int, int]:
    """For how many seconds caches may serve it as it is, and after that while they fetch it anew: never past its expiry,
    and not past the moment at which it goes stale, when a refresh is likely to come."""
    now = timezone.now()
    left = min((answer.expires_at - now).total_seconds() for answer in answers)
    fresh = [_fresh_seconds(answer, now) for answer in answers if answer.freshness(now) is Freshness.FRESH]
    keep = max(0, int(min([MAX_AGE if complete else MAX_AGE_INCOMPLETE, left, *fresh])))
    return keep, max(0, min(STALE_WHILE_REVALIDATE, int(left) - keep))


def _fresh_seconds(answer: Answer, now: datetime) -> float:
    poor = answer.partial or not answer.item_count
    whole = min(settings.FRESH_SECONDS, POOR_FRESH_SECONDS) if poor else settings.FRESH_SECONDS
    return float(whole - (now - answer.created_at).total_seconds())


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
