"""Known answers, for staff."""

from django.contrib import admin
from django.http import HttpRequest

from searches.cache.models import CachedAnswer


@admin.register(CachedAnswer)
class CachedAnswerAdmin(admin.ModelAdmin):
    list_display = ("key", "item_count", "undated_count", "partial", "access_count", "created_at", "expires_at")
    list_filter = ("platform", "date_range", "partial")
    search_fields = ("key",)
    exclude = ("body", "gaps")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
