"""Sessions under a digest of their key."""

from asgiref.sync import async_to_sync
from django.contrib.sessions.models import Session
from django.utils import timezone

from searches.accounts.session_store import SessionStore, digest_of


def test_it_works(db: None) -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    key = session.session_key
    assert key
    assert Session.objects.get().session_key == digest_of(key)
    assert SessionStore(key)["a"] == 1
    assert session.exists(key)
    session.cycle_key()
    assert session.session_key != key
    assert SessionStore(session.session_key)["a"] == 1
    assert not session.exists(key)
    session.flush()
    assert not Session.objects.exists()


def test_the_name_it_is_kept_under_is_no_key(db: None) -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    name = Session.objects.get().session_key
    assert not SessionStore(name).exists(name)
    assert SessionStore(name).get("a") is None


def test_what_has_run_out_is_empty(db: None) -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    Session.objects.update(expire_date=timezone.now())
    found = SessionStore(session.session_key)
    assert found.get("a") is None
    assert found.session_key is None


def test_in_async_code(db: None) -> None:
    async def walk() -> tuple[object, bool, bool]:
        session = SessionStore()
        await session.aset("a", 1)
        await session.asave()
        key = session.session_key or ""
        found = await SessionStore(key).aget("a")
        there = await session.aexists(key)
        await session.adelete(key)
        return found, there, await session.aexists(key)

    assert async_to_sync(walk)() == (1, True, False)
    assert not Session.objects.exists()


def test_deleting_what_is_not_there(db: None) -> None:
    SessionStore().delete()
    SessionStore().delete("nothing")
    async_to_sync(SessionStore().adelete)()
