"""The browsers that a person is signed in with: noted, seen, ended. What ends takes its session and its sockets along."""

import threading
from collections.abc import Iterable

from cachetools import TTLCache
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from scout.hints import ring_groups
from searches.accounts.models import ApiToken, SignIn, User
from searches.accounts.session_store import digest_of

_SEEN_EVERY = 300  # seconds, in each process
_seen: TTLCache[str, bool] = TTLCache(10_000, _SEEN_EVERY)
_lock = threading.Lock()
_GROUP_DIGITS = 40


def session_group(digest: str) -> str:
    """The group of all sockets that came in with this session."""
    return f"session.{digest}"


def token_group(sha256: str) -> str:
    """The group of all sockets that came in with this token."""
    return f"token.{sha256[:_GROUP_DIGITS]}"


def note(request: HttpRequest, user: User) -> None:
    """Write down that this browser has signed in. After `login`, which gives the session a new key."""
    if not request.session.session_key:
        request.session.save()
    session = Session.objects.filter(session_key=OuterRef("digest"))
    SignIn.objects.filter(~Exists(session), user=user).delete()
    SignIn.objects.update_or_create(digest=digest_of(request.session.session_key or ""), defaults={"user": user, **_about(request)})


def seen(request: HttpRequest, user: User) -> None:
    """Note that it was here just now, at most every five minutes; a session that nobody noted is noted."""
    key = request.session.session_key
    if not key:
        return
    digest = digest_of(key)
    with _lock:
        if digest in _seen:
            return
        _seen[digest] = True
    known = SignIn.objects.filter(digest=digest, user=user).update(seen_at=timezone.now(), address=_about(request)["address"])
    if not known and Session.objects.filter(session_key=digest).exists():
        SignIn.objects.update_or_create(digest=digest, defaults={"user": user, **_about(request)})


def live(user: User) -> QuerySet[SignIn]:
    """Those whose session is there and has not run out, the last seen first."""
    session = Session.objects.filter(session_key=OuterRef("digest"), expire_date__gt=timezone.now())
    return SignIn.objects.filter(Exists(session), user=user).order_by("-seen_at")


def moved(old_key: str | None, request: HttpRequest) -> None:
    """The session has a new key, as after a change of password."""
    SignIn.objects.filter(digest=digest_of(old_key or "")).update(digest=digest_of(request.session.session_key or ""))


def end(sign_ins: QuerySet[SignIn]) -> int:
    """Sign these out: session, row, sockets; how many. Sockets hear of it once it is committed."""
    digests = list(sign_ins.values_list("digest", flat=True))
    Session.objects.filter(session_key__in=digests).delete()
    SignIn.objects.filter(digest__in=digests).delete()
    hang_up(session_group(digest) for digest in digests)
    return len(digests)


def end_session(key: str | None) -> None:
    """Sign out the browser whose session has this key, whether it was noted or not."""
    if key:
        end(SignIn.objects.filter(digest=digest_of(key)))
        hang_up([session_group(digest_of(key))])


def end_all(user: User) -> None:
    """Every way in that this person has open: browsers signed out, sockets of tokens closed."""
    end(SignIn.objects.filter(user=user))
    hang_up(token_group(sha256) for sha256 in ApiToken.objects.filter(user=user).values_list("sha256", flat=True))


def hang_up(groups: Iterable[str]) -> None:
    """Close the sockets of these groups with 4401, once what was changed is committed."""
    names = list(groups)
    transaction.on_commit(lambda: ring_groups((name, {"type": "signed.out"}) for name in names))


def _about(request: HttpRequest) -> dict[str, str | None]:
    return {"agent": request.headers.get("User-Agent", "")[:300], "address": request.META.get("REMOTE_ADDR") or None}
