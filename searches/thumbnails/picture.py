"""A picture made anew from bytes that are not to be trusted: whatever they hold besides pixels is gone afterwards.

JPEG, since it costs a tenth of WebP's processor time for a third more bytes; reduced by whole numbers alone, since scaling by
others costs more than all else together (16 ms of 20 for a cover of 720 x 1280, which is 4 ms as it is).

Run as a program it does so for decoder.py, and imports nothing else of Scout.
"""

import io
import math
import os
import resource
import struct
import sys
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps

WIDEST, TALLEST = 720, 1_280  # what platforms mostly give; a card is up to 300 pixels wide, and screens have two for one
MOST_PIXELS = 40_000_000
QUALITY = 75
#: What is tried at all. Pillow knows dozens of formats, whose decoders need not meet hostile bytes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_NICE = 15
_MEMORY = 1024**3  # 40 million pixels, twice over, and what Python takes itself
_BEHIND = (236, 236, 236)  # shows through where a picture is transparent


class Unreadable(Exception):
    """These bytes are no picture, or one that is not to be decoded."""


class Picture(NamedTuple):
    """A JPEG of at most 720 x 1280."""

    content: bytes
    width: int
    height: int


def remade(content: bytes) -> Picture:
    """The first frame of a picture, upright, reduced where it is larger, as JPEG without metadata. Raises Unreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes and of broken metadata; both are dealt with here
        try:
            return _remade(content)
        except Unreadable:
            raise
        except Exception as error:
            # Hostile bytes find every way for a decoder to fail, and not one of them is to end the job.
            raise Unreadable(type(error).__name__) from None


def _remade(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise Unreadable("too many pixels")
        times = _times(opened)
        # JPEG alone: decoded at a half, a quarter, an eighth.
        opened.draft("RGB", (max(1, opened.width // times), max(1, opened.height // times)))
        ImageOps.exif_transpose(opened, in_place=True)
        image = _opaque(opened)
        if (times := _times(image)) > 1:
            image = image.reduce(times)
        out = io.BytesIO()
        image.info.clear()  # save() would pass on what is in there
        image.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), image.width, image.height)


def _times(image: Image.Image) -> int:
    """How many times too large it is, as a whole number; 1 where it fits."""
    return max(1, math.ceil(image.width / WIDEST), math.ceil(image.height / TALLEST))


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    behind = Image.new("RGBA", image.size, _BEHIND)
    behind.alpha_composite(image.convert("RGBA"))
    return behind.convert("RGB")


def serve() -> None:
    """Pictures from standard input, made anew, to standard output, until there are no more. A request is its length and the
    content; an answer width, height, length and content, or the reason with a width of 0."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    while head := sys.stdin.buffer.read(4):
        try:
            made = remade(sys.stdin.buffer.read(*struct.unpack(">I", head)))
        except Unreadable as error:
            made = Picture(str(error).encode(), 0, 0)
        sys.stdout.buffer.write(struct.pack(">III", made.width, made.height, len(made.content)) + made.content)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
