"""The try-out's pages in the admin: choose a sample, see what would be sent, run it, follow it, see rows beside items.

Only for staff who may change platforms, since that is what it is for. Looking is free; running is a POST of its own.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.models import User
from searches.platforms.apify import ApifyError, NotFound
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.query import DATE_RANGE_DAYS, DATE_RANGE_NAMES
from searches.search import live, tryout
from searches.search.compare import ROWS_SHOWN, Comparison, as_text, compare
from searches.search.explain import sentence
from searches.search.forms import RowsForm, SampleForm
from searches.search.gather import began
from searches.search.models import ACTIVE, Run
from searches.search.upstream import apify

ROWS_READ = 250


def may_try(request: HttpRequest) -> bool:
    return request.user.has_perm("platforms.change_platform")


class TryOutPages(admin.ModelAdmin):
    """Adds the try-out's pages to the admin of runs."""

    def get_urls(self) -> list[Any]:
        pages = (
            ("try/", "search_run_try", require_http_methods(["GET", "HEAD", "POST"])(self.choose)),
            ("try/rows/", "search_run_try_rows", csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(self.paste))),
            ("try/<int:pk>/", "search_run_tried", require_safe(self.follow)),
            ("try/<int:pk>/stop/", "search_run_try_stop", require_POST(self.stop)),
        )
        mine = [path(route, self.admin_site.admin_view(view), name=name) for route, name, view in pages]
        return [*mine, *super().get_urls()]

    def choose(self, request: HttpRequest) -> HttpResponse:
        """The form; with `plan`, what would be sent; as a POST, run it."""
        _allowed(request)
        given = request.POST if request.method == "POST" else request.GET if "plan" in request.GET else None
        form = SampleForm(given, initial=_initial(request))
        sample = form.sample if given is not None and form.is_valid() else None
        if request.method == "POST" and sample:
            return self._run(request, sample) or self._show(request, form, sample, 409)
        return self._show(request, form, sample, 200 if sample or given is None else 400)

    def _show(self, request: HttpRequest, form: SampleForm, sample: tryout.Sample | None, status: int) -> HttpResponse:
        title = _("Try an actor")
        return self._page(request, "try", title, status, adminform=_adminform(form), form=form, plan=_plan(sample) if sample else None)

    def _run(self, request: HttpRequest, sample: tryout.Sample) -> HttpResponse | None:
        """Off to the page that follows it; None, with a message, if it cannot be run now."""
        try:
            run, new = tryout.place(cast(User, request.user), sample)
        except Unavailable:
            messages.error(request, _("Redis does not answer, so the sample was not taken. Nothing was run; try again in a moment."))
            return None
        if new:
            told = {"actor": sample.actor.id, "items": sample.asked, "usd": sample.ceiling_usd}
            self.log_addition(request, run, _("Tried %(actor)s: %(items)d items, at most $%(usd)s.") % told)
        else:
            messages.info(request, _("This sample is being run already: here it is. Nothing was started twice."))
        return redirect("admin:search_run_tried", run.pk)

    def paste(self, request: HttpRequest) -> HttpResponse:
        """Rows pasted by hand, mapped without running anything. Exempt from CSRF only so far as to answer what is too large."""
        _allowed(request)
        try:
            _read_now = request.POST
        except RequestDataTooBig:
            form = RowsForm(initial=_initial(request))
            messages.error(request, _("That is too much text to be read. Paste fewer rows."))
            return self._page(request, "try_rows", _("Map rows"), 413, adminform=_adminform(form), form=form)
        return csrf_protect(self._map)(request)

    def _map(self, request: HttpRequest) -> HttpResponse:
        form = RowsForm(request.POST if request.method == "POST" else None, initial=_initial(request))
        context: dict[str, Any] = {"adminform": _adminform(form), "form": form}
        if form.is_bound and form.is_valid():
            told = form.cleaned_data
            context |= _compared(compare(form.driver, told["rows"], told["date_range"], timezone.now()))
        status = 400 if form.is_bound and not form.is_valid() else 200
        return self._page(request, "try_rows", _("Map rows"), status, **context)

    def follow(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where a try-out stands; once it has ended, its rows beside the items they became."""
        _allowed(request)
        run = _tried(pk)
        title = _("Try-out of %(actor)s") % {"actor": run.actor}
        if run.status in ACTIVE:
            _watch(run)
            words = tryout.words(run)
            if request.headers.get("HX-Request"):
                return HttpResponse(escape(words))
            return self._page(request, "tried", title, run=run, words=words)
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Refresh": "true"})
        took = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None
        cost = f"{run.usage_usd.normalize():f}" if run.usage_usd is not None else ""
        failure = sentence(run.error_type) if run.error_type else ""
        return self._page(request, "tried", title, run=run, took=took, cost=cost, failure=failure, **_read(run))

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        _allowed(request)
        run = _tried(pk)
        if tryout.stop(run.pk):
            self.log_change(request, run, _("Try-out stopped."))
        return redirect("admin:search_run_tried", run.pk)

    def _page(self, request: HttpRequest, name: str, title: str, status: int = 200, **context: Any) -> HttpResponse:
        known = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/search/run/{name}.html", known | context, status=status)


def _allowed(request: HttpRequest) -> None:
    if not may_try(request):
        raise PermissionDenied


def _tried(pk: int) -> Run:
    run = Run.objects.filter(pk=pk, reason=Run.Reason.TRY).first()
    if run is None:
        raise Http404
    return run


def _initial(request: HttpRequest) -> dict[str, str]:
    """The actor that was linked to, else the one of the platform that was; and something that this platform has posts of."""
    platform = Platform.objects.filter(pk=request.GET.get("platform", "tiktok")).first()
    actor = request.GET.get("actor") or (platform.actor if platform else "")
    driver = ACTORS.get(actor) or next(iter(ACTORS.values()))
    return {"actor": driver.id, "query": tryout.SAMPLES.get(driver.platform, "")}


def _adminform(form: SampleForm | RowsForm) -> AdminForm:
    return AdminForm(form, [(None, {"fields": list(form.fields)})], {})  # type: ignore[arg-type]


def _plan(sample: tryout.Sample) -> dict[str, Any]:
    windows = [(DATE_RANGE_NAMES[name], days, sample.actor.windows.get(name)) for name, days in DATE_RANGE_DAYS.items()]
    return {"sample": sample, "input": as_text(sample.body), "windows": windows, "usual": sample.usual_usd()}


def _compared(found: Comparison) -> dict[str, Any]:
    return {"found": found, "shown": ROWS_SHOWN}


def _read(run: Run) -> dict[str, Any]:
    """The run's rows beside their items, as they are at Apify now; or why they cannot be shown."""
    if not run.dataset_id:
        return {"unread": _("It was never started at Apify, so there are no rows.")}
    if run.actor not in ACTORS:
        return {"unread": _("Scout no longer knows this actor, so its rows cannot be mapped.")}
    try:
        page = apify().items(run.dataset_id, 0, ROWS_READ)
    except NotFound:
        return {"unread": _("Apify no longer has the rows of this run.")}
    except ApifyError as error:
        return {"unread": _("The rows cannot be read from Apify just now (%(error)s). Try again in a moment.") % {"error": error.type}}
    return _compared(compare(ACTORS[run.actor], page.rows, run.date_range, began(run)))


def _watch(run: Run) -> None:
    """So that follow reads its items while it runs, and the page can count them."""
    try:
        with connections().guarded() as client:
            live.watch(client, [run.pk])
    except Unavailable:
        return


def link_for(request: HttpRequest, **chosen: str) -> str:
    """The address of the try-out with this chosen, for who may; else empty."""
    if not may_try(request):
        return ""
    return reverse("admin:search_run_try", query=chosen)
