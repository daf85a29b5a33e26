"""Platforms as staff set them."""

from django.contrib import admin
from django.http import HttpRequest

from searches.platforms.models import Platform


@admin.register(Platform)
class PlatformAdmin(admin.ModelAdmin):
    list_display = ("name", "enabled", "actor", "slots", "item_limit", "timeout_seconds", "max_cost_usd", "pace")
    readonly_fields = ("pace",)

    def get_readonly_fields(self, request: HttpRequest, obj: Platform | None = None) -> tuple[str, ...]:
        return ("name", "pace") if obj else ("pace",)
