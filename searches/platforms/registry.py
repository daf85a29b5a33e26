"""Every actor Scout can drive, by id. To add one: a module with its two functions and its ACTORS, and a line here."""

from searches.platforms import tiktok
from searches.platforms.actor import Actor

ACTORS: dict[str, Actor] = {actor.id: actor for module in (tiktok,) for actor in module.ACTORS}
