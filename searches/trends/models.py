"""Posts, their counts at moments, and which question has shown them since when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from searches.query import PLATFORM_NAMES

TITLE_LENGTH, CREATOR_LENGTH, URL_LENGTH = 300, 200, 2_000


class Post(models.Model):
    """A post as it was seen last. What the platform did not give is empty, or null."""

    platform = models.CharField(_("platform"), max_length=20, choices=list(PLATFORM_NAMES.items()))
    post_id = models.CharField(_("id there"), max_length=128)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True, default="")
    creator = models.CharField(_("creator"), max_length=CREATOR_LENGTH, blank=True, default="")
    url = models.CharField(_("link"), max_length=URL_LENGTH, blank=True, default="")
    hashtags = models.JSONField(_("hashtags"), default=list, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [models.UniqueConstraint(fields=["platform", "post_id"], name="one_row_per_post")]
        indexes = [models.Index(fields=["-last_seen_at"], name="post_last_seen")]

    def __str__(self) -> str:
        return self.title or f"{self.platform} {self.post_id}"


class Point(models.Model):
    """The counts of a post when a run saw it. What the platform did not give is null, never 0."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="points")
    at = models.DateTimeField(_("at"))
    play_count = models.BigIntegerField(_("views"), null=True)
    like_count = models.BigIntegerField(_("likes"), null=True)
    comment_count = models.BigIntegerField(_("comments"), null=True)
    share_count = models.BigIntegerField(_("shares"), null=True)
    collect_count = models.BigIntegerField(_("saves"), null=True)

    class Meta:
        verbose_name = _("point")
        verbose_name_plural = _("points")
        constraints = [models.UniqueConstraint(fields=["post", "at"], name="one_point_per_post_and_moment")]

    def __str__(self) -> str:
        return f"{self.post_id} at {self.at}"


class Sighting(models.Model):
    """A question (by its answer key) has shown a post."""

    answer_key = models.CharField(_("answer key"), max_length=540)
    post = models.ForeignKey(Post, models.CASCADE, related_name="sightings")
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [models.UniqueConstraint(fields=["answer_key", "post"], name="one_sighting_per_question_and_post")]

    def __str__(self) -> str:
        return f"{self.answer_key}: {self.post_id}"


class Snapshot(models.Model):
    """A run of a question has been recorded to its end: with this row there, its posts and points are."""

    answer_key = models.CharField(_("answer key"), max_length=540)
    at = models.DateTimeField(_("at"))
    post_count = models.PositiveIntegerField(_("posts"))

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [models.UniqueConstraint(fields=["answer_key", "at"], name="one_snapshot_per_question_and_moment")]
        indexes = [models.Index(fields=["-at"], name="snapshot_newest")]

    def __str__(self) -> str:
        return f"{self.answer_key} at {self.at}"
