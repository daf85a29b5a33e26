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


class Platform(models.Model):
    """One platform. The last three fields are the engine's: its place in the fair order and its pace of starts."""

    name = models.CharField(
        _("platform"), max_length=20, primary_key=True, choices=[(n, label) for n, label in PLATFORM_NAMES.items() if n != "all"]
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    actor = models.CharField(_("actor"), max_length=100, choices=[(a, a) for a in ACTORS])
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
        if self.actor in ACTORS and ACTORS[self.actor].platform != self.name:
            raise ValidationError({"actor": _("This actor searches another platform.")})

    @property
    def max_running(self) -> int:
        return self.slots or int(settings.DEFAULT_PLATFORM_SLOTS)

    @property
    def driver(self) -> Actor:
        return ACTORS[self.actor]
