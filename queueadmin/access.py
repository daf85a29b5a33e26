"""Who may see the queue. django-rq's own views only ask for staff, and one of them can empty a queue: gate them once."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import permission_required, user_passes_test
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include

VIEW, OPERATE = "queueadmin.view_queue", "queueadmin.operate_queue"
_View = Callable[..., HttpResponse]


def for_queue_viewers(urlconf: str) -> Any:
    """Include a URL conf all of whose views ask for the permission: to see for reading, to operate for changing."""
    patterns, app_name, namespace = include(urlconf)
    for pattern in getattr(patterns, "urlpatterns", patterns):
        _guard(pattern)
    return patterns, app_name, namespace


def _guard(pattern: URLPattern | URLResolver) -> None:
    if isinstance(pattern, URLResolver):
        for inner in pattern.url_patterns:
            _guard(inner)
    else:
        pattern.callback = _guarded(pattern.callback)


def _guarded(view: _View) -> _View:
    see = permission_required(VIEW, raise_exception=True)(view)
    operate = permission_required(OPERATE, raise_exception=True)(view)

    def by_method(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (see if request.method in {"GET", "HEAD"} else operate)(request, *args, **kwargs)

    return user_passes_test(lambda user: user.is_active, login_url="admin:login")(by_method)
