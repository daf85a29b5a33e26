"""What somebody plants in Redis: if any of it runs, a file says so."""

import os
from pathlib import Path
from typing import Any


def mark(where: str, *_more: Any) -> None:
    Path(where).write_text("it ran")


def as_callback(job: Any, *_more: Any) -> None:
    mark(os.environ["PLANTED_MARK"])


class Bomb:
    """Runs when it is unpickled."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return mark, (self.where,)
