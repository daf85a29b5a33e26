"""What went wrong, in words a person can act on, in the reader's language."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scout.queues import connections

_SENTENCES = {
    "rate-limited": _("The platform was busy for too long. Please search again in a few minutes."),
    "upstream-credit": _("The scraping account has no credit left. Please tell your administrator."),
    "upstream-auth": _("The scraping account's token is not accepted. Please tell your administrator."),
    "upstream-access": _("The scraping account may not run this scraper. Please tell your administrator."),
    "upstream-input": _("The scraper did not accept this search. Please try other words, or tell your administrator."),
    "upstream-unreachable": _("The scraping service could not be reached. Please search again in a few minutes."),
    "upstream-unreadable": _("The results could not be read from the scraping service. Please search again."),
    "upstream-lost": _("The scraping service no longer knows this run. Please search again."),
    "actor-failed": _("The scraper stopped with an error before it was done. Please search again."),
    "platform-blocked": _("The platform is keeping the scraper out just now. Please search again in a few minutes."),
    "timed-out": _("The search took too long and found nothing in its time. Please search again, or choose a shorter date range."),
    "aborted": _("The search was stopped at the scraping service before anything was found."),
    "suspended": _("The platform was paused at that time, so it was not searched. Please search again later."),
    "start-unknown": _("The scraping service did not confirm the start, several times. Please search again in a few minutes."),
}
_FALLBACK = _("The search failed. Please search again.")


def sentence(error_type: str) -> str:
    return str(_SENTENCES.get(error_type, _FALLBACK))


def unavailable() -> str:
    """Why a new question cannot be taken while Redis is away."""
    if connections().target:
        return gettext(
            "New searches cannot be taken just now, because Redis does not answer. Known answers still come; try again in a moment."
        )
    return gettext("Redis is not configured: set REDIS_URL, or start Scout with bin/up. Known answers still come; new searches need Redis.")


def known() -> tuple[str, ...]:
    """Every error type a run can end with."""
    return tuple(_SENTENCES)
