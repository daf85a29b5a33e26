"""Which addresses are of the open internet, and what a name resolves to, in bounded time."""

import queue
import socket
import threading
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
#: IANA's registry of special addresses, and multicast. Spelt out: what Python calls global differs between its patch releases.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
#: All that IANA has given out for public use. Outside of it lie ::1, mapped IPv4, NAT64, multicast and all local addresses.
_PUBLIC_6 = IPv6Network("2000::/3")
#: Inside of it: protocols (Teredo among them), documentation, 6to4, documentation again.
_NOT_PUBLIC_6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(address: Address) -> bool:
    """Whether this is an address of the open internet: none of this machine or its networks, and no way round to them."""
    if isinstance(address, IPv4Address):
        return not any(address in net for net in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in net for net in _NOT_PUBLIC_6)


def resolve(host: str, seconds: float) -> list[Address]:
    """Every address of a host, as the system knows it; none where it is unknown. TimeoutError after `seconds`: the system's
    resolver takes no time-out and may take half a minute, so it is asked in a thread that is left behind."""
    result: queue.SimpleQueue[list[Address]] = queue.SimpleQueue()
    threading.Thread(target=lambda: result.put(_looked_up(host)), daemon=True, name="resolve").start()
    try:
        return result.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None


def _looked_up(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
    except (OSError, ValueError):
        return []
