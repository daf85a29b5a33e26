"""The platforms as staff set them: which actor, how many runs at once, what a run may cost."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from searches.platforms.actor import Actor
from searches.platforms.registry import ACTORS
from searches.query import PLATFORM_NAMES

#: Runs of one search share one cursor, which has room for four of them.
MOST_BESIDE = 3


def actor_choices() -> list[tuple[str, str]]:
    """Every actor that Scout can drive. Called, not written down, so that a new actor needs no migration."""
    return [(actor, actor) for actor in ACTORS]


class Platform(models.Model):
    """One platform. The last three fields are the engine's: its place in the fair order and its pace of starts."""

    name = models.CharField(
        _("platform"), max_length=20, primary_key=True, choices=[(n, label) for n, label in PLATFORM_NAMES.items() if n != "all"]
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    actor = models.CharField(_("actor"), max_length=100, choices=actor_choices)
    fallback = models.CharField(
        _("fall-back actor"),
        max_length=100,
        blank=True,
        default="",
        choices=actor_choices,
        help_text=_("Takes over a run that the actor could not do, and all runs while the actor is suspended."),
    )
    beside = models.JSONField(
        _("actors side by side"),
        default=list,
        blank=True,
        help_text=_("Each is run, and paid, as well when this platform alone is searched; what they find is merged."),
    )
    slots = models.PositiveIntegerField(
        _("runs at once"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("At most this many runs at Apify at any time. Empty: DEFAULT_PLATFORM_SLOTS."),
    )
    item_limit = models.PositiveIntegerField(_("items per run"), default=100, validators=[MinValueValidator(1), MaxValueValidator(1000)])
    timeout_seconds = models.PositiveIntegerField(_("time limit of a run (s)"), default=600, validators=[MinValueValidator(30)])
    max_cost_usd = models.DecimalField(
        _("most a run may cost (USD)"), max_digits=8, decimal_places=2, default=1, validators=[MinValueValidator(Decimal("0.01"))]
    )
    max_pushbacks = models.PositiveIntegerField(
        _("tries while busy"), default=30, help_text=_("How often a run is put back because Apify is busy (429) before it fails.")
    )
    turn = models.BigIntegerField(default=0, editable=False)
    pace = models.FloatField(_("pace (starts/s)"), null=True, blank=True, editable=False)
    pace_anchor = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("platform")
        verbose_name_plural = _("platforms")

    def __str__(self) -> str:
        return str(PLATFORM_NAMES.get(self.name, self.name))

    def clean(self) -> None:
        for field in ("actor", "fallback"):
            chosen = getattr(self, field)
            if chosen in ACTORS and ACTORS[chosen].platform != self.name:
                raise ValidationError({field: _("This actor searches another platform.")})
        if self.fallback and self.fallback == self.actor:
            raise ValidationError({"fallback": _("The fall-back must be another actor.")})
        mine = [id for id, actor in ACTORS.items() if actor.platform == self.name]
        if not isinstance(self.beside, list) or any(actor not in mine for actor in self.beside):
            raise ValidationError({"beside": _("These must be actors of this platform.")})
        if {self.actor, self.fallback} & set(self.beside) or len(set(self.beside)) != len(self.beside) or len(self.beside) > MOST_BESIDE:
            most = {"most": MOST_BESIDE}
            raise ValidationError({"beside": _("Choose at most %(most)d, each once, other than the actor and its fall-back.") % most})

    @property
    def max_running(self) -> int:
        return self.slots or int(settings.DEFAULT_PLATFORM_SLOTS)

    @property
    def driver(self) -> Actor:
        return ACTORS[self.actor]


class ActorHealth(models.Model):
    """How an actor does: what failed since its last good run, whether it is suspended, which fields it has stopped to fill.

    See breaker for how it moves. `canary` is the run that goes ahead of all others once a suspension is over.
    """

    class Reason(models.TextChoices):
        RATE_LIMITED = "rate-limited", _("too many requests")
        BLOCKED = "blocked", _("the platform blocks the scraper")
        FAILING = "failing", _("the scraper keeps failing")

    actor = models.CharField(_("actor"), max_length=100, primary_key=True)
    failed_keys = models.JSONField(default=list, blank=True)  # answer keys, each once, since the last good run
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, blank=True, default="")
    detail = models.CharField(_("what was said"), max_length=300, blank=True, default="")
    trips = models.PositiveSmallIntegerField(_("suspended times"), default=0)
    canary = models.BigIntegerField(_("run that goes ahead"), null=True, blank=True)
    empty_fields = models.JSONField(_("fields that have become empty"), default=list, blank=True)
    empty_runs = models.PositiveIntegerField(_("runs with empty fields"), default=0)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("actor's health")
        verbose_name_plural = _("actors' health")

    def __str__(self) -> str:
        return self.actor
