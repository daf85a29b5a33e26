"""Rows as actors send them, with every oddity seen or told of, and the Items that people worked out from them by hand."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from searches.item import Item

FIXTURES = Path(__file__).parent / "fixtures"


class Case(NamedTuple):
    """A row and what must become of it; `name` says what is odd about it."""

    name: str
    row: Any
    item: Item | None


def cases(actor_id: str) -> list[Case]:
    """The rows of one actor."""
    path = FIXTURES / f"{actor_id.replace('/', '__')}.json"
    return [Case(found["case"], found["row"], found["item"]) for found in json.loads(path.read_text())]
