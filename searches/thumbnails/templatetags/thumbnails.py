"""The picture of a card."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template import Context

from searches.thumbnails.kept import addresses
from searches.thumbnails.models import key_of

register = template.Library()


@register.filter
def known_pictures(items: Any) -> dict[str, str]:
    """What is known of the pictures of a page's posts, all at once: to be called `pictures` around its cards."""
    return addresses(items) if isinstance(items, Iterable) else {}


@register.simple_tag(takes_context=True)
def picture(context: Context, item: Any) -> str:
    """Where a card's picture is: here, where it is kept; at its platform, as long as it may be there; else nowhere. A card with
    no `pictures` around it shows the platform's, a blank one nothing."""
    if not item:
        return ""
    known = context.get("pictures") or {}
    ours = known.get(key_of(item["platform"], item["id"]))
    return ours if ours is not None else item["thumbnail"] or ""
