"""Puts the look-alikes under one address."""

from pathlib import Path

from scout.sandbox import pictures
from scout.sandbox.apify.control import Control
from scout.sandbox.apify.service import Service
from scout.sandbox.apify.settings import Settings
from scout.sandbox.apify.state import Apify
from scout.sandbox.server import Handler
from scout.sandbox.wire import Request, Response, json_response


class Site:
    """Dispatches by the beginning of the path."""

    def __init__(self, settings: Settings, state_file: Path | None = None) -> None:
        self.apify = Apify(settings, state_file)
        self._mounts: tuple[tuple[str, Handler], ...] = (
            ("/v2/", Service(self.apify).answer),
            (pictures.PREFIX, pictures.serve),
            ("/_sandbox/", Control(self.apify).answer),
        )

    def answer(self, request: Request) -> Response:
        for prefix, handler in self._mounts:
            if request.path.startswith(prefix):
                return handler(request)
        if request.path == "/":
            return json_response({"sandbox": "Nothing here is real.", "mounts": [prefix for prefix, _ in self._mounts]})
        return json_response({"error": {"type": "page-not-found", "message": "There is nothing at this address."}}, 404)
