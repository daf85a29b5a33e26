"""The password once more, before something that a stolen session must not be enough for."""

from django.utils.translation import gettext as _

from searches.accounts.brake import Counter, attempt, forget
from searches.accounts.devices import TRIES_OF_ACCOUNT
from searches.accounts.models import User


def problem_with(user: User, password: str) -> str:
    """Empty when this is the person's password; else a sentence. Wrong ones slow down the next, as at the door."""
    counter = Counter("again", str(user.pk), TRIES_OF_ACCOUNT)
    wait = attempt(counter)
    if wait:
        return too_many(wait)
    if not user.check_password(password):
        return _("That is not your password.")
    forget(counter)
    return ""


def too_many(wait: int) -> str:
    """The sentence for who has to wait this many seconds."""
    return _("Too many tries. Please wait %(seconds)d seconds, then try again.") % {"seconds": wait}
