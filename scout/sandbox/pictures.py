"""Covers and avatars: a small landscape per id, 9:16, as JPEG. Drawn when asked for, so nothing is stored.

Pillow is imported with the first picture: all else in the sandbox needs the standard library alone, and starts at once.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING

from scout.sandbox.seeds import Dice
from scout.sandbox.wire import Request, Response

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

PREFIX = "/pictures/"
WIDTH, HEIGHT = 360, 640
_FINE = 2  # drawn so many times as large, then reduced: that is what makes the edges smooth
#: Sky above and below, the light in it, and the nearest hill; those behind lie between it and the sky.
PALETTES = (
    ("#ff6b6b", "#5f27cd", "#ffe66d", "#25104f"),
    ("#0abde3", "#c7f0f7", "#f7f1e3", "#10403b"),
    ("#341f97", "#f368e0", "#ffe3fa", "#190d4d"),
    ("#ff9f43", "#ffe0b8", "#fff3d6", "#7c1f2b"),
    ("#1dd1a1", "#d6fbe9", "#feca57", "#13384b"),
    ("#2c2c54", "#54a0ff", "#ff9ff3", "#15152e"),
    ("#0a3d62", "#e58e26", "#f8efba", "#061f33"),
    ("#78e08f", "#f3fbd0", "#fffbe6", "#06574f"),
    ("#eb3b5a", "#fdcb6e", "#fff5d9", "#3c1630"),
    ("#a29bfe", "#ffeaa7", "#ffffff", "#2d3561"),
)


def picture_path(id: str) -> str:
    """The path carries the id alone, so that any process can draw the picture."""
    return f"{PREFIX}{id}.jpg"


def serve(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Access-Control-Allow-Origin": "*"}
    return Response(200, draw(request.path.removeprefix(PREFIX).removesuffix(".jpg")), "image/jpeg", headers)


@lru_cache(maxsize=2_000)
def draw(id: str) -> bytes:
    """The JPEG of this id."""
    from PIL import ImageDraw

    dice = Dice("picture", id)
    above, below, light, near = map(_rgb, dice.pick(PALETTES))
    image = _sky(above, below)
    pen = ImageDraw.Draw(image, "RGBA")
    _light(pen, dice, light)
    layers = dice.whole(2, 4)
    for layer in range(layers):
        share = (layer + 1) / layers
        _hill(pen, dice, 0.42 + 0.46 * share, _mixed(below, near, 0.25 + 0.75 * share))
    for _spark in range(dice.whole(0, 14)):
        x, y, size = dice.between(0, WIDTH), dice.between(0, HEIGHT * 0.45), dice.between(0.8, 2.2)
        _disc(pen, x, y, size, (*light, dice.whole(90, 200)))
    out = io.BytesIO()
    image.reduce(_FINE).save(out, "JPEG", quality=82)
    return out.getvalue()


def _sky(above: tuple[int, int, int], below: tuple[int, int, int]) -> Image.Image:
    from PIL import Image

    column = Image.new("RGB", (1, 64))
    column.putdata([_mixed(above, below, min(1.0, y / 44)) for y in range(64)])
    return column.resize((WIDTH * _FINE, HEIGHT * _FINE), Image.Resampling.BILINEAR)


def _light(pen: ImageDraw.ImageDraw, dice: Dice, colour: tuple[int, int, int]) -> None:
    """A sun or a moon, with a glow around it."""
    x, y, size = dice.between(70, WIDTH - 70), dice.between(90, 300), dice.between(34, 78)
    for ring in (2.1, 1.55):
        _disc(pen, x, y, size * ring, (*colour, 38))
    _disc(pen, x, y, size, (*colour, 235))


def _hill(pen: ImageDraw.ImageDraw, dice: Dice, top: float, colour: tuple[int, int, int]) -> None:
    """A ridge of three waves across the whole picture; `top` is its height, from 0 above to 1 below."""
    waves = [(dice.between(0.6, 1.2) * n, dice.between(0, 6.3), dice.between(30, 52) / n) for n in (1, 2, 5)]
    steps = range(0, WIDTH + 1, 6)
    ridge = [HEIGHT * top - sum(size * math.sin(6.3 * speed * x / WIDTH + phase) for speed, phase, size in waves) for x in steps]
    line = [(x * _FINE, y * _FINE) for x, y in zip(steps, ridge, strict=True)]
    pen.polygon([*line, (WIDTH * _FINE, HEIGHT * _FINE), (0, HEIGHT * _FINE)], fill=colour)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, size: float, colour: tuple[int, int, int, int]) -> None:
    pen.ellipse([(x - size) * _FINE, (y - size) * _FINE, (x + size) * _FINE, (y + size) * _FINE], fill=colour)


def _rgb(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _mixed(one: tuple[int, int, int], other: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
