"""Staff look at posts and their points, and change none."""

import pytest

from searches.trends.models import Post
from tests.cast import Cast, page_client
from tests.rows import item
from tests.trends.steps import recorded


@pytest.fixture
def post(cast: Cast) -> Post:
    recorded([item(1, title="<b>bold</b>")])
    return Post.objects.get()


def test_it_works(cast: Cast, post: Post) -> None:
    root = page_client(cast.root)
    for path in ("post/", f"post/{post.pk}/change/", "snapshot/", "post/?q=bold"):
        response = root.get(f"/admin/trends/{path}")
        assert response.status_code == 200, path
        assert "<b>bold" not in response.content.decode()
    assert root.get("/admin/trends/post/add/").status_code == 403


def test_not_for_everybody(cast: Cast, post: Post) -> None:
    for person in (cast.alice, cast.sam):
        assert page_client(person).get("/admin/trends/post/").status_code in {302, 403}
