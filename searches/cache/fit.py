"""Makes an answer fit into a document: MongoDB takes 16 MB at most, and the other stores are not served better by more."""

import json
from dataclasses import replace
from typing import Any

from searches.cache.answer import Answer, etag_of

MOST_BYTES = 12_000_000
SHORT_DESCRIPTION = 300


def fit(answer: Answer, most_bytes: int = MOST_BYTES) -> Answer:
    """The same answer, with a body of at most `most_bytes` bytes of JSON.

    Descriptions are shortened first. If that is not enough, posts are dropped from the end: their ordinals become gaps,
    so that the others keep theirs, and the answer is partial.
    """
    if len(answer.body) <= most_bytes:
        return answer
    items = [{**item, "description": (item.get("description") or "")[:SHORT_DESCRIPTION] or None} for item in answer.items()]
    pieces = [json.dumps(item, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() for item in items]
    kept = _how_many(pieces, most_bytes)
    body = b"[" + b",".join(pieces[:kept]) + b"]"
    if kept == len(items):
        return replace(answer, body=body, etag=etag_of(body))
    return replace(
        answer,
        body=body,
        etag=etag_of(body),
        gaps=_gaps(answer, kept),
        item_count=kept,
        undated_count=sum(item.get("createTime") is None for item in items[:kept]),
        partial=True,
    )


def _how_many(pieces: list[bytes], most_bytes: int) -> int:
    """How many of them fit, with their commas and brackets."""
    size = 1
    for count, piece in enumerate(pieces):
        size += len(piece) + 1
        if size > most_bytes:
            return count
    return len(pieces)


def _gaps(answer: Answer, kept: int) -> tuple[int, ...]:
    """The gaps there were, and the ordinals of all items but the first `kept`."""
    gaps = set(answer.gaps)
    ordinals: list[Any] = [ordinal for ordinal in range(answer.rows) if ordinal not in gaps]
    return tuple(sorted(gaps.union(ordinals[kept:])))
