"""Where a question goes: one source for each platform, and more where staff let several actors search one side by side.

Each source has a run and an answer of its own. The first source of a platform is called like it, so that its answer key is
the contract's; the others bear their actor's name: `tiktok@apidojo~tiktok-scraper:메이크업:7days`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from searches.platforms.models import Platform
from searches.query import Query

_MARK = "@"


@dataclass(frozen=True, slots=True)
class Source:
    """One actor that a question goes to. `needed`: without its answer the question is not answered."""

    platform: Platform
    actor: str
    needed: bool = True

    @property
    def name(self) -> str:
        return self.platform.name if self.needed else f"{self.platform.name}{_MARK}{self.actor.replace('/', '~')}"

    def key(self, query: Query) -> str:
        """The answer key of this question here."""
        return query.on(self.name).key


def sources_of(platforms: Iterable[Platform]) -> list[Source]:
    """The sources of a question to these platforms. Several platforms at once are asked by one actor each."""
    found = list(platforms)
    beside = found[0].beside if len(found) == 1 else []
    return [Source(p, p.actor) for p in found] + [Source(found[0], actor, needed=False) for actor in beside]


def source_in(answer_key: str) -> str:
    """The name of the source that an answer key belongs to."""
    return answer_key.partition(":")[0]


def platform_in(answer_key: str) -> str:
    """The platform that an answer key belongs to."""
    return source_in(answer_key).partition(_MARK)[0]
