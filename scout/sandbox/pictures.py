"""Covers and avatars: a drawing per id, 9:16, with the first letters of what it shows. Needs no storage."""

import base64
import binascii
import unicodedata
from html import escape

from scout.sandbox.seeds import Dice
from scout.sandbox.wire import Request, Response

PREFIX = "/pictures/"
WIDTH, HEIGHT = 360, 640
LABEL_LENGTH = 15
#: Two colours of a gradient and the one that stands out against both.
PALETTES = (
    ("#ff6b6b", "#5f27cd", "#ffe66d"),
    ("#0abde3", "#10403b", "#f7f1e3"),
    ("#f368e0", "#341f97", "#c8d6e5"),
    ("#ff9f43", "#b33939", "#fff3d6"),
    ("#1dd1a1", "#222f3e", "#feca57"),
    ("#54a0ff", "#2c2c54", "#ff9ff3"),
    ("#e58e26", "#0a3d62", "#f8efba"),
    ("#78e08f", "#079992", "#fffbe6"),
    ("#eb3b5a", "#2d3436", "#fdcb6e"),
    ("#a29bfe", "#2d3561", "#ffeaa7"),
)


def picture_path(id: str, label: str) -> str:
    """The path carries the label itself, so that any process can draw the picture."""
    short = label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1].rstrip() + "…"
    text = base64.urlsafe_b64encode(short.encode("utf-8", "replace")).decode().rstrip("=")
    return f"{PREFIX}{id}-{text}.svg"


def serve(request: Request) -> Response:
    name = request.path.removeprefix(PREFIX).removesuffix(".svg")
    # The first dash: there is none in an id, but there may be some in a label.
    id, _, code = name.partition("-")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Access-Control-Allow-Origin": "*"}
    return Response(200, draw(id or name, _label(code)).encode(), "image/svg+xml", headers)


def draw(id: str, label: str) -> str:
    dice = Dice("picture", id)
    top, bottom, accent = dice.pick(PALETTES)
    initial = escape(next((c for c in label if c.isalnum()), "♪").upper())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<defs><linearGradient id="g" gradientTransform="rotate({dice.whole(40, 110)})">'
        f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>{_shape(dice, accent)}'
        f'<g font-family="system-ui, sans-serif" font-weight="700" text-anchor="middle" fill="#fff">'
        f'<text x="180" y="370" font-size="190">{initial}</text>'
        f'<text x="180" y="572" font-size="{_size(label)}" opacity=".92">{escape(label)}</text></g></svg>'
    )


def _size(label: str) -> int:
    """As large as fits: Korean and Chinese letters are about twice as wide as Latin ones."""
    return min(34, int(620 / max(1, sum(2 if unicodedata.east_asian_width(c) in "WF" else 1.2 for c in label))))


def _shape(dice: Dice, colour: str) -> str:
    x, y, size = dice.whole(40, 320), dice.whole(90, 520), dice.whole(110, 210)
    paint = f'fill="{colour}" opacity=".{dice.whole(25, 45)}"'
    kind = dice.whole(0, 3)
    if kind == 0:
        small = f'<circle cx="{WIDTH - x}" cy="{HEIGHT - y}" r="{size // 2}" {paint}/>'
        return f'<circle cx="{x}" cy="{y}" r="{size}" {paint}/>{small}'
    if kind == 1:
        side, turn = size * 2, f'transform="rotate({size} {x} {y})"'
        return f'<rect x="{x - size}" y="{y - size}" width="{side}" height="{side}" rx="48" {turn} {paint}/>'
    if kind == 2:
        return f'<path d="M0 {y} Q90 {y - size} 180 {y} T360 {y} V640 H0 Z" {paint}/>'
    return f'<path d="M{x} {y - size} L{x + size} {y + size} H{x - size} Z" {paint}/>'


def _label(code: str) -> str:
    try:
        text = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return "".join(c for c in text if c.isprintable())[:LABEL_LENGTH]
