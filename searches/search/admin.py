"""Searches and runs for staff: to look at, and to find one from the other. Changing them is the engine's business."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from searches.search.models import Run, Search, SearchRun


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that staff look at but do not edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class LinkInline(admin.TabularInline):
    """The other side of a search or a run."""

    model = SearchRun
    extra = 0
    can_delete = False
    show_change_link = False
    raw_id_fields = ("search", "run")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "query", "platform", "date_range", "status", "reason", "items_found", "usage_usd", "owner", "created_at")
    list_filter = ("status", "platform", "reason", "partial", "error_type", "created_at")
    search_fields = ("query", "answer_key", "upstream_id", "error_detail")
    list_select_related = ("owner",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = (LinkInline,)


@admin.register(Search)
class SearchAdmin(ReadOnlyAdmin):
    list_display = ("query", "platform", "date_range", "user", "status", "cached", "item_count", "run_links", "created_at", "finished_at")
    list_filter = ("status", "platform", "cached", "created_at")
    search_fields = ("query", "user__username", "id")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = (LinkInline,)

    @admin.display(description=_("runs"))
    def run_links(self, search: Search) -> SafeString:
        links = ((reverse("admin:search_run_change", args=[run.pk]), run.pk) for run in search.runs.all())
        return format_html_join(" ", '<a href="{}">{}</a>', links)
