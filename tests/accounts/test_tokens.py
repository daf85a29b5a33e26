"""From a bearer token to its person."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from searches.accounts.models import TOKEN_PREFIX, ApiToken, User, create_token, digest
from searches.accounts.tokens import person_of
from tests.cast import Cast


def test_it_works(cast: Cast) -> None:
    assert person_of(create_token(cast.alice)) == cast.alice
    assert person_of(create_token(cast.bob)) == cast.bob


def test_a_person_may_have_several(cast: Cast) -> None:
    tokens = [create_token(cast.alice, name) for name in ("laptop", "cron")]
    assert [person_of(token) for token in tokens] == [cast.alice, cast.alice]


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.upper(), lambda t: t.removeprefix(TOKEN_PREFIX), digest]
)
def test_only_the_token_itself(cast: Cast, change: object) -> None:
    assert person_of(change(create_token(cast.alice))) is None  # type: ignore[operator]


@pytest.mark.parametrize(
    "token", ["", " ", TOKEN_PREFIX, TOKEN_PREFIX + "\x00", TOKEN_PREFIX + "가", TOKEN_PREFIX + "x" * 10_000, "%", "' OR 1=1 --"]
)
@pytest.mark.django_db
def test_nonsense(token: str) -> None:
    assert person_of(token) is None


@pytest.mark.django_db
def test_what_cannot_be_a_token_asks_no_database() -> None:
    with CaptureQueriesContext(connection) as queries:
        person_of("x" * 100)
        person_of(TOKEN_PREFIX + "x" * 1_000)
    assert len(queries) == 0


def test_revoked(cast: Cast) -> None:
    kept, revoked = create_token(cast.alice), create_token(cast.alice)
    ApiToken.objects.filter(sha256=digest(revoked)).update(revoked_at=timezone.now())
    assert (person_of(kept), person_of(revoked)) == (cast.alice, None)


def test_inactive_person(cast: Cast) -> None:
    token = create_token(cast.alice)
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert person_of(token) is None


def test_person_who_is_gone(cast: Cast) -> None:
    token = create_token(cast.alice)
    cast.alice.delete()
    assert person_of(token) is None


def test_use_is_noted_every_five_minutes_at_most(cast: Cast) -> None:
    token = create_token(cast.alice)
    person_of(token)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as queries:
        person_of(token)
    assert [q["sql"].split()[0] for q in queries] == ["SELECT"]
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=6))
    person_of(token)
    later = ApiToken.objects.get().last_used_at
    assert later is not None
    assert later >= first


def test_tokens_are_long_and_never_the_same(cast: Cast) -> None:
    tokens = {create_token(cast.alice) for _i in range(50)}
    assert len(tokens) == 50
    assert min(len(token) for token in tokens) >= len(TOKEN_PREFIX) + 22  # 128 bits and more, in base64


def test_row_says_nothing_of_the_token_but_its_beginning(cast: Cast) -> None:
    token = create_token(cast.alice, "laptop")
    row = ApiToken.objects.get()
    assert str(row) == f"{token[:12]}… (laptop)"
    assert token not in repr(vars(row))
