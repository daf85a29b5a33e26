"""The control API under `/_sandbox/`: faults, figures, settings, reset. For tests and people, never for a product."""

import json
from typing import Any

from scout.sandbox.apify import magic, stats
from scout.sandbox.apify.state import Apify
from scout.sandbox.wire import Request, Response, json_response


class Control:
    """Answers everything under `/_sandbox/`; what makes no sense is a 400 that says why."""

    def __init__(self, state: Apify) -> None:
        self._state = state

    def answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/_sandbox/").strip("/")
        try:
            match request.method, name:
                case "GET", "stats":
                    return json_response(stats.stats(self._state))
                case (("POST" | "PUT" | "DELETE" | "GET"), "faults"):
                    return self._faults(request)
                case (("POST" | "GET"), "settings"):
                    return self._settings(request)
                case "POST", "reset":
                    self._state.reset()
                    return json_response({"ok": True})
        except ValueError as error:
            return json_response({"error": {"type": "invalid-request", "message": str(error)}}, 400)
        return json_response({"error": {"type": "page-not-found", "message": "Try stats, faults, settings or reset."}}, 404)

    def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._state.faults.clear()
        if request.method in ("POST", "PUT"):
            rows = _body(request)
            rows = rows if isinstance(rows, list) else [rows]
            if not all(isinstance(row, dict) for row in rows):
                raise ValueError("faults are a list of objects")
            self._state.faults.set(rows)
        words = {word: told for word, (_, told) in magic.MAGIC.items()}
        return json_response({"rules": self._state.faults.rules(), "magicWords": words})

    def _settings(self, request: Request) -> Response:
        if request.method == "POST":
            values = _body(request)
            if not isinstance(values, dict):
                raise ValueError("settings are an object")
            self._state.settings.change(values)
        return json_response(self._state.settings.as_dict())


def _body(request: Request) -> Any:
    return json.loads(request.body or b"null")
