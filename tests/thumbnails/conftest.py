"""Pictures to order: from the sandbox, or from an internet that a test makes up."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from searches.item import Item
from searches.thumbnails.models import Thumbnail
from tests.internet import PUBLIC, Internet, connected
from tests.rows import item
from tests.tls_server import certificate

HOST = "p16-sign-va.tiktokcdn.com"


def post(number: int, link: str | None = None, **changes: Any) -> Item:
    """A post whose picture the sandbox has, unless another link is given."""
    return item(number, thumbnail=link or f"{settings.APIFY_BASE_URL}/pictures/{number}.jpg", **changes)


def row(number: int) -> Thumbnail:
    return Thumbnail.objects.get(key=f"tiktok:tiktok-{number}")


def encoded(kind: str = "JPEG", size: tuple[int, int] = (720, 1280), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of this kind, with a red upper half."""
    image = Image.new(mode, size)
    image.paste("red" if mode in {"RGB", "RGBA"} else 1, (0, 0, size[0], size[1] // 2))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _empty_folder() -> Iterator[None]:
    yield
    shutil.rmtree(settings.DATA / "thumbnails", ignore_errors=True)


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), HOST, "p1.xhscdn.com")


@pytest.fixture
def internet(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with connected(pem, monkeypatch) as found:
        found.names |= {HOST: [PUBLIC], "p1.xhscdn.com": [PUBLIC]}
        yield found
