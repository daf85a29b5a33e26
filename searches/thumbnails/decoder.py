"""A process of its own for decoding pictures. What a hostile picture can do to a decoder, it does to that process: it has no
database, no network connections of ours and little memory, and is ended when it takes too long.

It is nice to everything else on the machine, too: searches come first. Threads of the worker could not be so: one that waits for
the processor while it holds Python's lock keeps the others waiting, in the middle of a write to the database.
"""

import struct
import subprocess
import sys
import threading

from django.conf import settings

from searches.thumbnails.picture import Picture, Unreadable

SECONDS = 20.0  # a decoder that is nice may wait long for its turn on a busy machine


class Decoder:
    """`remade` of picture.py in another process, one picture at a time. Started when it is needed, and again when it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def remade(self, content: bytes) -> Picture:
        """The picture made anew. Raises Unreadable, also where the process died of it or took too long."""
        with self._lock:
            process = self._running()
            dog = threading.Timer(SECONDS, process.kill)
            dog.start()
            try:
                return _exchange(process, content)
            except (OSError, struct.error):
                process.kill()
                process.wait()
                raise Unreadable("the decoder died") from None
            finally:
                dog.cancel()

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "searches.thumbnails.picture"]
            # Nothing of our environment: it holds secrets.
            self._process = subprocess.Popen(command, cwd=settings.BASE_DIR, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process


def _exchange(process: subprocess.Popen[bytes], content: bytes) -> Picture:
    if process.stdin is None or process.stdout is None:
        raise OSError
    process.stdin.write(struct.pack(">I", len(content)) + content)
    process.stdin.flush()
    width, height, length = struct.unpack(">III", process.stdout.read(12))
    found = process.stdout.read(length)
    if len(found) < length:
        raise OSError
    if not width:
        raise Unreadable(found.decode())
    return Picture(found, width, height)
