"""Where answers are kept: in MongoDB (the alias `documents`) where there is one, else in the main database.

The table exists in the main database as well, always: it holds what was written while MongoDB was away, and unsetting
MONGODB_URI later must not leave a Scout without a table whose migration is on record as applied.
"""

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

DOCUMENTS = "documents"
_LABEL = "cache"


def aliases() -> tuple[str, ...]:
    """The databases that keep answers, the first choice first, the main database last."""
    return (DOCUMENTS, DEFAULT_DB_ALIAS) if DOCUMENTS in settings.DATABASES else (DEFAULT_DB_ALIAS,)


class CacheRouter:
    """Answers to MongoDB, and nothing else."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return aliases()[0] if model._meta.app_label == _LABEL else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if db == DOCUMENTS:
            return app_label == _LABEL
        return True if app_label == _LABEL else None
