"""Pages are tested in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from scout.catalogues import compile_catalogues


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    compile_catalogues(Path(settings.BASE_DIR) / "locale")
    trans_real._translations.clear()  # a test before may have read a language that was not compiled yet


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A request leaves its language behind in the thread; a test does not begin with that of the one before."""
    with translation.override("en"):
        yield
