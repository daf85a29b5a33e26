"""What the queue may run."""

from scout.queues import unring
from searches.thumbnails.fetch import fetch_due
from searches.thumbnails.order import is_due, remind


def fetch(_which: str) -> None:
    """Fetch pictures that are due, for some seconds, and have the rest fetched by a job behind whatever else waits."""
    unring("thumbnails.fetch", "due")
    fetch_due()
    if is_due():
        remind()
