"""The guard of outgoing requests: a real server over TLS; what is made up is DNS, and where packets for a public address go."""

import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from scout import addresses, outgoing
from scout.addresses import Address, is_public
from scout.outgoing import OutgoingError, Refused, Rules, Unreachable, checked, request, under
from tests.internet import PUBLIC, Internet, connected
from tests.tls_server import certificate, dripping, moved, ok

HOST = "p16.cdn.example"
RULES = Rules(under(["cdn.example"]), most_bytes=100_000, seconds=3, redirects=3)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), HOST, "other.cdn.example", "evil.example")


@pytest.fixture
def internet(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with connected(pem, monkeypatch) as found:
        found.names |= {HOST: [PUBLIC], "other.cdn.example": [PUBLIC], "evil.example": [PUBLIC]}
        yield found


def refused(url: str, rules: Rules = RULES) -> str:
    with pytest.raises(Refused) as told:
        request("GET", url, rules)
    return told.value.kind


def unreachable(url: str, rules: Rules = RULES) -> str:
    with pytest.raises(Unreachable) as told:
        request("GET", url, rules)
    return told.value.kind


def test_it_works(internet: Internet) -> None:
    internet.server.say["/a.jpg?x=1"] = ok(b"picture")
    answer = request("GET", f"https://{HOST}/a.jpg?x=1", RULES, {"Accept": "image/jpeg"})
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"picture", "image/jpeg")
    assert internet.dialled == [f"{PUBLIC}:443"]
    head = internet.server.asked[0]
    assert head.startswith("GET /a.jpg?x=1 HTTP/1.1\r\n")
    assert f"Host: {HOST}\r\n" in head
    assert "Accept: image/jpeg\r\n" in head


def test_other_statuses_are_answers(internet: Internet) -> None:
    assert request("GET", f"https://{HOST}/gone", RULES).status == 404


def test_a_post(internet: Internet) -> None:
    internet.server.say["/hook"] = ok(b"{}", "application/json")
    request("POST", f"https://{HOST}/hook", RULES, {"Content-Type": "application/json"}, b'{"a":1}')
    assert "POST /hook HTTP/1.1" in internet.server.asked[0]
    assert "Content-Length: 7" in internet.server.asked[0]


# By its letters.


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://{HOST}/a", "not-https"),
        (f"ftp://{HOST}/a", "not-https"),
        ("file:///etc/passwd", "bad-host"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "not-https"),
        (f"https://{HOST}:8443/a", "port"),
        (f"https://{HOST}:22/", "port"),
        (f"https://{HOST}:99999/", "bad-address"),
        (f"https://user:secret@{HOST}/a", "bad-address"),
        (f"https://{HOST}@evil.example/a", "bad-address"),
        (f"https://evil.example\\@{HOST}/a", "bad-address"),
        ("https://evil.example/a", "host"),
        (f"https://{HOST}.evil.example/a", "host"),
        ("https://notcdn.example/a", "host"),
        ("https://127.0.0.1/a", "host"),
        ("https://2130706433/a", "host"),
        ("https://0x7f.1/a", "host"),
        ("https://[::1]/a", "bad-host"),
        ("https://[::ffff:127.0.0.1]/a", "bad-host"),
        ("https://[/a", "bad-address"),
        ("https:///a", "bad-host"),
        ("https://localhost/a", "host"),
        ("https://cdn。example.evil.example/a", "host"),
        (f"https://{HOST}/a b", "bad-address"),
        (f"https://{HOST}/a\r\nX-Evil: 1", "bad-address"),
        (f"https://{HOST}/\u00e9", "bad-address"),
        (f"https://{HOST}/" + "a" * 2_000, "bad-address"),
        (f"https://{'a' * 64}.cdn.example/", "bad-host"),
        ("https://a..cdn.example/", "bad-host"),
        ("https://xn--.cdn.example/", "host?"),
        ("", "bad-host"),
    ],
)
def test_addresses_that_are_never_asked(internet: Internet, url: str, why: str) -> None:
    if why == "host?":
        assert unreachable(url) == "dns"
    else:
        assert refused(url) == why
    assert internet.dialled == []


@pytest.mark.parametrize("host", ["P16.CDN.Example", "p16.cdn.example.", "ｐ16.cdn.example", "p16。cdn.example"])
def test_one_host_written_in_several_ways(internet: Internet, host: str) -> None:
    assert checked(f"https://{host}/a", RULES).host == HOST


