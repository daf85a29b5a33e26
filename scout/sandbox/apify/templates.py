"""Webhook templates: JSON with `{{variables}}` in it."""

import json
import re
from collections.abc import Mapping
from typing import Any

DEFAULT_PAYLOAD = """{
    "userId": {{userId}},
    "createdAt": {{createdAt}},
    "eventType": {{eventType}},
    "eventData": {{eventData}},
    "resource": {{resource}}
}"""

_STRING = r'"(?:[^"\\]|\\.)*"'
_VARIABLE = r"\{\{\s*([\w.]+)\s*\}\}"
_TOKEN = re.compile(f"{_STRING}|{_VARIABLE}")
_INSIDE = re.compile(_VARIABLE)


def fill(template: str, variables: Mapping[str, Any], inside_strings: bool = False) -> str:
    """Variables outside of quotes become JSON. Those inside stay as they are unless the webhook asks for them:
    a string that is nothing but a variable then becomes its value, others get it as text."""

    def replaced(match: re.Match[str]) -> str:
        token = match.group()
        if not token.startswith('"'):
            return json.dumps(_look_up(variables, match.group(1)), ensure_ascii=False)
        return _string(token, variables) if inside_strings else token

    return _TOKEN.sub(replaced, template)


def _string(token: str, variables: Mapping[str, Any]) -> str:
    if whole := re.fullmatch(f'"{_VARIABLE}"', token):
        return json.dumps(_look_up(variables, whole.group(1)), ensure_ascii=False)
    return _INSIDE.sub(lambda match: json.dumps(_text(_look_up(variables, match.group(1))), ensure_ascii=False)[1:-1], token)


def _look_up(variables: Mapping[str, Any], path: str) -> Any:
    value: Any = variables
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
