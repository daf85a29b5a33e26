"""A new password for somebody who has forgotten theirs, by a link in a mail."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from searches.accounts import letters
from searches.accounts.mail import may_be_sent, send_behind
from searches.accounts.models import User


def ask(email: str, language: str, full: Callable[[str], str]) -> None:
    """Mail a link to every active person with this address, if there is any: nobody is told which. `full` makes an address
    of a path. MailAway, for known and unknown alike, while the mail server is not there."""
    people = [user for user in User.objects.filter(email__iexact=email, is_active=True) if user.has_usable_password()]
    letters_out = [(user.email, user.language or language, _letter(user, full)) for user in people]
    send_behind(letters_out if may_be_sent(email) else [])


def _letter(user: User, full: Callable[[str], str]) -> Callable[[], letters.Letter]:
    link = full(reverse("password-reset-set", args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]))
    return lambda: letters.reset_password(user.username, link, timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
