"""The second cache tier: CachedAnswer rows, in MongoDB where there is one, else in the main database.

Reading filters on expiry, and a storage error is a logged miss. While MongoDB is away, answers are written to the main
database and read from there, so that nothing that was paid for is lost; `bring_home` moves them over afterwards.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from searches.cache.answer import Answer, etag_of
from searches.cache.breaker import Away, breaker
from searches.cache.fit import fit
from searches.cache.freshness import Freshness
from searches.cache.models import CachedAnswer
from searches.cache.router import aliases
from searches.query import normalise

log = logging.getLogger("scout.cache")
_COUNTS = ("item_count", "undated_count", "outside_count", "window_days", "new_count")
_PLAIN = (*_COUNTS, "partial", "actor", "created_at", "expires_at", "previous_at")
_FIELDS = ("key", "body", "gaps", *_PLAIN)
_QUESTION = ("query", "platform", "date_range")
_AT_ONCE = 500
_TRIES = 8  # others that may come in between while one answer is written


def get(key: str) -> Answer | None:
    """The answer under `key` unless it has expired; None as well while storage is failing. Waits for MongoDB at most once."""
    first, *others = aliases()
    found = _read(first, key)
    for alias in others:
        # Before a stale one has people pay for a new one, look whether that was made while MongoDB was away.
        if found is None or found.freshness() is not Freshness.FRESH:
            found = max(filter(None, (found, _read(alias, key))), key=lambda answer: answer.created_at, default=None)
    return found


def put(answer: Answer, query: str, platform: str, date_range: str) -> None:
    """Write an answer over any older one; its access count stays.

    Finds out `new_count` and `previous_at`, and fits what is too large. Where MongoDB is away, the main database takes it;
    an error of that one raises DatabaseError: the caller tries again.
    """
    question = dict(zip(_QUESTION, (normalise(query), platform, date_range), strict=True))
    answer = fit(answer)
    *guarded, main = aliases()
    for alias in guarded:
        try:
            with breaker(alias).guarded():
                _write(alias, answer, question, beside=_read(main, answer.key))
            return
        except Away as away:
            log.info("%s: kept in the main database, %s does not take it", answer.key, away)
    _write(main, answer, question)


def forget(keys: Iterable[str]) -> int:
    """Delete these answers wherever they are; how many. Raises Away when one cannot be asked. MongoDB comes first: with
    it away, nothing is forgotten in the main database alone and comes back later."""
    keys, deleted = list(keys), 0
    for alias in aliases():
        for start in range(0, len(keys), _AT_ONCE):
            with breaker(alias).guarded():
                deleted += CachedAnswer.objects.using(alias).filter(key__in=keys[start : start + _AT_ONCE]).delete()[0]
    return deleted


def count_accesses(asked: Mapping[str, int]) -> None:
    """Add to the access counts of these keys. What MongoDB does not take just now is not counted."""
    *guarded, main = aliases()
    for key, times in asked.items():
        try:
            if any(_count(alias, key, times) for alias in guarded):
                continue
        except Away:
            log.debug("%s: asked %d times, not counted in MongoDB", key, times)
        _add(main, key, times)


def purge_expired(limit: int = 500) -> int:
    """Delete up to `limit` expired answers of each database; how many. MongoDB deletes its own as well, about once a minute."""
    *guarded, main = aliases()
    purged = 0
    for alias in guarded:
        try:
            with breaker(alias).guarded():
                purged += _purge(alias, limit)
        except Away as away:
            log.info("expired answers stay for now: %s does not answer", away)
    return purged + _purge(main, limit)


def bring_home(limit: int = 50) -> int:
    """Move up to `limit` answers that the main database keeps to MongoDB, the newest first; how many. 0 where there is no
    MongoDB, or it is away. Each is put there first, if it is not older, and then deleted here: safe to repeat."""
    home, *others = aliases()
    if not others or breaker(home).is_open:
        return 0
    here, moved = CachedAnswer.objects.using(others[-1]), 0
    for key in list(here.order_by("-created_at").values_list("key", flat=True)[:limit]):
        row = here.filter(key=key).values(*_FIELDS, *_QUESTION, "access_count").first()
        if row is None:
            continue
        question = {name: row.pop(name) for name in (*_QUESTION, "access_count")}
        answer = _answer(row)
        try:
            with breaker(home).guarded():
                if answer.freshness() is not Freshness.GONE:
                    _write(home, answer, question)
                    moved += 1
        except Away:
            if breaker(home).is_open:
                break
            continue
        # Not one that was written here this moment.
        here.filter(key=key, created_at=answer.created_at).delete()
    if moved:
        log.info("%d answers moved from the main database to MongoDB", moved)
    return moved


def _read(alias: str, key: str) -> Answer | None:
    try:
        with breaker(alias).guarded():
            return _held(CachedAnswer.objects.using(alias).filter(key=key, expires_at__gt=timezone.now()))
    except Away:
        return None


def _held(rows: "QuerySet[CachedAnswer]") -> Answer | None:
    row = rows.values(*_FIELDS).first()
    return _answer(row) if row else None


def _answer(row: Mapping[str, Any]) -> Answer:
    body = row["body"].encode()
    return Answer(**{**row, "body": body, "gaps": tuple(row["gaps"])}, etag=etag_of(body))


def _write(alias: str, answer: Answer, question: Mapping[str, Any], beside: Answer | None = None) -> None:
    """Put it over the row that was compared with and no other, unless that is newer; again when somebody came in between.

    `beside` is what another database holds under this key.
    """
    rows = CachedAnswer.objects.using(alias)
    for _try in range(_TRIES):
        held = _held(rows.filter(key=answer.key))
        # A slow collector must not put an old answer over a newer one.
        if held and _tick(held.created_at) > _tick(answer.created_at):
            log.info("%s: a newer answer is already there", answer.key)
            return
        values = _values(_compared(answer, held, beside))
        if held and rows.filter(key=answer.key, created_at=held.created_at).update(**values):
            return
        if not held:
            try:
                with transaction.atomic(using=alias):
                    rows.create(key=answer.key, **question, **values)
                return
            except IntegrityError:
                continue  # another collector has put one there this moment
    # So many others were writing it that one more comparison would come too late as well.
    rows.filter(key=answer.key, created_at__lte=answer.created_at).update(**_values(answer))


def _values(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in _PLAIN} | {"body": answer.body.decode(), "gaps": list(answer.gaps)}


def _compared(answer: Answer, *held: Answer | None) -> Answer:
    """The answer, with how many of its posts are not in the newest one of these that is older and has not expired."""
    now = timezone.now()
    known = [one for one in held if one and one.expires_at > now]
    same = next((one for one in known if _tick(one.created_at) == _tick(answer.created_at)), None)
    if same:  # written once before: what it was compared with then is gone
        return replace(answer, new_count=same.new_count, previous_at=same.previous_at)
    older = [one for one in known if one.created_at < answer.created_at]
    if not older:
        return answer
    previous = max(older, key=lambda one: one.created_at)
    if answer.previous_at and answer.previous_at >= previous.created_at:
        return answer
    try:
        seen, posts = set(_posts(previous)), _posts(answer)
    except (ValueError, AttributeError, TypeError):
        # A row that somebody has changed by hand must not keep a paid answer out.
        log.warning("%s: the answer before cannot be read", answer.key)
        return answer
    return replace(answer, new_count=sum(post not in seen for post in posts), previous_at=previous.created_at)


def _posts(answer: Answer) -> list[tuple[Any, Any]]:
    return [(item.get("platform"), item.get("id")) for item in answer.items()]


def _tick(when: datetime) -> datetime:
    """To the millisecond, which is what MongoDB keeps."""
    return when.replace(microsecond=when.microsecond // 1_000 * 1_000)


def _count(alias: str, key: str, times: int) -> bool:
    with breaker(alias).guarded():
        return _add(alias, key, times)


def _add(alias: str, key: str, times: int) -> bool:
    return bool(CachedAnswer.objects.using(alias).filter(key=key).update(access_count=F("access_count") + times))


def _purge(alias: str, limit: int) -> int:
    rows = CachedAnswer.objects.using(alias)
    keys = list(rows.filter(expires_at__lte=timezone.now()).values_list("key", flat=True)[:limit])
    # Once more: one of them may have been written anew meanwhile.
    return rows.filter(key__in=keys, expires_at__lte=timezone.now()).delete()[0] if keys else 0
