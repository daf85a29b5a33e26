"""Posts and their points, for staff to look at."""

from django.contrib import admin
from django.http import HttpRequest

from searches.trends.models import Point, Post, Snapshot


class ReadOnly:
    """Nothing is added or edited here."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class PointInline(ReadOnly, admin.TabularInline):
    """What a post had when."""

    model = Point
    extra = 0
    can_delete = False
    ordering = ("-at",)


@admin.register(Post)
class PostAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "platform", "creator", "published_at", "first_seen_at", "last_seen_at")
    list_filter = ("platform",)
    search_fields = ("=post_id", "title", "creator")
    ordering = ("-last_seen_at",)
    inlines = (PointInline,)
    show_full_result_count = False


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("answer_key", "at", "post_count")
    search_fields = ("answer_key",)
    ordering = ("-at",)
    show_full_result_count = False
