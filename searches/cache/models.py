"""The second cache tier: every answer that was ever complete, until it expires."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CachedAnswer(models.Model):
    """What one platform answered to one question.

    `body` is a JSON array of Items in upstream's order, kept as text: it is served as it stands, and no store's limits
    on numbers, keys or depth apply to what upstream sends. `gaps` are the ordinals of upstream rows that became no item (broken,
    repeated, outside the window): with them an ordinal in the live list of a run still means the same post here.

    `platform` is a platform's name, or `platform@owner~actor` where a second actor of it keeps its own answers. `outside_count`
    posts that the actor gave lie outside the asked window; `window_days` is the window that the actor itself was asked for, null
    for none. `new_count` items were not in the answer that this one replaced, which was fetched at `previous_at`; both are
    null for a first answer.
    """

    key = models.CharField(_("answer key"), max_length=540, primary_key=True, db_column="_id")
    query = models.CharField(_("query"), max_length=350)
    platform = models.CharField(_("platform"), max_length=140)
    date_range = models.CharField(_("date range"), max_length=10)
    body = models.TextField(_("items as JSON"), default="[]")
    gaps = models.JSONField(default=list)
    item_count = models.PositiveIntegerField(_("items"), default=0)
    undated_count = models.PositiveIntegerField(_("undated"), default=0)
    partial = models.BooleanField(_("partial"), default=False)
    actor = models.CharField(_("actor"), max_length=100, blank=True, default="")
    outside_count = models.PositiveIntegerField(_("outside the range"), default=0)
    window_days = models.PositiveIntegerField(_("actor's window in days"), null=True)
    new_count = models.PositiveIntegerField(_("new"), null=True)
    previous_at = models.DateTimeField(_("previous fetched"), null=True)
    created_at = models.DateTimeField(_("fetched"))
    expires_at = models.DateTimeField(_("expires"))
    access_count = models.PositiveBigIntegerField(_("asked"), default=0)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["query", "platform", "date_range"], name="one_answer_per_question")]
        indexes = [
            models.Index(fields=["-access_count"], name="most_asked"),
            models.Index(fields=["-created_at"], name="newest"),
            models.Index(fields=["expires_at"], name="expiring"),
        ]

    def __str__(self) -> str:
        return self.key
