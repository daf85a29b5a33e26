"""Pages are tested in both languages."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import trans_real

from scout.catalogues import compile_catalogues


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    compile_catalogues(Path(settings.BASE_DIR) / "locale")
    trans_real._translations.clear()  # a test before may have read a language that was not compiled yet
