"""From somebody who signs up to a person: the row, the mail, the confirmed address, by approval the staff's yes.

Nothing that a stranger sees tells whether an address is known here: the page, its time and the next sign-up under the same
name are alike, and only the mail differs.
"""

from enum import Enum
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from searches.accounts import invite, membership
from searches.accounts.models import Invitation, Membership, SignUp, User, Workspace


class Outcome(Enum):
    """What a confirmed address has led to."""

    READY = "ready"
    WAITS = "waits"  # for staff
    TAKEN = "taken"  # the user name, meanwhile
    GONE = "gone"  # used, run out, or never there


class NameTaken(Exception):
    """Somebody has this user name, or is signing up with it."""


class Uninvited(Exception):
    """An invitation is needed, and this one was taken or revoked meanwhile."""


def is_open(invitation: Invitation | None) -> bool:
    """Whether somebody new may sign up now, with or without an invitation."""
    return settings.SIGNUP in {"open", "approval"} or (invitation is not None and invite.lets_new_people_in())


def is_taken(username: str) -> bool:
    """Whether somebody has this name or is signing up with it, in whatever case: "Anna" must not pass for "anna"."""
    forget_expired()
    return User.objects.filter(username__iexact=username).exists() or SignUp.objects.filter(username__iexact=username).exists()


def forget_expired() -> None:
    SignUp.objects.filter(confirmed_at=None, expires_at__lt=timezone.now()).delete()


def begin(username: str, email: str, password: str, language: str, invitation: Invitation | None) -> SignUp:
    """The row of a sign-up. NameTaken, when somebody was faster."""
    try:
        with transaction.atomic():
            return SignUp.objects.create(
                username=username,
                email=email,
                password=make_password(password),
                language=language,
                known=User.objects.filter(email__iexact=email).exists(),
                invitation=invitation,
            )
    except IntegrityError:
        raise NameTaken from None


def waiting(id: UUID | None) -> SignUp | None:
    """The sign-up whose address may be confirmed now."""
    return SignUp.objects.filter(pk=id, known=False, confirmed_at=None, expires_at__gt=timezone.now()).first() if id else None


def confirm(id: UUID | None) -> Outcome:
    """The address is theirs: make the person, or let staff decide. Once; the second time it is gone."""
    if id is None:
        return Outcome.GONE
    with transaction.atomic():
        row = SignUp.objects.select_for_update().filter(pk=id, known=False, confirmed_at=None, expires_at__gt=timezone.now()).first()
        if row is None or not is_open(invite.still_open(row.invitation_id)):
            return Outcome.GONE
        if settings.SIGNUP == "approval":
            row.confirmed_at = timezone.now()
            row.save(update_fields=["confirmed_at"])
            return Outcome.WAITS
        try:
            make_person(row)
        except NameTaken:
            return Outcome.TAKEN
        except Uninvited:
            return Outcome.GONE
    return Outcome.READY


def make_person(row: SignUp) -> User:
    """The person of a sign-up, in the workspace that they were invited to, else in one of their own. NameTaken, Uninvited."""
    try:
        with transaction.atomic():
            user = User.objects.create(username=row.username, email=row.email, password=row.password, language=row.language)
            invited = row.invitation is not None and invite.accept(row.invitation, user)
            if not invited and settings.SIGNUP == "invitation":
                raise Uninvited
    except IntegrityError:
        row.delete()
        raise NameTaken from None
    row.delete()
    if not invited:
        membership.join(Workspace.objects.create(name=user.username[:80]), user, Membership.Role.OWNER)
    return user
