"""The rows that say which pictures are to be fetched, and which are kept. The pictures themselves are files."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_SOURCE = 2_000


class State(models.TextChoices):
    """Of a picture."""

    WAITING = "waiting", _("waiting")
    KEPT = "kept", _("kept")
    FAILED = "failed", _("failed")


class Thumbnail(models.Model):
    """The picture of one post. Waiting, it is an order that is due at `next_try`; who takes it moves that on first."""

    key = models.CharField(_("post"), max_length=160, unique=True)  # platform:id, as item.py allows them
    source = models.CharField(_("address"), max_length=MAX_SOURCE, blank=True, default="")  # emptied once it is kept
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try = models.DateTimeField(default=timezone.now)
    error = models.CharField(_("error"), max_length=40, blank=True, default="")
    digest = models.CharField(max_length=16, blank=True, default="")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    bytes = models.PositiveIntegerField(_("bytes"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    fetched_at = models.DateTimeField(_("fetched"), null=True, blank=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        indexes = [models.Index(fields=["state", "next_try"], name="thumbnail_due")]

    def __str__(self) -> str:
        return self.key


def key_of(platform: str, post_id: str) -> str:
    """What a post's picture is filed under."""
    return f"{platform}:{post_id}"
