"""The files of kept pictures, in SCOUT_DATA/thumbnails. A name is a digest of the post's key, so no key can lead out of it.

A file's time is when it was last asked for, to the day: looking at a picture then writes nothing into the database.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

SUFFIX = ".jpg"
_DAY = 86_400


class File(NamedTuple):
    """A file of the folder; `name` is name_of(its key)."""

    name: str
    size: int
    used_at: float


def digest_of(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def name_of(key: str) -> str:
    return blake2b(key.encode(), digest_size=20).hexdigest()


def write(key: str, content: bytes) -> None:
    """Put a picture there, whole or not at all."""
    path = _path(name_of(key))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise


def read(key: str) -> bytes | None:
    """The picture, if it is there."""
    path = _path(name_of(key))
    try:
        with path.open("rb") as file:
            if time.time() - os.fstat(file.fileno()).st_mtime > _DAY:
                os.utime(path)
            return file.read()
    except OSError:
        return None


def remove(name: str) -> None:
    with contextlib.suppress(OSError):
        _path(name).unlink()


def files() -> Iterator[File]:
    """Everything in the folder, also what was left unfinished."""
    root = settings.DATA / "thumbnails"
    for shelf in sorted(root.iterdir()) if root.is_dir() else []:
        with os.scandir(shelf) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    told = entry.stat()
                    yield File(shelf.name + entry.name.removesuffix(SUFFIX), told.st_size, told.st_mtime)


def _path(name: str) -> Path:
    end = "" if name.endswith(".tmp") else SUFFIX
    path: Path = settings.DATA / "thumbnails" / name[:2] / (name[2:] + end)
    return path
