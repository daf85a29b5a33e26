"""Pictures as staff see them: what waits, what failed and why."""

from django.contrib import admin
from django.http import HttpRequest

from searches.thumbnails.models import Thumbnail


@admin.register(Thumbnail)
class ThumbnailAdmin(admin.ModelAdmin):
    """For looking; they come and go by themselves."""

    list_display = ("key", "state", "tries", "error", "bytes", "created_at", "fetched_at")
    list_filter = ("state",)
    search_fields = ("key__exact",)
    show_full_result_count = False
    readonly_fields = [field.name for field in Thumbnail._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
