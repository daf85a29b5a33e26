"""An internet of one machine: names mean what a test says, and every address that is dialled leads to one real TLS server."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scout import addresses, outgoing
from scout.addresses import Address
from tests.tls_server import TLSServer, serving

PUBLIC = "93.184.216.34"


class Internet:
    """What names mean, who was looked up, and who was dialled."""

    def __init__(self, server: TLSServer) -> None:
        self.server = server
        self.names: dict[str, list[str]] = {}
        self.looked_up: list[str] = []
        self.dialled: list[str] = []

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.looked_up.append(host)
        if host not in self.names:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 0)) for found in self.names[host]]

    def dial(self, address: Address, port: int, seconds: float) -> socket.socket:
        self.dialled.append(f"{address}:{port}")
        sock = socket.socket()  # create_connection would ask the resolver that is made up here
        sock.settimeout(seconds)
        sock.connect(("127.0.0.1", self.server.port))
        return sock


@contextlib.contextmanager
def connected(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """The guard, on that internet."""
    with serving(pem) as server:
        found = Internet(server)
        monkeypatch.setattr(addresses.socket, "getaddrinfo", found.getaddrinfo)
        monkeypatch.setattr(outgoing, "dial", found.dial)
        monkeypatch.setattr(outgoing, "tls", lambda: ssl.create_default_context(cafile=str(pem)))
        yield found
