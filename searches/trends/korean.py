"""Korean words without their particles (josa), by rule and by what else stands in the same titles; no dictionary. Pure.

A particle is cut where the stem has two syllables at least and the particle agrees with its last sound (을 stands
after a consonant, 를 after a vowel): so 마을 and 노을 stay whole. Those of one syllable that many nouns end in as
well (이 가 은 는 도 만 의 에 로 ...) are cut only if the titles show the stem by itself, or with another particle:
고양이 stays, and 고양이가 becomes it.

What it cannot do: endings of verbs and adjectives (예쁜, 예뻤어요 stay two words), nouns written together (메이크업추천), a noun that
occurs with one such particle only (it keeps it), and a noun whose shorter part happens to be a word of these titles too.
"""

from collections import defaultdict
from collections.abc import Iterable

_HANGUL, _END, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8
#: Particles by the last sound that they stand behind. Of those that fit, the longest counts.
_SURE = {
    "both": """
    에서는 에서도 에게서 까지도 까지는 부터는 에서 에게 한테 까지 부터 처럼 보다 마다 조차
    밖에 에는 에도 하고
    """,
    "consonant": "으로는 으로도 으로 을",
    "vowel": "라는 를",
}
_UNSURE = {"both": "의 에 도 만 께", "consonant": "은 이 과 이나 이랑 이라는 이라도", "vowel": "는 가 와 랑 라도 로 나"}
_CERTAIN = {particle for text in _SURE.values() for particle in text.split()}
_WANTS = {particle: kind for table in (_SURE, _UNSURE) for kind, text in table.items() for particle in text.split()}
_PARTICLES = sorted(_WANTS, key=lambda particle: (-len(particle), particle))


def stems(words: Iterable[str]) -> dict[str, str]:
    """Each of these words (Hangul syllables only) and what it counts as: itself, or its stem."""
    all_words = set(words)
    ends: dict[str, set[str]] = defaultdict(set)
    for word in all_words:
        for stem, particle in _cuts(word):
            # 고양이, 고양이나 and 고양이랑 say nothing of a stem 고양: all of them begin alike.
            ends[stem].add("이" if particle.startswith("이") else particle)
    return {word: _stem(word, all_words, ends) for word in all_words}


def _stem(word: str, words: set[str], ends: dict[str, set[str]]) -> str:
    for stem, particle in _cuts(word):
        if particle in _CERTAIN or stem in words or len(ends[stem]) > 1:
            return stem
    return word


def _cuts(word: str) -> list[tuple[str, str]]:
    """Every stem and particle that the word may be made of, the longest particle first."""
    found = [(word[: -len(p)], p) for p in _PARTICLES if word.endswith(p) and len(word) - len(p) >= 2]
    return [(stem, particle) for stem, particle in found if _agrees(stem, particle)]


def _agrees(stem: str, particle: str) -> bool:
    """Whether the particle can stand behind the stem's last sound."""
    wants = _WANTS[particle]
    last = ord(stem[-1])
    if wants == "both" or not _HANGUL <= last <= _END:
        return True
    final = (last - _HANGUL) % _FINALS
    if particle.endswith("로") and final == _RIEUL:
        return particle == "로"  # 서울로, never 서울으로
    return (final > 0) == (wants == "consonant")
