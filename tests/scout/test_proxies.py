"""Whose word counts for the client's address and the scheme."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from scout.proxies import TrustedProxiesMiddleware, address, networks


@pytest.fixture(autouse=True)
def _proxies(settings: Any) -> None:
    settings.TRUSTED_NETWORKS = networks(["10.0.0.0/8", "192.0.2.7", "fd00::/8"])
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def through(remote: str, **headers: str) -> HttpRequest:
    """The request as views see it."""
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)
    TrustedProxiesMiddleware(lambda r: HttpResponse())(request)
    return request


def test_it_works() -> None:
    request = through("10.1.2.3", **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("203.0.113.9", True)


def test_strangers_are_not_believed() -> None:
    request = through("198.51.100.1", **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("198.51.100.1", False)
    assert "X-Forwarded-For" not in request.headers


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("", "10.0.0.1"),
        ("203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what stands to the left a client may have made up
        ("203.0.113.9, 10.0.0.2, 192.0.2.7", "203.0.113.9"),
        ("10.9.9.9, 10.0.0.2", "10.9.9.9"),  # all of ours: the farthest
        ("203.0.113.9, nonsense, 10.0.0.2", "10.0.0.2"),
        ("nonsense", "10.0.0.1"),
        ("203.0.113.9:1234", "203.0.113.9"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("," * 5_000, "10.0.0.1"),
    ],
)
def test_the_right_most_that_is_not_ours(said: str, client: str) -> None:
    assert through("10.0.0.1", **{"X-Forwarded-For": said}).META["REMOTE_ADDR"] == client


@pytest.mark.parametrize(("said", "secure"), [("https", True), ("http", False), ("https, http", False), ("http,https", True), ("", False)])
def test_scheme_is_what_the_nearest_proxy_says(said: str, secure: bool) -> None:
    assert through("192.0.2.7", **{"X-Forwarded-Proto": said}).is_secure() is secure


def test_without_proxies_nothing_is_believed(settings: Any) -> None:
    settings.TRUSTED_NETWORKS = []
    assert not through("127.0.0.1", **{"X-Forwarded-Proto": "https"}).is_secure()


def test_a_server_that_names_no_client() -> None:
    assert through("", **{"X-Forwarded-For": "203.0.113.9"}).META["REMOTE_ADDR"] == ""


@pytest.mark.parametrize("word", ["10.0.0.0/33", "proxy.example", "", "10.0.0.1 10.0.0.2"])
def test_what_is_no_network(word: str) -> None:
    with pytest.raises(ValueError, match="must be addresses or networks"):
        networks([word])


@given(st.text(max_size=60))
def test_no_address_breaks_it(said: str) -> None:
    assert address(said) == address(address(said))
