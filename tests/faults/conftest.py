"""A whole Scout per test: what is killed here must not be missing elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Stack

Starter = Callable[..., Stack]


@pytest.fixture
def stack_of(tmp_path: Path) -> Iterator[Starter]:
    """Starts a Scout of processes with the given options; stops it after the test."""
    started: list[Stack] = []

    def start(**options: Any) -> Stack:
        started.append(Stack(tmp_path / f"stack{len(started)}", **options).start())
        return started[-1]

    yield start
    for stack in started:
        stack.stop()
