"""Sockets under test."""

import pytest


@pytest.fixture
def kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes the thread's database connection around its work there; the thread is the test's own, whose
    transaction is to be rolled back at its end."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
