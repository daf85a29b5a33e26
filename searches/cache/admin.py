"""Known answers, for staff: to look at, and to forget. Engine and readers do the rest."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from scout.queues import connections
from scout.redis import Unavailable
from searches.cache import store
from searches.cache.breaker import Away, breaker
from searches.cache.freshness import Freshness, freshness
from searches.cache.memory import memory, say_changed
from searches.cache.models import CachedAnswer
from searches.cache.router import DOCUMENTS, aliases
from searches.item import text, url
from searches.query import DATE_RANGE_NAMES, PLATFORM_NAMES, PLATFORMS

POSTS_SHOWN = 20
FRESHNESS_NAMES = {Freshness.FRESH: _("Fresh"), Freshness.STALE: _("Out of date"), Freshness.GONE: _("Expired")}
View = Callable[..., HttpResponse]


class PlatformFilter(admin.SimpleListFilter):
    """By platform, with the answers of its other actors. Its choices are known: looking them up would read every answer."""

    title = _("platform")
    parameter_name = "platform"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, PLATFORM_NAMES[name]) for name in PLATFORMS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(Q(platform=value) | Q(platform__startswith=f"{value}@")) if value else queryset


class DateRangeFilter(admin.SimpleListFilter):
    title = _("date range")
    parameter_name = "date_range"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(DATE_RANGE_NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(date_range=self.value()) if self.value() else queryset


def or_say_that_it_is_away(view: View) -> View:
    """A MongoDB that is away is a sentence with status 503. Pages read while they are rendered, so that is done in here."""

    @wraps(view)
    def shown(self: "CachedAnswerAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if DOCUMENTS not in aliases():
            return view(self, request, *args, **kwargs)
        try:
            with breaker(DOCUMENTS).guarded():
                response = view(self, request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response
        except Away:
            context = {**self.admin_site.each_context(request), "title": self.opts.verbose_name_plural, "opts": self.opts}
            return TemplateResponse(request, "cache/away.html", context, status=503)

    return shown


@admin.register(CachedAnswer)
class CachedAnswerAdmin(admin.ModelAdmin):
    list_display = ("key", "item_count", "new_count", "outside_count", "partial", "actor", "access_count", "created_at", "expires_at")
    list_filter = (PlatformFilter, DateRangeFilter, "partial", "created_at")
    search_fields = ("key",)
    ordering = ("-created_at",)
    show_full_result_count = False
    fields = (
        *("key", "query", "platform", "date_range", "actor", "state", "created_at", "expires_at", "previous_at"),
        *("item_count", "new_count", "undated_count", "outside_count", "window_days", "unusable", "partial", "access_count", "posts"),
    )
    readonly_fields = ("state", "unusable", "posts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CachedAnswer]:
        return super().get_queryset(request).defer("body", "gaps")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    changelist_view = or_say_that_it_is_away(admin.ModelAdmin.changelist_view)
    changeform_view = or_say_that_it_is_away(admin.ModelAdmin.changeform_view)
    delete_view = or_say_that_it_is_away(admin.ModelAdmin.delete_view)
    history_view = or_say_that_it_is_away(admin.ModelAdmin.history_view)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if deleting := actions.get("delete_selected"):
            actions["delete_selected"] = (*deleting[:2], str(_("Forget these answers")))
        return actions

    def delete_model(self, request: HttpRequest, obj: CachedAnswer) -> None:
        self._forget(request, [obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CachedAnswer]) -> None:
        self._forget(request, list(queryset.values_list("pk", flat=True)))

    def _forget(self, request: HttpRequest, keys: list[str]) -> None:
        store.forget(keys)
        for key in keys:
            memory.drop(key)
        try:
            with connections().guarded() as client:
                say_changed(client, keys)
        except Unavailable:
            told = _("Redis does not answer: other web processes show these answers until they are no longer fresh.")
            messages.warning(request, told)

    @admin.display(description=_("freshness"))
    def state(self, row: CachedAnswer) -> str:
        poor = row.partial or not row.item_count
        return str(FRESHNESS_NAMES[freshness(row.created_at, row.expires_at, timezone.now(), settings.FRESH_SECONDS, poor)])

    @admin.display(description=_("rows that became no post"))
    def unusable(self, row: CachedAnswer) -> int:
        return len(row.gaps)

    @admin.display(description=_("posts"))
    def posts(self, row: CachedAnswer) -> SafeString | str:
        items = _items(row.body)
        if items is None:
            return str(_("They cannot be read."))
        shown = format_html("<ol>{}</ol>", _lines(items[:POSTS_SHOWN])) if items else format_html("{}", "-")
        more = len(items) - POSTS_SHOWN
        if more <= 0:
            return shown
        told = ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
        return format_html("{}<p>{}</p>", shown, told)


def _items(body: str) -> list[dict[str, Any]] | None:
    try:
        items = json.loads(body)
    except ValueError:
        return None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else None


def _lines(items: Iterable[dict[str, Any]]) -> SafeString:
    """Titles, each a link where it is one that may be followed: looked at again, whoever wrote it."""
    named = (
        (text(item.get("title"), 200) or text(item.get("description"), 200) or _("Untitled post"), url(item.get("webVideoUrl")))
        for item in items
    )
    linked = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
    return format_html_join("", "<li>{}</li>", ((format_html(linked, to, title) if to else title,) for title, to in named))
