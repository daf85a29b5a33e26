"""Log lines as JSON."""

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout.logs import JSONFormatter, worth_a_line


def record(message: str, *args: object, **values: Any) -> logging.LogRecord:
    return logging.LogRecord("scout.api", logging.WARNING, __file__, 1, message, args, values.get("exc_info"))


def line(*args: Any, **values: Any) -> dict[str, str]:
    written = JSONFormatter().format(record(*args, **values))
    assert "\n" not in written
    told: dict[str, str] = json.loads(written)
    return told


def test_it_works() -> None:
    told = line("run %s: %d items", "메이크업", 3)
    assert list(told) == ["time", "level", "logger", "message"]
    assert (told["level"], told["logger"], told["message"]) == ("WARNING", "scout.api", "run 메이크업: 3 items")


def test_traceback() -> None:
    try:
        raise ValueError("broken\nin two lines")
    except ValueError:
        told = line("oh", exc_info=sys.exc_info())
    assert "ValueError: broken\nin two lines" in told["traceback"]


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_one_line_whatever_is_said(message: str) -> None:
    assert line("%s", message)["message"] == message


@given(st.text())
def test_it_can_always_be_written(message: str) -> None:
    """Halves of surrogate pairs too: a line that cannot be encoded is lost."""
    JSONFormatter().format(record("%s", message + "\ud800")).encode()


@pytest.mark.parametrize(
    ("message", "worth"),
    [("Service Unavailable: /readyz", False), ("Service Unavailable: /readyz/x", True), ("Not Found: /api/search", True)],
)
def test_worth_a_line(message: str, worth: bool) -> None:
    assert worth_a_line(record(message)) is worth


def test_the_channel_layer_says_it_in_a_line() -> None:
    try:
        raise ConnectionError("refused")
    except ConnectionError:
        said = logging.LogRecord(
            "channels_redis.pubsub", logging.ERROR, __file__, 1, "Unexpected exception in receive task", (), sys.exc_info()
        )
    assert worth_a_line(said)
    assert "traceback" not in json.loads(JSONFormatter().format(said))
