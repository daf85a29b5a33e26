"""GET of a question: its page, or for htmx the part of it that changes. Looking never spends."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from searches.accounts.models import User
from searches.platforms.sources import Source
from searches.query import Query
from searches.search import posts, visits
from searches.search.shelf import Shelf, recall
from searches.search.show import show

#: By the id of the element that htmx fills: the template, and whether the address becomes that of the new look.
_PARTS = {"found": ("search/_filtered.html", True), "tools": ("search/_late.html", False)}
_MORE = "posts"
_A_YEAR = 365 * 86_400


def look(request: HttpRequest, query: Query, sources: list[Source], form: Mapping[str, Any]) -> HttpResponse:
    """The page; to htmx the posts that are found, more of them, or the filters of a search that has just ended."""
    user, target = request.user, request.headers.get("HX-Target", "") if "HX-Request" in request.headers else ""
    assert isinstance(user, User)  # noqa: S101
    how = posts.look_of(query, request.GET, request.COOKIES)
    if not target and not how.sieve.passed_over and "" in request.GET.dict().values():
        return HttpResponseRedirect(how.url())  # of a form sent without script: the address without its empty fields
    if target == _MORE and request.GET.get("of"):
        response = _more(request, user, query, how)
    else:
        response = _page(request, user, query, sources, how, form, target)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    if request.GET.get("view") in posts.VIEWS:
        secure, year = request.is_secure(), _A_YEAR
        response.set_cookie(posts.VIEW_COOKIE, how.view, max_age=year, secure=secure, httponly=True, samesite="Lax")
    return response


def _page(
    request: HttpRequest, user: User, query: Query, sources: list[Source], how: posts.Look, form: Mapping[str, Any], target: str
) -> HttpResponse:
    context = {**form, **show(user, query, sources)}
    shelf = context["shelf"]
    template, pushed = _PARTS.get(target, ("search/question.html", False))
    if shelf is None:
        return render(request, "search/question.html", context | {"how": how}) if not target else HttpResponse(status=204)
    since = visits.since(user, query.key, shelf.keys)
    visits.note(user, query.key, shelf.keys)
    context |= {"posts": posts.a_page(shelf, how, since), "tools": posts.controls(shelf, how, since)}
    context["answer"]["marks"] = posts.shown_marks(shelf)
    response = render(request, template, context)
    if target in _PARTS:
        add_never_cache_headers(response)  # or a browser that goes back shows the part for the page
    if pushed:
        response["HX-Push-Url"] = how.url()
    return response


def _more(request: HttpRequest, user: User, query: Query, how: posts.Look) -> HttpResponse:
    """The next posts of the answer that the page shows; where that is no longer known here, the page anew."""
    shelf: Shelf | None = recall(request.GET["of"])
    if shelf is None:
        return _reload()
    page = posts.a_page(shelf, how, visits.since(user, query.key, shelf.keys))
    response = render(request, "search/_more.html", {"posts": page, "asked": query})
    add_never_cache_headers(response)
    return response


def _reload() -> HttpResponse:
    return HttpResponse(headers={"HX-Refresh": "true"})
