"""People, the workspaces they share, the ways in: tokens, sign-ins, invitations, and sign-ups that are not people yet."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TOKEN_PREFIX = "scout_"
TOKEN_BYTES = 24  # 192 random bits
INVITED_FOR = timedelta(days=7)
SIGN_UP_FOR = timedelta(days=1)


def in_a_week() -> datetime:
    return timezone.now() + INVITED_FOR


def tomorrow() -> datetime:
    return timezone.now() + SIGN_UP_FOR


class User(AbstractUser):
    """A person. Staff see the admin; everybody searches. `email` is an address that was shown to be theirs, or that staff
    wrote down; empty `language` and `time_zone` mean: as the browser asks, as the house has it."""

    display_name = models.CharField(_("display name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True, choices=settings.LANGUAGES)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    workspace = models.ForeignKey(
        "Workspace", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("current workspace")
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    @property
    def shown_name(self) -> str:
        return self.display_name or self.get_username()


class Workspace(models.Model):
    """A team that shares what it keeps and what it spends."""

    name = models.CharField(_("name"), max_length=80)
    people = models.ManyToManyField(User, through="Membership", related_name="workspaces")
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one workspace."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MEMBER = "member", _("Member")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.MEMBER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user} / {self.workspace}"


class ApiToken(models.Model):
    """A program's way in. Only the SHA-256 is stored; the token itself is shown once, when it is made. One that is
    `read_only` starts and cancels nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80, default="api")
    prefix = models.CharField(_("begins with"), max_length=16)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    read_only = models.BooleanField(_("may only read"), default=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class SignIn(models.Model):
    """One browser that is signed in. `digest` is the name under which its session is kept (see session_store)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    digest = models.CharField(max_length=40, unique=True, editable=False)
    agent = models.CharField(_("browser"), max_length=300, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return f"{self.user} / {self.address or '?'}"


class Invitation(models.Model):
    """A way into a workspace, for one person and a week. Its link is the signed id; whoever has it may come in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=8, choices=Membership.Role, default=Membership.Role.MEMBER)
    email = models.EmailField(_("email address"), blank=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), default=in_a_week)
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("accepted by"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.workspace}: {self.email or self.pk}"


class SignUp(models.Model):
    """Somebody who would like to become a person here: a row of its own until the address is confirmed and, by approval,
    staff have said yes. `password` is hashed. One that is `known` gave the address of somebody who is here already: it
    looks like any other from outside, and never becomes anything."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(_("user name"), max_length=150, unique=True)
    email = models.EmailField(_("email address"))
    password = models.CharField(max_length=128, editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True)
    known = models.BooleanField(default=False, editable=False)
    invitation = models.ForeignKey(Invitation, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("invitation"))
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), default=tomorrow)
    confirmed_at = models.DateTimeField(_("address confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")

    def __str__(self) -> str:
        return self.username


def create_token(user: User, name: str = "api", read_only: bool = False) -> str:
    """A new token of `user`, in clear: the only time it can be read."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    ApiToken.objects.create(user=user, name=name, prefix=token[:12], sha256=digest(token), read_only=read_only)
    return token


def digest(token: str) -> str:
    """What is stored of a token. Its 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
