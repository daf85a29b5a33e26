"""Sends a letter, in its reader's language. A server that is away is an error of its own, for a sentence on the page."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.http import HttpRequest
from django.utils import translation

from searches.accounts.brake import Counter, attempt

log = logging.getLogger("scout.mail")
MAILS_AN_HOUR = 5  # that strangers may have sent to one address


class MailAway(Exception):
    """The mail server could not be reached, or did not take the mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject of one line, and paragraphs of plain text."""

    subject: str
    paragraphs: tuple[str, ...]


def send(to: str, language: str, write: Callable[[], Letter]) -> None:
    """Write a letter in this language (empty: the house's) and send it. MailAway when that fails. Not inside a transaction."""
    message = _message(to, language, write)
    with _reached() as connection:
        try:
            connection.send_messages([message])
        finally:
            connection.close()


def send_behind(letters: list[tuple[str, str, Callable[[], Letter]]]) -> None:
    """Send `(to, language, write)` each after the answer has gone out, so that its timing does not tell whether there were
    any. MailAway, also when there are none, while the server is not there."""
    messages = [_message(*letter) for letter in letters]
    with _reached() as connection:
        if not messages:
            connection.close()
            return
        threading.Thread(target=_send_and_close, args=(connection, messages), name="mail", daemon=True).start()


def may_be_sent(to: str) -> bool:
    """Whether strangers may have one more mail sent to this address; counts it."""
    return attempt(Counter("mail", to.casefold(), MAILS_AN_HOUR)) == 0


def address_of(path: str, request: HttpRequest) -> str:
    """A link for a mail. PUBLIC_URL first: what a request says of its host is only one of those allowed."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _message(to: str, language: str, write: Callable[[], Letter]) -> EmailMessage:
    with translation.override(language or settings.LANGUAGE_CODE):
        letter = write()
    body = "\n\n".join(letter.paragraphs) + "\n"
    return EmailMessage(" ".join(letter.subject.split())[:200], body, to=[to])


@contextmanager
def _reached() -> Iterator[Any]:
    connection = get_connection()
    try:
        connection.open()
        yield connection
    except (OSError, SMTPException) as error:
        log.error("mail was not sent: %s: %s", type(error).__name__, _first_line(error))
        raise MailAway from error


def _send_and_close(connection: Any, messages: list[EmailMessage]) -> None:
    try:
        connection.send_messages(messages)
    except (OSError, SMTPException) as error:
        log.error("mail was not sent: %s: %s", type(error).__name__, _first_line(error))
    finally:
        connection.close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
