"""Searches and runs for staff: to look at, and to find one from the other. Changing them is the engine's business."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from searches.search import admin_platforms  # noqa: F401  # registers what it has to show
from searches.search.admin_tryout import TryOutPages, link_for, may_try
from searches.search.explain import known
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


class ErrorFilter(admin.SimpleListFilter):
    """By what a run ended with. Those that a run can end with are known, so no row is read for them."""

    title = _("error")
    parameter_name = "error_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in known()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        return queryset.filter(error_type=self.value()) if self.value() else queryset


@admin.register(Run)
class RunAdmin(TryOutPages, ReadOnlyAdmin):
    list_display = ("id", "query", "platform", "date_range", "status", "reason", "items_found", "usage_usd", "owner", "created_at")
    list_filter = ("status", "platform", "reason", "partial", ErrorFilter, "created_at")
    search_fields = ("query", "answer_key", "upstream_id", "error_detail")
    list_select_related = ("owner",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = (LinkInline,)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, (extra_context or {}) | {"try_url": link_for(request)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tried = object_id.isdecimal() and Run.objects.filter(pk=object_id, reason=Run.Reason.TRY).exists()
        context = (extra_context or {}) | {"tried": object_id if tried and may_try(request) else ""}
        return super().change_view(request, object_id, form_url, context)


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
