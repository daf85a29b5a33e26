"""A post's picture as a response: the kept one, or a drawing in its place. Who may see it is for the caller to decide."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from scout.shared_cache import same_for_all
from searches.thumbnails import folder
from searches.thumbnails.models import State, Thumbnail, key_of

_FOR_GOOD = "private, max-age=31536000, immutable"
_FOR_NOW = "private, max-age=300"
#: For who opens it by itself: it does nothing and loads nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: As the cards draw it while there is no picture.
PLACEHOLDER = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 640" width="360" height="640">\
<style>rect{fill:#e9edea}path{fill:#7c8983;opacity:.5}@media(prefers-color-scheme:dark){rect{fill:#1e2623}path{fill:#76857d}}</style>\
<rect width="360" height="640"/><path transform="translate(145 285) scale(4.4)" fill-rule="evenodd" \
d="M2 2h12v12H2zm1.5 1.5v6l3-3 4 4 1.5-1.5.5.5v-6zm7 1.2a1.3 1.3 0 1 1 0 2.6 1.3 1.3 0 0 1 0-2.6z"/></svg>"""


def picture(request: HttpRequest, platform: str, post_id: str) -> HttpResponse:
    """The response: one query and one file."""
    key = key_of(platform, post_id)
    row = Thumbnail.objects.filter(key=key, state=State.KEPT).values_list("digest", "bytes").first()
    content = folder.read(key) if row else None
    # A file of another size is one that a power cut has left empty.
    if row is None or content is None or len(content) != row[1]:
        return _shown(HttpResponse(PLACEHOLDER, "image/svg+xml"), "no-store")
    response = HttpResponse(content, "image/jpeg", headers={"ETag": f'"{row[0]}"'})
    shown = _shown(response, _FOR_GOOD if request.GET.get("v") == row[0] else _FOR_NOW)
    return _shown(get_conditional_response(request, etag=response["ETag"], response=shown) or shown, shown["Cache-Control"])


def _shown(response: HttpResponse, cache: str) -> HttpResponse:
    response["Cache-Control"] = cache
    response["Content-Security-Policy"] = _POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    found: HttpResponse = same_for_all(response)
    return found
