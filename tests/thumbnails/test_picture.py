"""Pictures made anew: what they look like stays, everything else goes."""

import contextlib
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from searches.thumbnails import picture
from searches.thumbnails.picture import Unreadable, remade
from tests.thumbnails.conftest import encoded


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_it_works() -> None:
    made = remade(encoded())
    image = opened(made.content)
    assert (image.format, image.size, (made.width, made.height)) == ("JPEG", (720, 1280), (720, 1280))
    top, bottom = image.getpixel((270, 100)), image.getpixel((270, 900))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200
    assert bottom[0] < 50


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_kinds_that_are_read(kind: str) -> None:
    assert opened(remade(encoded(kind, (300, 400))).content).size == (300, 400)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA", "RGBA"])
def test_ways_to_hold_colours(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(remade(encoded(kind, (30, 40), mode)).content).mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    ("size", "to"),
    [
        ((1_080, 1_920), (540, 960)),
        ((2_880, 1_000), (720, 250)),
        ((721, 1_281), (361, 641)),
        ((100, 4_000), (25, 1_000)),
        ((2, 2), (2, 2)),
        ((8, 9_000), (1, 1_125)),
    ],
)
def test_sizes(size: tuple[int, int], to: tuple[int, int], kind: str) -> None:
    made = remade(encoded(kind, size))
    assert (made.width, made.height) == opened(made.content).size == to


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (60, 80), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    image = opened(remade(out.getvalue()).content)
    pixel = image.getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert getattr(image, "n_frames", 1) == 1


def test_metadata_is_gone_and_orientation_kept() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where she lives"  # turned by 90 degrees; a description
    content = encoded("JPEG", (400, 300), exif=exif, comment=b"a comment", icc_profile=b"profile" * 40)
    assert b"where she lives" in content
    made = remade(content)
    assert (made.width, made.height) == (300, 400)
    assert not {b"where she lives", b"a comment", b"profile", b"Exif"} & {
        w for w in (b"where she lives", b"a comment", b"profile", b"Exif") if w in made.content
    }


def test_transparency_is_filled() -> None:
    assert opened(remade(encoded("WEBP", (30, 40), "RGBA")).content).mode == "RGB"


def test_a_polyglot_loses_its_other_half() -> None:
    script = b"<script>alert(document.cookie)</script>"
    assert script not in remade(encoded() + script).content
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", script.decode())
    assert script not in remade(encoded("PNG", pnginfo=text)).content
    gif = encoded("GIF", (30, 40))
    assert b"/*" not in remade(gif + b"/*=1;alert(1)//").content


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(7_000, 7_000), (65_000, 65_000), (2**31 - 1, 1), (1, 2**31 - 1)])
def test_bombs_are_not_decoded(width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(Unreadable):
        remade(_png(width, height, zlib.compress(b"\0" * 1_000_000)))


def test_text_that_inflates() -> None:
    body = b"Comment\0\0" + zlib.compress(b"a" * 60_000_000)
    text = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    content = encoded("PNG", (30, 40))
    with contextlib.suppress(Unreadable):
        assert len(remade(content[:33] + text + content[33:]).content) < 10_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><title>Sign in</title>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"\xff\xd8\xff\xe0" + b"\0" * 500,
        encoded()[:2_000],
        encoded("PNG")[:100],
        encoded("BMP", (30, 40)),
        encoded("TIFF", (30, 40)),
        encoded("ICO", (32, 32)),
        encoded("PPM", (30, 40)),
        b"GIF89a" + b"\xff" * 40,
        b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 30,
    ],
)
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(Unreadable):
        remade(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_broken_in_any_place(kind: str) -> None:
    """Bytes changed here and there: a picture, or Unreadable."""
    whole = encoded(kind, (64, 64))
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            made = remade(bytes(broken))
            assert made.width <= picture.WIDEST
        except Unreadable:
            continue
