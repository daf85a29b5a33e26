"""HTTP/1.1 plumbing: a thread per kept-alive connection, one write per answer, silent.

The request head is read by hand because `http.server` spends more time on headers (through `email.parser`)
than a look-alike spends on a whole answer.
"""

import contextlib
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from socketserver import StreamRequestHandler
from typing import Any

from scout.sandbox.wire import Fate, Request, Response, json_response, split_target

Handler = Callable[[Request], Response]

MAX_BODY = 64 * 1024 * 1024
MAX_LINE = 256 * 1024
IDLE_SECONDS = 300
REASONS = {status.value: status.phrase for status in HTTPStatus}


class MalformedRequestError(Exception):
    """The bytes on the connection are not a request this server can read; the connection is closed."""


class Connection(StreamRequestHandler):
    """One kept-alive connection: reads requests and writes answers until either side closes."""

    server: "Server"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A peer that went away or sent rubbish: nobody is left to answer.
        with contextlib.suppress(OSError, MalformedRequestError):
            while self._exchange():
                pass

    def _exchange(self) -> bool:
        line = self.rfile.readline(MAX_LINE).strip()
        if not line:
            return False
        method, target, version = self._request_line(line)
        headers = self._headers()
        body = self._body(headers)
        path, query = split_target(target)
        response = self.server.answer(Request(method, path, query, headers, body, self.client_address[0]))
        keep = headers.get("connection", "").lower() != "close" and version != "HTTP/1.0"
        return self._send(response, method, keep) and keep

    def _request_line(self, line: bytes) -> tuple[str, str, str]:
        parts = line.decode("latin-1").split()
        if len(parts) != 3:
            raise MalformedRequestError(line)
        return parts[0].upper(), parts[1], parts[2]

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(MAX_LINE)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise MalformedRequestError(length)
        body = self.rfile.read(int(length)) if length != "0" else b""
        if len(body) != int(length):
            raise MalformedRequestError("body shorter than announced")
        return body

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := self._chunk_size():
            parts.append(self.rfile.read(size))
            self.rfile.readline(MAX_LINE)
            if sum(map(len, parts)) > MAX_BODY:
                raise MalformedRequestError("body too large")
        while self.rfile.readline(MAX_LINE) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)

    def _chunk_size(self) -> int:
        try:
            return int(self.rfile.readline(MAX_LINE).split(b";")[0], 16)
        except ValueError as error:
            raise MalformedRequestError("chunk size") from error

    def _send(self, response: Response, method: str, keep: bool) -> bool:
        if response.fate is Fate.DROPPED:
            return False
        head = [
            f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}",
            f"Content-Type: {response.content_type}",
            f"Content-Length: {len(response.body)}",
            f"Connection: {'keep-alive' if keep else 'close'}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        body = b"" if method == "HEAD" else response.body
        if response.fate is Fate.CUT:
            body = body[: len(body) // 2]
        self.wfile.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        return response.fate is Fate.WHOLE


class Server(ThreadingHTTPServer):
    """Serves one handler. Connections are daemon threads, so a long poll never holds up the exit."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 2048
    allow_reuse_address = True

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        self._handler = handler
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Connection)

    def server_bind(self) -> None:
        # The inherited one looks its own name up in DNS, which can hang for seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A connection that broke while it was being closed is nobody's business."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc(file=sys.stderr)

    def answer(self, request: Request) -> Response:
        try:
            return self._handler(request)
        except Exception:
            # A fault of the sandbox itself must not look like a dropped connection.
            traceback.print_exc(file=sys.stderr)
            error = {"type": "internal-server-error", "message": "The sandbox itself failed; its log has the reason."}
            return json_response({"error": error}, 500)

    @property
    def url(self) -> str:
        return f"http://{self.server_name}:{self.server_port}"

    def start(self, poll_seconds: float = 0.1) -> None:
        """Serves from a thread of its own; `poll_seconds` is how soon it notices that it is to stop."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": poll_seconds}, daemon=True).start()

    def stop(self) -> None:
        """Ends kept-alive connections too, as the end of the process would."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