def test_names_of_other_alphabets_are_asked_for_in_theirs() -> None:
    assert checked("https://straße.example/", Rules(lambda host: True, 1)).host == "xn--strae-oqa.example"


def test_domains_are_matched_whole() -> None:
    allowed = under(["cdn.example", ".Other.Example."])
    assert [allowed(h) for h in ("cdn.example", "a.b.cdn.example", "other.example")] == [True] * 3
    assert [allowed(h) for h in ("xcdn.example", "cdn.example.org", "example", "")] == [False] * 4


# By what the name means.


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.9", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::",
        "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(internet: Internet, address: str) -> None:
    assert not is_public(ip_address(address))
    internet.names[HOST] = [address]
    assert refused(f"https://{HOST}/a") == "private-address"
    assert internet.dialled == []


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111", "2a00::1"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_one_private_address_among_public_ones_is_enough(internet: Internet) -> None:
    internet.names[HOST] = [PUBLIC, "127.0.0.1"]
    assert refused(f"https://{HOST}/a") == "private-address"


def test_a_scoped_address(internet: Internet) -> None:
    internet.names[HOST] = ["fe80::1%eth0"]
    assert refused(f"https://{HOST}/a") == "private-address"


def test_a_name_that_changes_its_mind_gains_nothing(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is checked, loopback a moment later. It is asked once, and that address is dialled."""
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 0)) for found in answers[len(asked) - 1]]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", rebinding)
    internet.server.say["/a"] = ok(b"picture")
    assert request("GET", f"https://{HOST}/a", RULES).body == b"picture"
    assert (asked, internet.dialled) == ([HOST], [f"{PUBLIC}:443"])
    assert refused(f"https://{HOST}/a") == "private-address"  # the next request looks anew


def test_an_unknown_name(internet: Internet) -> None:
    assert unreachable("https://nobody.cdn.example/a") == "dns"


def test_a_resolver_that_hangs(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    began = time.monotonic()
    assert unreachable(f"https://{HOST}/a", Rules(RULES.hosts, 1_000, seconds=0.3)) == "timeout"
    assert time.monotonic() - began < 1.5


def test_the_next_address_where_the_first_is_silent(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    internet.names[HOST] = ["93.184.216.33", PUBLIC]
    internet.server.say["/a"] = ok(b"picture")
    dial = internet.dial

    def choosy(address: Address, port: int, seconds: float) -> socket.socket:
        if str(address).endswith("33"):
            raise TimeoutError
        return dial(address, port, seconds)

    monkeypatch.setattr(outgoing, "dial", choosy)
    assert request("GET", f"https://{HOST}/a", RULES).body == b"picture"


def test_nobody_there(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any) -> socket.socket:
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing, "dial", nobody)
    assert unreachable(f"https://{HOST}/a") == "connect"


# TLS.


def test_a_certificate_of_another_name(internet: Internet) -> None:
    internet.names["wrong.cdn.example"] = [PUBLIC]
    assert unreachable("https://wrong.cdn.example/a") == "tls"
    assert internet.server.asked == []


def test_a_certificate_that_nobody_vouches_for(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "tls", ssl.create_default_context)
    assert unreachable(f"https://{HOST}/a") == "tls"


def test_our_own_context_verifies() -> None:
    context = outgoing.tls()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


# Redirects.


def test_redirects_are_followed_within_the_rules(internet: Internet) -> None:
    internet.server.say |= {"/a": moved("/b"), "/b": moved("https://other.cdn.example/c", 307), "/c": ok(b"picture")}
    answer = request("GET", f"https://{HOST}/a", RULES, {"X-Key": "secret"})
    assert (answer.body, answer.url) == (b"picture", "https://other.cdn.example/c")
    assert ["X-Key" in head for head in internet.server.asked] == [True, True, False]


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://127.0.0.1/latest/meta-data", "not-https"),
        ("https://127.0.0.1/", "host"),
        ("//169.254.169.254/", "host"),
        ("https://evil.example/a", "host"),
        ("file:///etc/passwd", "bad-host"),
        ("https://private.cdn.example/", "private-address"),
        ("https://[", "bad-address"),
        ("https://user@other.cdn.example/", "bad-address"),
    ],
)
def test_redirects_to_elsewhere(internet: Internet, to: str, why: str) -> None:
    internet.names["private.cdn.example"] = ["127.0.0.1"]
    internet.server.say["/a"] = moved(to)
    assert refused(f"https://{HOST}/a") == why
    assert len(internet.server.asked) == 1


def test_redirects_without_end(internet: Internet) -> None:
    internet.server.say["/a"] = moved("/a")
    assert refused(f"https://{HOST}/a") == "redirect"
    assert len(internet.server.asked) == 4


def test_no_redirects_where_none_are_allowed(internet: Internet) -> None:
    internet.server.say |= {"/a": moved("/b"), "/b": ok(b"")}
    assert refused(f"https://{HOST}/a", Rules(RULES.hosts, 1_000)) == "redirect"
    with pytest.raises(Refused):
        request("POST", f"https://{HOST}/a", RULES, body=b"x")
    assert len(internet.server.asked) == 2


# Size and time.


def test_ten_gigabytes_are_not_read(internet: Internet) -> None:
    internet.server.say["/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n" + b"x" * 1_000
    assert refused(f"https://{HOST}/a") == "too-large"


def test_more_than_was_allowed_without_a_length(internet: Internet) -> None:
    internet.server.say["/a"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000
    assert refused(f"https://{HOST}/a") == "too-large"


def test_more_than_was_allowed_in_chunks(internet: Internet) -> None:
    internet.server.say["/a"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + (b"x" * 0x4000 + b"\r\n4000\r\n") * 20
    )
    assert refused(f"https://{HOST}/a") == "too-large"


@pytest.mark.parametrize("more", [(), ("Connection: close",), ("Connection: keep-alive",)])
def test_exactly_as_much_as_is_allowed(internet: Internet, more: tuple[str, ...]) -> None:
    internet.server.say["/a"] = ok(b"x" * 100_000, "image/jpeg", *more)
    assert len(request("GET", f"https://{HOST}/a", RULES).body) == 100_000


def test_a_body_that_is_cut_short(internet: Internet) -> None:
    internet.server.say["/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 100
    assert unreachable(f"https://{HOST}/a") == "broken"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HT",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: ",
    ],
)
def test_a_byte_now_and_then_is_not_waited_for(internet: Internet, head: bytes) -> None:
    internet.server.say["/a"] = dripping(head)
    began = time.monotonic()
    with pytest.raises(OutgoingError):
        request("GET", f"https://{HOST}/a", Rules(RULES.hosts, 100_000, seconds=0.5))
    assert time.monotonic() - began < 2.5


def test_silence(internet: Internet) -> None:
    internet.server.say["/a"] = lambda sock, _path: time.sleep(3)
    assert unreachable(f"https://{HOST}/a", Rules(RULES.hosts, 1_000, seconds=0.3)) == "timeout"


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 two OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" * 200]
)
def test_what_is_no_http(internet: Internet, said: bytes) -> None:
    internet.server.say["/a"] = said
    assert unreachable(f"https://{HOST}/a") == "broken"


def test_errors_name_no_more_than_the_host(internet: Internet) -> None:
    internet.server.say["/a?signature=secret"] = b""
    with pytest.raises(Unreachable) as told:
        request("GET", f"https://{HOST}/a?signature=secret", RULES)
    assert "secret" not in str(told.value)


def test_proxies_of_the_environment_are_not_used(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    internet.server.say["/a"] = ok(b"picture")
    assert request("GET", f"https://{HOST}/a", RULES).body == b"picture"


# The sandbox on this machine.


def test_the_sandbox_may_be_asked_where_it_is_named(sandbox: Any) -> None:
    origin = sandbox.address
    rules = Rules(under([]), 100_000, loopback=origin)
    assert request("GET", f"{origin}/pictures/1.jpg", rules).headers["content-type"] == "image/jpeg"
    for other in (
        origin.replace("http:", "https:"),
        "http://127.0.0.1:1",
        origin.replace("127.0.0.1", "localhost"),
        f"http://u@{origin[7:]}",
    ):
        assert refused(f"{other}/pictures/1.jpg", rules) in {"host", "not-https", "port", "bad-address"}
    assert refused(f"{origin}/pictures/1.jpg", Rules(under(["127.0.0.1"]), 100_000)) == "not-https"


def test_a_sandbox_that_is_elsewhere_is_not_asked(internet: Internet) -> None:
    internet.names["sandbox.example"] = [PUBLIC]
    assert refused("http://sandbox.example:9100/a", Rules(under([]), 1_000, loopback="http://sandbox.example:9100")) == "private-address"
