"""EMAIL_URL, as Django wants it."""

import pytest

from scout.mail_server import parse


def test_it_works() -> None:
    found = parse("smtps://me%40x.example:p%2B%20w+@mail.example")
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example", 587, True)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me@x.example", "p+ w+")
    assert found["EMAIL_TIMEOUT"] == 10


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://h", 25, False, False),
        ("smtp://h:2525", 2525, False, False),
        ("smtps://h:587", 587, True, False),
        ("smtps://h:465", 465, False, True),
        ("smtp+ssl://h", 465, False, True),
        ("smtp+tls://h", 587, True, False),
    ],
)
def test_ports_and_tls(url: str, port: int, starttls: bool, tls: bool) -> None:
    found = parse(url)
    assert (found["EMAIL_PORT"], found.get("EMAIL_USE_TLS", False), found.get("EMAIL_USE_SSL", False)) == (port, starttls, tls)


def test_console() -> None:
    assert parse("consolemail://")["EMAIL_BACKEND"].endswith("console.EmailBackend")


@pytest.mark.parametrize("url", ["", "h", "http://u:hunter2@h", "smtp://u:hunter2@", "smtp://u:hunter2@h:x", "smtp://u:hunter2@[h"])
def test_what_is_none_says_no_password(url: str) -> None:
    with pytest.raises(ValueError, match="must look like smtp://") as refused:
        parse(url)
    assert "hunter2" not in str(refused.value)
