"""Which proxies in front are believed, and what: the client's address and the scheme, from those named in TRUSTED_PROXIES."""

import ipaddress
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(words: Iterable[str]) -> list[Network]:
    """Addresses and networks (10.0.0.0/8) as networks. ValueError, with the word, for what is neither."""
    found = []
    for word in words:
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            raise ValueError(f"must be addresses or networks like 10.0.0.0/8, not {word!r}") from None
    return found


def address(said: str) -> str:
    """An address as it is compared and kept, without port, zone and IPv4's clothes in IPv6; empty when it is none."""
    bare = said.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def trusted(said: str) -> bool:
    """Whether this is the address of one of our proxies."""
    bare = address(said)
    return bool(bare) and any(ipaddress.ip_address(bare) in network for network in settings.TRUSTED_NETWORKS)


class TrustedProxiesMiddleware:
    """Makes REMOTE_ADDR the client's address, and leaves X-Forwarded-Proto only where a proxy of ours has said it.

    X-Forwarded-For is read from its right end, where our own proxies write: the right-most address that is not one of
    theirs. What stands left of it a client may have made up. To stand before whatever asks for address or scheme.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        said, scheme = meta.pop("HTTP_X_FORWARDED_FOR", ""), meta.pop("HTTP_X_FORWARDED_PROTO", "")
        meta["REMOTE_ADDR"] = nearest = address(meta.get("REMOTE_ADDR") or "")
        if trusted(nearest):
            if scheme:
                meta["HTTP_X_FORWARDED_PROTO"] = scheme.rpartition(",")[2].strip()
            for hop in reversed(said.split(",")[-20:]):
                if not address(hop):
                    break
                meta["REMOTE_ADDR"] = address(hop)
                if not trusted(hop):
                    break
        return self.get_response(request)
