"""Covers that look like something."""

import io
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from scout.sandbox import pictures
from tests.sandbox.conftest import Sandbox


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_it_works() -> None:
    image = opened(pictures.draw("1"))
    assert (image.format, image.size) == ("JPEG", (360, 640))
    assert len(pictures.draw("1")) < 40_000


def test_items_link_to_pictures_that_are_there(sandbox: Sandbox) -> None:
    item = sandbox.items(sandbox.finish(sandbox.start("메이크업")))[0]
    for url in (item["videoMeta"]["coverUrl"], item["authorMeta"]["avatar"]):
        answer = requests.get(url, timeout=5)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert opened(answer.content).size == (360, 640)


def test_public_url_wins_over_the_host_header(sandbox: Sandbox) -> None:
    sandbox.call("POST", "/_sandbox/settings", json={"public_url": "https://cdn.example/"})
    item = sandbox.items(sandbox.finish(sandbox.start()))[0]
    assert item["videoMeta"]["coverUrl"].startswith("https://cdn.example/pictures/")


def test_same_id_same_drawing_other_id_other_drawing() -> None:
    first = pictures.draw("1")
    pictures.draw.cache_clear()
    assert pictures.draw("1") == first
    assert len({pictures.draw(str(number)) for number in range(50)}) == 50


def test_a_drawing_is_no_flat_colour() -> None:
    colours = opened(pictures.draw("7")).getcolors(360 * 640)
    assert colours is not None
    assert len(colours) > 100


@pytest.mark.parametrize("name", ["x.jpg", "1-@@@.jpg", "1.svg", "%3Cb%3E-a.jpg", "../../etc/passwd", ""])
def test_any_address_gives_a_picture(sandbox: Sandbox, name: str) -> None:
    answer = requests.get(f"{sandbox.url}/pictures/{name}", timeout=5)
    if urlsplit(answer.url).path.startswith("/pictures/"):
        assert answer.status_code == 200
        assert opened(answer.content).format == "JPEG"
