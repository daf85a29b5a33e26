"""The pages of searches. A page is a question: its address says what is asked, and looking at it never spends."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scout.redis import Unavailable
from searches.accounts.limits import seconds_to_wait
from searches.accounts.models import User
from searches.platforms.models import Platform
from searches.platforms.sources import sources_of
from searches.query import ALL, DATE_RANGE_NAMES, PLATFORM_NAMES, Query, QueryError, parse
from searches.search import history
from searches.search.cancel import cancel as cancel_search
from searches.search.explain import unavailable
from searches.search.looking import look
from searches.search.models import OPEN, Search, Status
from searches.search.submit import Hit, platforms_of, submit

RECENT = 8
PER_PAGE = 30


def link_to(query: Query) -> str:
    """The address of a question."""
    return f"{reverse('question')}?{urlencode({'q': query.text, 'platform': query.platform, 'range': query.date_range})}"


@require_GET
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The search form, and what this person asked lately."""
    recent = Search.objects.filter(user=_user(request)).order_by("-created_at")[:RECENT]
    return render(request, "search/dashboard.html", _form() | {"recent": [_row(s) for s in recent]})


@login_required
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest) -> HttpResponse:
    """GET: the answer, the search in progress, or a button. POST: ask it, then look at it."""
    given = request.POST if request.method == "POST" else request.GET
    if "q" not in given:
        return redirect("dashboard")
    asked = {"q": given.get("q", ""), "platform": given.get("platform", "tiktok"), "range": given.get("range", "7days")}
    try:
        query = parse(asked["q"], asked["platform"], asked["range"])
        platforms = platforms_of(query)
    except QueryError as error:
        # What was typed stays in the form, beside the sentence about it.
        return render(request, "search/dashboard.html", _form(asked) | {"problem": str(error)}, status=400)
    if request.method == "POST":
        return _ask(request, query, asked)
    return look(request, query, sources_of(platforms), _form(asked))


def _ask(request: HttpRequest, query: Query, asked: dict[str, str]) -> HttpResponse:
    user = _user(request)
    wait = seconds_to_wait(user, "search", settings.SEARCHES_PER_MINUTE)
    if wait:
        problem = _("Too many searches at once. Please wait %(seconds)d seconds.") % {"seconds": wait}
        return _refused(request, asked, problem, 429, wait)
    try:
        found = submit(user, query, force=request.POST.get("refresh") == "1")
    except Unavailable:
        return _refused(request, asked, unavailable(), 503, 5)
    if isinstance(found, Hit):
        history.note(user, query, found)
    return redirect(link_to(query))


def _refused(request: HttpRequest, asked: dict[str, str], problem: str, status: int, wait: int) -> HttpResponse:
    """The form with what was typed and a sentence, and when to try again."""
    response = render(request, "search/dashboard.html", _form(asked) | {"problem": problem}, status=status)
    response["Retry-After"] = str(wait)
    return response


@require_GET
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My searches, newest first."""
    page = Paginator(Search.objects.filter(user=_user(request)).order_by("-created_at"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "search/mine.html", {"page": page, "rows": [_row(search) for search in page.object_list]})


@require_POST
@login_required
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The cancel button of a page without JavaScript."""
    search = Search.objects.filter(pk=job_id, user=_user(request)).first()
    if search is None:
        raise Http404
    search = cancel_search(search)
    if search.status != Status.CANCELLED:  # otherwise the page itself says so
        messages.info(request, _("This search had already ended."))
    return redirect(link_to(search.asked))


def _form(asked: dict[str, str] | None = None) -> dict[str, Any]:
    """What the search form needs: the choices that are available here, and what was typed."""
    enabled = list(Platform.objects.filter(enabled=True).order_by("name").values_list("name", flat=True))
    names = [*enabled, ALL] if len(enabled) > 1 else enabled
    first = "tiktok" if "tiktok" in names or not names else names[0]
    return {
        "platforms": [(name, PLATFORM_NAMES[name]) for name in names],
        "ranges": list(DATE_RANGE_NAMES.items()),
        "form": asked or {"q": "", "platform": first, "range": "7days"},
    }


def _row(search: Search) -> dict[str, Any]:
    return {"search": search, "link": link_to(search.asked), "open": search.status in OPEN}


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
