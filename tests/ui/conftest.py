"""Pages are tested in both languages."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A request leaves its language behind in the thread; a test does not begin with that of the one before."""
    with translation.override("en"):
        yield
