"""Every actor Scout can drive, by id. To add one: a module with its two functions and its ACTORS, and a line here."""

from searches.platforms import douyin, tiktok, xiaohongshu
from searches.platforms.actor import Actor

ACTORS: dict[str, Actor] = {actor.id: actor for module in (tiktok, douyin, xiaohongshu) for actor in module.ACTORS}


def actors_of(platform: str) -> list[Actor]:
    """The actors that search a platform, the preferred one first; none for a platform that nobody searches."""
    return [actor for actor in ACTORS.values() if actor.platform == platform]
