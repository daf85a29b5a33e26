"""Staff say yes or no to those who wait; either way they are told by mail."""

import logging
from collections.abc import Callable

from django.db import transaction

from searches.accounts import letters
from searches.accounts.mail import Letter, MailAway, send
from searches.accounts.models import SignUp
from searches.accounts.sign_up import NameTaken, Uninvited, make_person

log = logging.getLogger("scout.accounts")


def approve(row: SignUp, sign_in: str) -> bool:
    """Make the person; `sign_in` is the address for the mail. False when the name is taken by now, or somebody was faster."""
    with transaction.atomic():
        locked = SignUp.objects.select_for_update().filter(pk=row.pk, known=False).exclude(confirmed_at=None).first()
        if locked is None:
            return False
        try:
            user = make_person(locked)
        except (NameTaken, Uninvited):
            return False
    _tell(user.email, user.language, lambda: letters.approved(user.username, sign_in))
    return True


def refuse(row: SignUp) -> bool:
    """Delete it. False when somebody was faster."""
    if not SignUp.objects.filter(pk=row.pk, known=False).exclude(confirmed_at=None).delete()[0]:
        return False
    _tell(row.email, row.language, lambda: letters.refused(row.username))
    return True


def _tell(to: str, language: str, write: Callable[[], Letter]) -> None:
    """What was decided stands, whether the mail gets through or not; the log has it."""
    try:
        send(to, language, write)
    except MailAway:
        log.warning("a decision about a sign-up was not told by mail")
