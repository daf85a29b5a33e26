"""Where mail goes, in the shape Django wants: written to standard output unless EMAIL_URL names a server."""

from typing import Any
from urllib.parse import unquote, urlsplit

import environ

_SHAPE = "must look like smtp://[user:password@]host:port, smtps:// for TLS, or consolemail:// for standard output"
SECONDS = 10  # that a server may take to answer: behind the mail stands a person


def parse(url: str) -> dict[str, Any]:
    """Django's EMAIL_* settings. ValueError, without the password in it, when the URL is not one.

    smtps is TLS from the first byte on port 465, and STARTTLS on any other, which is what servers speak there.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        if parts.scheme not in environ.Env.EMAIL_SCHEMES or parts.query or parts.fragment:
            raise ValueError
        found: dict[str, Any] = environ.Env.email_url_config(url)
    except ValueError:
        raise ValueError(_SHAPE) from None
    if found["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
        if not parts.hostname or parts.path.strip("/"):
            raise ValueError(_SHAPE)
        if parts.scheme == "smtps" and port == 465:
            found |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}
        found["EMAIL_PORT"] = port or (465 if found.get("EMAIL_USE_SSL") else 587 if found.get("EMAIL_USE_TLS") else 25)
    # django-environ reads a plus in a password as a space.
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return found | {"EMAIL_HOST_USER": user, "EMAIL_HOST_PASSWORD": password, "EMAIL_TIMEOUT": SECONDS}
