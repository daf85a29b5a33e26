"""GET /thumbs/{platform}/{postId}: for people who are signed in. The pictures are public, but which of them are here says
what was searched for."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from searches.thumbnails.models import Thumbnail
from searches.thumbnails.serve import picture

_LONGEST = Thumbnail._meta.get_field("key").max_length or 0


@require_safe
def thumbnail(request: HttpRequest, platform: str, post_id: str) -> HttpResponse:
    """The picture, or the one in its place. An image, not a page: who is not signed in gets an empty 401, no redirect."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401, headers={"Cache-Control": "no-store"})
    return picture(request, platform[:_LONGEST], post_id[:_LONGEST])
