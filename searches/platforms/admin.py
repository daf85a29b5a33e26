"""Platforms as staff set them, and how their actors do."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from searches.platforms import breaker, health
from searches.platforms.forms import PlatformForm
from searches.platforms.models import ActorHealth, Platform
from searches.query import PLATFORM_NAMES

RELEASE = gettext_lazy("End the suspension now")


def state_of(row: ActorHealth | None) -> str:
    """How an actor does, in words."""
    if row is None:
        return _("ok")
    if row.suspended_until:
        told = {"time": date_format(timezone.localtime(row.suspended_until), "H:i"), "reason": row.get_reason_display()}
        if row.suspended_until > timezone.now():
            return _("paused until %(time)s: %(reason)s") % told
        return _("paused until a first run succeeds (since %(time)s): %(reason)s") % told
    if row.empty_fields and row.empty_runs >= breaker.EMPTY_RUNS:
        return _("fields empty: %(fields)s") % {"fields": ", ".join(map(str, row.empty_fields))}
    return _("ok")


def confirm(model_admin: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Any], action: str, title: str, told: str) -> Any:
    """The page that asks whether this is really meant; None once it has been answered."""
    if request.POST.get("post") == "yes":
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "told": told,
        "chosen": chosen,
        "action": action,
        "opts": model_admin.opts,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/platforms/confirm.html", context)


def release(model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Any], actors: list[str]) -> None:
    """End the suspensions of these actors, and say so in the history of the rows they were chosen by."""
    for actor in actors:
        health.release(actor)
    told = _("Suspensions ended: %(actors)s") % {"actors": ", ".join(actors) or "-"}
    for row in rows:
        model_admin.log_change(request, row, told)
    model_admin.message_user(request, told)


@admin.register(Platform)
class PlatformAdmin(admin.ModelAdmin):
    """A platform is disabled, not deleted: its runs would never end."""

    form = PlatformForm
    list_display: tuple[str, ...] = ("name", "enabled", "state", "actors", "max_running", "limits", "pace_in_words")
    readonly_fields = ("state", "pace_in_words")
    actions = ("enable", "disable", "release")

    def get_fieldsets(self, request: HttpRequest, obj: Platform | None = None) -> Any:
        limits = _("Every run costs money at Apify. These are the limits of one run, and of how many run at once.")
        actors = _("An actor is the scraper at Apify that searches the platform. Try one before you choose it.")
        sets: list[Any] = [
            (None, {"fields": ("name", "enabled")}),
            (_("Actors"), {"fields": ("actor", "fallback", "beside"), "description": actors}),
            (
                _("Limits"),
                {"fields": ("slots", "item_limit", "timeout_seconds", "max_cost_usd", "max_pushbacks"), "description": limits},
            ),
        ]
        return [*sets, (_("Just now"), {"fields": ("state", "pace_in_words")})] if obj else sets

    def get_readonly_fields(self, request: HttpRequest, obj: Platform | None = None) -> tuple[str, ...]:
        return ("name", *self.readonly_fields) if obj else self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and Platform.objects.count() < len(PLATFORM_NAMES) - 1

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Platform, form: PlatformForm, change: bool) -> None:
        # Only what was changed: the engine moves turn and pace of this row all the time.
        obj.save(update_fields=form.changed_data if change else None)

    @admin.display(description=gettext_lazy("actors"), ordering="actor")
    def actors(self, row: Platform) -> SafeString:
        others = [(_("fall-back"), row.fallback)] if row.fallback else []
        others += [(_("side by side"), actor) for actor in row.beside]
        return format_html("{}{}", row.actor, format_html_join("", '<br><span class="quiet">{}:</span> {}', others))

    @admin.display(description=gettext_lazy("runs at once"))
    def max_running(self, row: Platform) -> int:
        return row.max_running

    @admin.display(description=gettext_lazy("limits of a run"))
    def limits(self, row: Platform) -> str:
        told = {"items": row.item_limit, "seconds": row.timeout_seconds, "usd": row.max_cost_usd}
        return _("%(items)d items, %(seconds)d s, $%(usd)s") % told

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Platform) -> SafeString:
        actors = [actor for actor in (row.actor, row.fallback, *row.beside) if actor]
        known = ActorHealth.objects.in_bulk(actors)
        told = {actor: state_of(known.get(actor)) for actor in actors}
        first = told.pop(row.actor, "")
        others = [(f"{actor}: {state}",) for actor, state in told.items() if state != _("ok")]
        return format_html("{}{}", first, format_html_join("", "<br>{}", others))

    @admin.display(description=gettext_lazy("pace"))
    def pace_in_words(self, row: Platform) -> str:
        if row.pace is None:
            return _("as fast as they come")
        told = number_format(row.pace, 1)
        return _("%(pace)s starts a second, since Apify was busy") % {"pace": told}

    @admin.action(description=gettext_lazy("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Platform]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description=gettext_lazy("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Platform]) -> Any:
        told = _("Nobody can search these platforms then, and runs that wait go on waiting. What runs is brought to its end.")
        asked = confirm(self, request, queryset, "disable", _("Disable these platforms?"), told)
        if asked is None:
            self._switch(request, queryset, False)
        return asked

    @admin.action(description=RELEASE, permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[Platform]) -> Any:
        told = _("All runs that wait for these platforms' actors start at once. If an actor still fails, they fail, and may be paid.")
        asked = confirm(self, request, queryset, "release", _("End the suspension now?"), told)
        if asked is None:
            held = health.suspended()
            mine = (actor for row in queryset for actor in (row.actor, row.fallback, *row.beside))
            release(self, request, queryset, [actor for actor in mine if actor in held])
        return asked

    def _switch(self, request: HttpRequest, queryset: QuerySet[Platform], enabled: bool) -> None:
        rows = list(queryset.exclude(enabled=enabled))
        Platform.objects.filter(pk__in=[row.pk for row in rows]).update(enabled=enabled)
        for row in rows:
            self.log_change(request, row, [{"changed": {"fields": ["enabled"]}}])
        told = ngettext("%(count)d platform changed.", "%(count)d platforms changed.", len(rows)) % {"count": len(rows)}
        self.message_user(request, told)


@admin.register(ActorHealth)
class ActorHealthAdmin(admin.ModelAdmin):
    """To look at; the engine writes these rows. Actors of which nothing is known to be wrong have none."""

    list_display = ("actor", "state", "detail", "trips", "run_ahead", "failures", "empty", "updated_at")
    fields = (
        *("actor", "state", "reason", "detail", "suspended_until", "trips", "run_ahead"),
        *("questions", "empty", "empty_runs", "updated_at"),
    )
    readonly_fields = fields
    ordering = ("actor",)
    actions = ("release",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("platforms.change_actorhealth")

    @admin.action(description=RELEASE, permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[ActorHealth]) -> Any:
        told = _("All runs that wait for these actors start at once. If an actor still fails, they fail, and may be paid.")
        asked = confirm(self, request, queryset, "release", _("End the suspension now?"), told)
        if asked is None:
            release(self, request, queryset, [row.actor for row in queryset])
        return asked

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: ActorHealth) -> str:
        return state_of(row)

    @admin.display(description=gettext_lazy("run that goes ahead"))
    def run_ahead(self, row: ActorHealth) -> SafeString | str:
        return format_html('<a href="{}">{}</a>', reverse("admin:search_run_change", args=[row.canary]), row.canary) if row.canary else "-"

    @admin.display(description=gettext_lazy("questions that failed"))
    def failures(self, row: ActorHealth) -> int:
        return len(row.failed_keys)

    @admin.display(description=gettext_lazy("questions that failed"))
    def questions(self, row: ActorHealth) -> SafeString | str:
        return format_html_join("", "{}<br>", ((str(key)[:200],) for key in row.failed_keys)) or "-"

    @admin.display(description=gettext_lazy("fields that have become empty"))
    def empty(self, row: ActorHealth) -> str:
        return ", ".join(map(str, row.empty_fields)) or "-"
