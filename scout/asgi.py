"""HTTP and WebSocket, wired together."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import re_path

from scout.lanes import Lanes, OneHopHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scout.settings")
django.setup(set_prefix=False)
try:
    _ = settings.SECRET_KEY
except ImproperlyConfigured:
    sys.exit("Scout cannot start: SECRET_KEY is not set. bin/up makes one and keeps it.")
django_app = OneHopHandler()

# After the applications are loaded: these import models.
from searches.accounts.auth import is_bearer  # noqa: E402
from searches.cache.memory import listen  # noqa: E402
from searches.search.urls import sockets  # noqa: E402

_lanes = Lanes(settings.WEB_THREADS)
_nowhere = WebsocketDenier.as_asgi()
_with_session = CookieMiddleware(SessionMiddleware(URLRouter([*sockets, re_path("", _nowhere)])))
_from_pages = AllowedHostsOriginValidator(_with_session)


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Browsers must come from our own pages. Who shows a token is no browser page: browsers cannot set that header."""
    headers = dict(scope["headers"])
    shown = headers.get(b"authorization", b"").decode("latin-1")
    door = _with_session if is_bearer(shown) else _from_pages
    try:
        urlsplit(headers.get(b"origin", b""))
    except ValueError:
        door = _nowhere
    await _lanes.shared(door, scope, receive, send)


async def http(scope: Any, receive: Any, send: Any) -> None:
    # Daphne lets a client's own Daphne-Root-Path header become the start of every link we make.
    await _lanes.held(django_app, {**scope, "root_path": ""}, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": websocket})
listen()
