"""A socket on which everything together must be over by a deadline. A plain time-out begins anew with each byte that comes."""

import io
import socket
import time
from typing import Any

_BUFFER = 65_536


def left(deadline: float) -> float:
    """Seconds until the deadline (of time.monotonic); TimeoutError once there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class Bounded:
    """What http.client wants of a socket, bounded."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._deadline), _BUFFER)

    def close(self) -> None:
        """Nothing: http.client closes as soon as it has read the head, with the body still to come. Who made the socket closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(left(self._deadline))
        return self._sock.recv_into(buffer)
