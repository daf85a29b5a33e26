"""Pages and sentences are tested in both languages; what was reckoned for one test is not told to the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache.backends.dummy import DummyCache
from django.utils import translation
from django.utils.translation import trans_real

from scout.catalogues import compile_catalogues
from searches.trends import overview


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    compile_catalogues(Path(settings.BASE_DIR) / "locale")
    trans_real._translations.clear()


@pytest.fixture(autouse=True)
def _as_for_the_first_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache that keeps nothing."""
    monkeypatch.setattr(overview, "cache", DummyCache("trends", {}))
    with translation.override("en"):
        yield
