"""One MongoDB for this room's tests."""

from tests.mongo import documents, migrated, mongo_process

__all__ = ["documents", "migrated", "mongo_process"]
