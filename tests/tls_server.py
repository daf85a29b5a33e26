"""A small HTTPS server for tests, with an authority of its own: it answers each path with the bytes a test gives it."""

import contextlib
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Say = Callable[[socket.socket, str], None]


def certificate(folder: Path, *hosts: str) -> Path:
    """A certificate for these hosts that is its own authority, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Scout's tests")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{hosts[0]}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TLSServer:
    """Listens on loopback. `say[path]` is what is sent for a path, as bytes or by a function; `asked` is every request head."""

    def __init__(self, pem: Path) -> None:
        self.say: dict[str, bytes | Say] = {}
        self.asked: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _address = self._listening.accept()
                threading.Thread(target=self._answer, args=(plain,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain, self._context.wrap_socket(plain, server_side=True) as sock:
            head = b""
            while b"\r\n\r\n" not in head and (more := sock.recv(65_536)):
                head += more
            head, _, body = head.partition(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            while len(body) < length and (more := sock.recv(65_536)):
                body += more
            self.asked.append(f"{head.decode('latin-1')}\r\n")
            path = head.split(b" ")[1].decode() if head.count(b" ") > 1 else ""
            said = self.say.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if callable(said):
                said(sock, path)
            else:
                sock.sendall(said)


def ok(body: bytes, kind: str = "image/jpeg", *more: str) -> bytes:
    """A whole 200 with this body."""
    head = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def moved(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def dripping(head: bytes, seconds: float = 30, every: float = 0.02) -> Say:
    """The head, and after that a byte now and then."""

    def say(sock: socket.socket, _path: str) -> None:
        sock.sendall(head)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            sock.sendall(b"x")
            time.sleep(every)

    return say


@contextlib.contextmanager
def serving(pem: Path) -> Iterator[TLSServer]:
    server = TLSServer(pem)
    try:
        yield server
    finally:
        server.close()
