"""Covers that look like something."""

from xml.etree import ElementTree

import pytest
import requests

from scout.sandbox import pictures
from scout.sandbox.wire import Request
from tests.sandbox.conftest import Sandbox

SVG = "{http://www.w3.org/2000/svg}"


def shown(label: str) -> str:
    """What a picture's own address makes of a label."""
    address = pictures.picture_path("1", label)
    return next(text.text or "" for text in list(ElementTree.fromstring(served(address)).iter(f"{SVG}text"))[1:])


def served(path: str) -> str:
    return pictures.serve(Request("GET", path, {}, {}, b"", "")).body.decode()


@pytest.mark.parametrize("label", ["메이크업", "a~b?c>d", "이거 모르면 손해", "ÿþÿ", "come with me: a"])
def test_label_survives_the_way_through_the_address(label: str) -> None:
    assert shown(label) == label


def test_long_labels_are_cut() -> None:
    assert shown("nobody talks about this") == "nobody talks a…"


def test_items_link_to_pictures_that_are_there(sandbox: Sandbox) -> None:
    item = sandbox.items(sandbox.finish(sandbox.start("메이크업")))[0]
    for url in (item["videoMeta"]["coverUrl"], item["authorMeta"]["avatar"]):
        answer = requests.get(url, timeout=5)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert ElementTree.fromstring(answer.text).tag == f"{SVG}svg"


def test_public_url_wins_over_the_host_header(sandbox: Sandbox) -> None:
    sandbox.call("POST", "/_sandbox/settings", json={"public_url": "https://cdn.example/"})
    item = sandbox.items(sandbox.finish(sandbox.start()))[0]
    assert item["videoMeta"]["coverUrl"].startswith("https://cdn.example/pictures/")


def test_drawing_shows_the_label_and_its_first_letter() -> None:
    root = ElementTree.fromstring(pictures.draw("1", "메이크업"))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["메", "메이크업"]
    assert root.get("viewBox") == "0 0 360 640"


def test_same_id_same_drawing_other_id_other_drawing() -> None:
    assert pictures.draw("1", "a") == pictures.draw("1", "a")
    assert len({pictures.draw(str(number), "a") for number in range(50)}) == 50


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "a&b", "\u202e\x00", "", "🔥"])
def test_labels_cannot_break_out(label: str) -> None:
    root = ElementTree.fromstring(pictures.draw("1", shown(label)))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "defs", "linearGradient", "stop", "rect", "circle", "path", "g", "text",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["x.svg", "1-@@@.svg", "1-A.svg", "%3Cb%3E-a.svg", ""])
def test_any_address_gives_a_picture(sandbox: Sandbox, name: str) -> None:
    answer = requests.get(f"{sandbox.url}/pictures/{name}", timeout=5)
    assert answer.status_code == 200
    assert ElementTree.fromstring(answer.text).tag == f"{SVG}svg"
