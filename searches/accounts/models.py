"""People, the workspaces they share, and the tokens their programs sign in with."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TOKEN_PREFIX = "scout_"
TOKEN_BYTES = 24  # 192 random bits


class User(AbstractUser):
    """A person. Staff see the admin; everybody searches."""

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")


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
    """A program's way in. Only the SHA-256 is stored; the token itself is shown once, when it is made."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80, default="api")
    prefix = models.CharField(_("begins with"), max_length=16)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


def create_token(user: User, name: str = "api") -> str:
    """A new token of `user`, in clear: the only time it can be read."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    ApiToken.objects.create(user=user, name=name, prefix=token[:12], sha256=digest(token))
    return token


def digest(token: str) -> str:
    """What is stored of a token. Its 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
