"""Webhook templates, by the platform's rules."""

import json

import pytest

from scout.sandbox.apify.templates import DEFAULT_PAYLOAD, fill

VARIABLES = {"userId": "u1", "resource": {"id": "r1", "stats": {"n": 3}, "note": 'say "hi"'}, "eventType": "E", "list": [1, 2]}


@pytest.mark.parametrize(
    ("template", "inside", "filled"),
    [
        ('{"a": {{userId}}}', False, {"a": "u1"}),
        ('{"a": {{ resource.stats.n }}}', False, {"a": 3}),
        ('{"a": {{missing.path}}}', False, {"a": None}),
        ('{"a": "{{userId}}"}', False, {"a": "{{userId}}"}),
        ('{"a": "{{list}}"}', True, {"a": [1, 2]}),
        ('{"a": "run {{resource.id}} of {{userId}}"}', True, {"a": "run r1 of u1"}),
        ('{"a": "{{resource.note}}!"}', True, {"a": 'say "hi"!'}),
        ('{"a": "q\\"{{userId}}"}', True, {"a": 'q"u1'}),
    ],
)
def test_fill(template: str, inside: bool, filled: object) -> None:
    assert json.loads(fill(template, VARIABLES, inside)) == filled


def test_default_payload() -> None:
    assert json.loads(fill(DEFAULT_PAYLOAD, VARIABLES)) == {
        "userId": "u1",
        "createdAt": None,
        "eventType": "E",
        "eventData": None,
        "resource": VARIABLES["resource"],
    }
