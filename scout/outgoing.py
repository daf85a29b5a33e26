"""The one guard for addresses that came from outside: pictures of posts, and whatever people may name.

Each request is held to `Rules`: https on its own port, no user in the address, a host that is allowed. The host is resolved
once, every address that comes back must be public, and the connection is made to that very address: a name that means
something else a moment later (DNS rebinding) gains nothing. TLS is verified against the name. Redirects pass the same
guard. Size and time are bounded as a whole, so that neither a lie about the length nor a byte a second helps.

Proxies that the environment names are not used: they would resolve the name again, by themselves.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import idna

from scout.addresses import Address, is_public, resolve
from scout.bounded import Bounded, left

MAX_URL = 2_000
_HTTPS = 443
_CHUNK = 65_536
_REDIRECTS = {301, 302, 303, 307, 308}
_ADDRESSES = 3  # of a host with many, how many are tried


class OutgoingError(Exception):
    """No answer. `kind` is a short word for rows and logs; the text names no more of the address than its host."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind


class Refused(OutgoingError):
    """The guard says no, and will again: this address is not to be asked, or what it sends is not to be read."""


class Unreachable(OutgoingError):
    """It did not answer in time, or not in HTTP. It may, later."""


@dataclass(frozen=True)
class Rules:
    """What one kind of request may do. Times in seconds, sizes in bytes.

    `hosts` says of a host name (lower case, ASCII) whether it is allowed. `loopback` is the origin of a sandbox on this
    machine, such as http://127.0.0.1:9100: the one that may be asked without TLS, and only on a loopback address.
    """

    hosts: Callable[[str], bool]
    most_bytes: int
    seconds: float = 10.0
    connect_seconds: float = 3.0
    redirects: int = 0
    loopback: str = ""


@dataclass(frozen=True)
class Answer:
    """A complete answer of any status that is no redirect, its header names in lower case. `url` is the address that gave it."""

    status: int
    body: bytes
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """An address that is fit to be asked: what to connect to, and the name that it must prove."""

    host: str
    path: str
    port: int = _HTTPS
    tls: bool = True
    loopback: bool = False


def request(method: str, url: str, rules: Rules, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    """Ask `url` within the rules. Raises Refused or Unreachable. Redirects are followed by GET alone; for other methods, and
    beyond `rules.redirects`, one is Refused. Another host is not shown the caller's headers."""
    deadline = time.monotonic() + rules.seconds
    target, shown = checked(url, rules), dict(headers or {})
    for followed in range(rules.redirects + 1):
        status, found, content = _ask(method, target, rules, deadline, shown, body)
        if status not in _REDIRECTS:
            return Answer(status, content, url, found)
        if method != "GET" or followed == rules.redirects:
            break
        url, before = _follow(url, found.get("location", "")), target
        target = checked(url, rules)
        shown = shown if target.host == before.host else {}
    raise Refused("redirect", target.host)


def checked(url: str, rules: Rules) -> Target:
    """Where this address leads, without asking anybody; Refused where the rules forbid it by its letters alone."""
    if len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        raise Refused("bad-address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("bad-address") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if "@" in parts.netloc or not path.isascii():
        raise Refused("bad-address")
    if rules.loopback and f"{parts.scheme}://{parts.netloc}" == rules.loopback:
        secure = parts.scheme == "https"
        return Target(host, path, port or (_HTTPS if secure else 80), secure, loopback=True)
    host = _ascii(host)
    if parts.scheme != "https":
        raise Refused("not-https", host)
    if port not in (None, _HTTPS):
        raise Refused("port", host)
    if not rules.hosts(host):
        raise Refused("host", host)
    return Target(host, path)


def under(domains: Iterable[str]) -> Callable[[str], bool]:
    """Allows these domains and everything below them."""
    names = tuple(domain.lower().strip(".") for domain in domains)
    return lambda host: any(host == name or host.endswith(f".{name}") for name in names)


@cache
def tls() -> ssl.SSLContext:
    """Verifies certificates against the system's authorities, and their names."""
    return ssl.create_default_context()


def dial(address: Address, port: int, seconds: float) -> socket.socket:
    """A connection to this address, and to no other."""
    return socket.create_connection((str(address), port), timeout=seconds)


def _follow(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Refused("bad-address") from None


def _ascii(host: str) -> str:
    """A host name in letters, digits, dots and hyphens. An IPv6 address is none: nobody's public address is given so."""
    host = host.removesuffix(".")
    try:
        host = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise Refused("bad-host") from None
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) < 64 and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        raise Refused("bad-host")
    return host


def _ask(
    method: str, target: Target, rules: Rules, deadline: float, headers: dict[str, str], body: bytes | None
) -> tuple[int, dict[str, str], bytes]:
    """One exchange on one connection: status, headers (lower case) and the body, unless it is a redirect's."""
    host = target.host if target.port == _HTTPS else f"{target.host}:{target.port}"
    try:
        with _connect(target, rules, deadline) as sock:
            connection: Any = http.client.HTTPConnection(target.host, target.port)
            connection.sock = Bounded(sock, deadline)  # set beforehand, so that http.client connects nowhere by itself
            connection.request(method, target.path, body, {**headers, "Host": host, "Accept-Encoding": "identity", "Connection": "close"})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            content = b"" if response.status in _REDIRECTS else _read(response, rules.most_bytes, target.host)
            return response.status, found, content
    except TimeoutError:
        raise Unreachable("timeout", target.host) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable("broken", f"{target.host} ({type(error).__name__})") from None


def _connect(target: Target, rules: Rules, deadline: float) -> socket.socket:
    """A connection to a checked address of the target, TLS spoken and verified."""
    addresses = resolve(target.host, left(deadline))
    # All of them: a host with one public and one private address waits for us to take the other.
    if not all(address.is_loopback if target.loopback else is_public(address) for address in addresses):
        raise Refused("private-address", target.host)
    for address in addresses[:_ADDRESSES]:
        try:
            plain = dial(address, target.port, min(rules.connect_seconds, left(deadline)))
        except OSError:
            continue
        return _secured(plain, target.host, deadline) if target.tls else plain
    raise Unreachable("connect" if addresses else "dns", target.host)


def _secured(plain: socket.socket, host: str, deadline: float) -> ssl.SSLSocket:
    try:
        plain.settimeout(left(deadline))
        return tls().wrap_socket(plain, server_hostname=host)
    except OSError as error:
        plain.close()
        raise Unreachable("tls", f"{host} ({type(error).__name__})") from None


def _read(response: http.client.HTTPResponse, most: int, host: str) -> bytes:
    if response.length is not None and response.length > most:
        raise Refused("too-large", host)
    content = bytearray()
    while chunk := response.read(min(_CHUNK, most + 1 - len(content))):
        content += chunk
        if len(content) > most:
            raise Refused("too-large", host)
    if response.length:
        raise Unreachable("broken", f"{host} (cut short)")
    return bytes(content)
