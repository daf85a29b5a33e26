"""What the tests of accounts share: browsers, mail that was sent, its links."""

import re
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client

from tests.cast import PASSWORD
from tests.waiting import until

NEW_PASSWORD = "another-long-one-42"


def sign_in(client: Client, username: str, password: str = PASSWORD, address: str = "127.0.0.1", **more: Any) -> HttpResponse:
    return client.post("/sign-in", {"username": username, "password": password, **more}, REMOTE_ADDR=address)


def browser(username: str, agent: str = "") -> Client:
    """A browser that has signed in at the door."""
    client = Client(headers={"user-agent": agent} if agent else None)
    assert sign_in(client, username).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def mails(count: int) -> list[EmailMessage]:
    """What was sent, once there are so many."""
    until(lambda: len(mail.outbox) >= count)
    assert len(mail.outbox) == count
    return mail.outbox


def link_in(message: EmailMessage, path: str) -> str:
    """The path of the link in a mail."""
    (found,) = re.findall(rf"https?://[^/\s]+({path}\S*)", str(message.body))
    return str(found)


def sign_up(client: Client, username: str = "dora", email: str = "dora@example.com", password: str = NEW_PASSWORD) -> HttpResponse:
    return client.post("/sign-up", {"username": username, "email": email, "password": password})
