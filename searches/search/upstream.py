"""The process's one connection to Apify, as the settings name it."""

from functools import cache

from django.conf import settings

from searches.platforms.apify import Apify


@cache
def apify() -> Apify:
    return Apify(settings.APIFY_BASE_URL, settings.APIFY_TOKEN or "sandbox", pool=settings.START_THREADS)


def webhook() -> tuple[str, str] | None:
    """Where Apify rings at the end of a run, and the secret it shows; None where it cannot reach us."""
    if settings.PUBLIC_URL and settings.WEBHOOK_SECRET:
        return f"{settings.PUBLIC_URL}/hooks/apify", settings.WEBHOOK_SECRET
    return None
