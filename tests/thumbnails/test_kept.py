"""Which picture a page shows."""

from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from searches.thumbnails.kept import addresses
from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.templatetags.thumbnails import known_pictures, picture
from tests.rows import item

pytestmark = pytest.mark.django_db
LINK = "https://p16.tiktokcdn.com/a.jpg"


def row(number: int, state: State, **values: Any) -> None:
    Thumbnail.objects.create(key=f"tiktok:tiktok-{number}", state=state, **values)


def test_it_works() -> None:
    row(1, State.KEPT, digest="abc")
    row(2, State.WAITING)
    row(3, State.FAILED, error="http-404")
    row(4, State.FAILED, error="timeout")
    posts = [item(number, thumbnail=LINK) for number in range(6)]
    posts[5]["thumbnail"] = None
    known = Context({"pictures": known_pictures(posts)})
    assert [picture(known, post) for post in posts] == [LINK, "/thumbs/tiktok/tiktok-1?v=abc", LINK, "", LINK, ""]


def test_one_query_for_a_page() -> None:
    posts = [item(number) for number in range(400)]
    with CaptureQueriesContext(connection) as seen:
        addresses(posts)
    assert len(seen) == 1


def test_none_for_nothing() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert addresses([]) == {}
    assert len(seen) == 0


@pytest.mark.parametrize("known", [None, "", {}])
def test_a_blank_card(known: Any) -> None:
    around = Context({"pictures": known})
    assert picture(around, None) == ""
    assert picture(around, "") == ""
    assert picture(around, item(1, thumbnail=LINK)) == LINK
    assert picture(Context(), item(1, thumbnail=LINK)) == LINK


def test_addresses_are_escaped_in_pages() -> None:
    post = item(1, thumbnail=LINK, id='"><script>alert(1)</script>')
    Thumbnail.objects.create(key=f"tiktok:{post['id']}", state=State.KEPT, digest="abc")
    page = Template(
        '{% load thumbnails %}{% with pictures=items|known_pictures %}{% picture items.0 as shown %}<img src="{{ shown }}">{% endwith %}'
    )
    shown = page.render(Context({"items": [post]}))
    assert shown == '<img src="/thumbs/tiktok/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E?v=abc">'
