"""Reading an answer: memory first, then the store."""

from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.freshness import Freshness
from searches.cache.memory import memory


def find(key: str) -> Answer | None:
    """The fresh or stale answer under `key`, or None. Writes nothing."""
    answer = memory.get(key)
    # One that has expired here says nothing: the word that a new one was written may have been lost.
    if answer is None or answer.freshness() is Freshness.GONE:
        version = memory.version
        answer = store.get(key)
        if answer is not None:
            memory.put(answer, version)
    return answer if answer and answer.freshness() is not Freshness.GONE else None
