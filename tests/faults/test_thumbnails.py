"""kill -9 and FLUSHALL while pictures are fetched: each is kept in the end, and none is cut."""

import io
from pathlib import Path

from PIL import Image

from tests.thumbnails.stack import WithPictures
from tests.waiting import until

ORDER = """
from django.conf import settings
from searches.thumbnails.order import order
result = order([dict(platform='tiktok', id=str(i), thumbnail=f'{settings.APIFY_BASE_URL}/pictures/{i}.jpg') for i in range(400)])
"""
#: As if a minute had passed, in which a picture is whose fetcher was killed.
LATER = """
from django.utils import timezone
from searches.thumbnails.models import Thumbnail
result = Thumbnail.objects.filter(state='waiting').update(next_try=timezone.now())
"""


def test_killed_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    stack = WithPictures(tmp_path / "stack", workers=1)
    try:
        stack.start()
        assert stack.python(ORDER) == 400
        stack.run("pictures")
        until(lambda: any((tmp_path / "stack" / "thumbnails").glob("*/*.jpg")))
        stack.kill("pictures")
        assert 0 <= stack.kept() < 400
        stack.redis().flushall()
        assert stack.python(LATER) > 0
        stack.run("pictures")
        until(lambda: stack.kept() == 400, 60)  # follow has rung again
        for path in (tmp_path / "stack" / "thumbnails").glob("*/*.jpg"):
            assert Image.open(io.BytesIO(path.read_bytes())).format == "JPEG"
    finally:
        stack.stop()
