"""The rows that are the order: what people asked (Search) and what runs upstream for it (Run)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from searches.query import DATE_RANGE_NAMES, PLATFORM_NAMES, Query


class Status(models.TextChoices):
    """Of runs; people see `starting` as queued and `collecting` as running. A search uses all but these two."""

    QUEUED = "queued", _("queued")
    STARTING = "starting", _("starting")
    RUNNING = "running", _("running")
    COLLECTING = "collecting", _("collecting")
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE = (Status.QUEUED, Status.STARTING, Status.RUNNING, Status.COLLECTING)
OCCUPYING = (Status.STARTING, Status.RUNNING)  # a run that holds one of its platform's slots
OPEN = (Status.QUEUED, Status.RUNNING)  # a search that waits for something

PUBLIC_STATUS = {Status.STARTING: Status.QUEUED, Status.COLLECTING: Status.RUNNING}


class Run(models.Model):
    """One scrape of one platform for one answer key. At most one is active per key: single flight.

    Every step claims the row by a conditional UPDATE that raises `fence` and sets `lease_until`; who writes later
    names the fence it holds, and 0 rows means that somebody else took over.
    """

    class Reason(models.TextChoices):
        SEARCH = "search", _("search")
        REFRESH = "refresh", _("refresh")
        WARM = "warm", _("warm-up")
        TRY = "try", _("try-out")  # staff try an actor: no answer is written, and nothing is concluded about the actor

    answer_key = models.CharField(_("answer key"), max_length=540)  # of one source: see platforms.sources
    query = models.CharField(_("query"), max_length=100)
    platform = models.CharField(_("platform"), max_length=20, choices=list(PLATFORM_NAMES.items()))
    date_range = models.CharField(_("date range"), max_length=10, choices=list(DATE_RANGE_NAMES.items()))
    actor = models.CharField(_("actor"), max_length=100)
    reason = models.CharField(_("reason"), max_length=8, choices=Reason, default=Reason.SEARCH)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    cancelling = models.BooleanField(_("being cancelled"), default=False)
    partial = models.BooleanField(_("partial"), default=False)

    # Its place in the order.
    priority = models.SmallIntegerField(default=0)  # people 0, refreshes and warm-ups 1
    turn = models.BigIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    pushbacks = models.PositiveSmallIntegerField(_("put back while busy"), default=0)

    # Who works on it.
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    intent_at = models.DateTimeField(null=True, blank=True)

    # What runs upstream.
    item_limit = models.PositiveIntegerField(default=100)
    max_cost_usd = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)  # none: the platform's
    upstream_id = models.CharField(_("run at Apify"), max_length=64, blank=True, default="")
    dataset_id = models.CharField(max_length=64, blank=True, default="")
    upstream_status = models.CharField(_("status at Apify"), max_length=20, blank=True, default="")
    abort_sent_at = models.DateTimeField(null=True, blank=True)
    duplicates = models.PositiveSmallIntegerField(_("aborted duplicates"), default=0)
    items_found = models.PositiveIntegerField(_("items"), default=0)
    row_count = models.PositiveIntegerField(null=True, blank=True)  # upstream rows, items or not; known at the end
    usage_usd = models.DecimalField(_("cost (USD)"), max_digits=12, decimal_places=6, null=True, blank=True)
    earlier_usd = models.DecimalField(max_digits=12, decimal_places=6, default=0)  # of the actor that it was taken from
    error_type = models.CharField(_("error"), max_length=60, blank=True, default="")
    error_detail = models.CharField(max_length=500, blank=True, default="")

    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("in the history"), null=True, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(fields=["answer_key"], condition=Q(status__in=ACTIVE, cancelling=False), name="one_active_run_per_key")
        ]
        indexes = [
            models.Index(fields=["platform", "status", "priority", "turn", "id"], name="run_order"),
            models.Index(fields=["status", "lease_until"], name="run_overdue"),
            models.Index(fields=["upstream_id"], name="run_upstream"),
            models.Index(fields=["owner", "status", "turn"], name="run_fairness"),
            models.Index(fields=["platform", "-finished_at"], name="run_recent"),
            models.Index(fields=["answer_key", "-finished_at"], name="run_answer"),
            models.Index(fields=["status", "recorded_at", "finished_at"], name="run_unrecorded"),
        ]

    def __str__(self) -> str:
        return f"{self.answer_key} #{self.pk}"

    @property
    def asked(self) -> Query:
        return Query(self.query, self.platform, self.date_range)


class Search(models.Model):
    """What one person asked once; its id is the API's jobId. It ends when its runs have ended, or when it is cancelled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="searches")
    workspace = models.ForeignKey("accounts.Workspace", models.SET_NULL, null=True, blank=True, related_name="searches")
    answer_key = models.CharField(_("answer key"), max_length=400)
    query = models.CharField(_("query"), max_length=100)
    platform = models.CharField(_("platform"), max_length=20, choices=list(PLATFORM_NAMES.items()))
    date_range = models.CharField(_("date range"), max_length=10, choices=list(DATE_RANGE_NAMES.items()))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    cached = models.BooleanField(_("from the cache"), default=False)
    item_count = models.PositiveIntegerField(_("items"), default=0)
    idempotency_key = models.CharField(max_length=200, null=True, blank=True, default=None)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    runs = models.ManyToManyField(Run, through="SearchRun", related_name="searches")

    class Meta:
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        constraints = [
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_search_per_idempotency_key"),
            models.UniqueConstraint(fields=["user", "answer_key"], condition=Q(status__in=OPEN), name="one_open_search_per_question"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="search_history"),
            models.Index(fields=["status", "created_at"], name="search_open"),
        ]

    def __str__(self) -> str:
        return self.answer_key

    @property
    def asked(self) -> Query:
        return Query(self.query, self.platform, self.date_range)


class SearchRun(models.Model):
    """A search hangs on a run."""

    search = models.ForeignKey(Search, models.CASCADE, related_name="links")
    run = models.ForeignKey(Run, models.CASCADE, related_name="links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "run"], name="one_link_each")]

    def __str__(self) -> str:
        return f"{self.search_id} on {self.run_id}"


class Visit(models.Model):
    """What one person has been shown of one question: `current` in this visit, `seen` in those before, as visits.marks."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    answer_key = models.CharField(_("answer key"), max_length=400)
    before_at = models.DateTimeField(null=True)  # the end of the visit before; none at a first visit
    last_at = models.DateTimeField(_("last look"))
    seen = models.BinaryField(default=bytes)
    current = models.BinaryField(default=bytes)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "answer_key"], name="one_visit_per_question")]
        indexes = [models.Index(fields=["last_at"], name="visit_last")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.answer_key}"


class Lease(models.Model):
    """Who follows a platform just now. For efficiency only: two followers at once are slower, never wrong."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=80, blank=True, default="")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
