"""What the admin of platforms shows of runs: how many there are just now, and the way to a try-out. Platforms know no runs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from searches.platforms.admin import PlatformAdmin
from searches.platforms.models import Platform
from searches.search.admin_tryout import link_for, may_try
from searches.search.models import OCCUPYING, Run

admin.site.unregister(Platform)


@admin.register(Platform)
class PlatformWithRunsAdmin(PlatformAdmin):
    list_display = tuple("running" if name == "max_running" else name for name in PlatformAdmin.list_display)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if not may_try(request):
            return self.list_display

        @admin.display(description=gettext_lazy("try-out"))
        def try_out(row: Platform) -> SafeString:
            return format_html('<a href="{}">{}</a>', link_for(request, platform=row.name), _("Try"))

        return (*self.list_display, try_out)

    @admin.display(description=gettext_lazy("running / at most"))
    def running(self, row: Platform) -> str:
        busy = Run.objects.filter(platform=row.name, status__in=OCCUPYING).count()
        return f"{busy} / {row.max_running}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = (extra_context or {}) | {"try_url": link_for(request, platform=object_id)}
        return super().change_view(request, object_id, form_url, context)
