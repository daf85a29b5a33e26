"""The words of titles: in how many posts each stands. Pure; Korean and Chinese have a module of their own.

Tags, mentions and links are left out: tags are counted as tags. A word counts once a title.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from searches.trends import chinese, korean, stop

MIN_POSTS = 3
#: Characters of a title that are looked at: captions go on with what says nothing about the post.
MAX_TITLE = 120
_NO_WORDS = re.compile(r"https?://\S+|[#＃@]\S+")
_HANGUL, _HAN, _KANA = "\uac00-\ud7a3", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", "\u30a1-\u30ff"
_RUN = re.compile(
    rf"(?P<korean>[{_HANGUL}]+)|(?P<chinese>[{_HAN}]+)|(?P<other>[{_KANA}]{{2,}}|[^\W_{_HANGUL}{_HAN}{_KANA}\u3041-\u309f]+(?:['’][^\W_]+)*)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """`language`: ko, zh, or empty for every other script."""

    word: str
    language: str
    posts: int


@dataclass(frozen=True, slots=True)
class Words:
    """`posts` is what it stands on: those that have a title."""

    posts: int
    words: list[Word]


def analyse(titles: Iterable[str], most: int = 40, least: int = MIN_POSTS) -> Words:
    """The words that stand in `least` of these titles at least, the most frequent first."""
    split = [_split(title) for title in titles if title.strip()]
    stems = korean.stems(word for korean_words, _han, _others in split for word in korean_words)
    counts: Counter[tuple[str, str]] = Counter()
    for korean_words, _han, others in split:
        counts.update({("ko", stem) for word in korean_words if _says(stem := stems[word], stop.KOREAN) and word not in stop.KOREAN})
        counts.update({("", word) for word in others if _says(word, stop.ENGLISH) and not word.isnumeric()})
    counts.update({("zh", word): posts for word, posts in chinese.words([han for _korean, han, _others in split], least).items()})
    ranked = sorted(counts, key=lambda name: (-counts[name], name[1]))
    found = [Word(word, language, counts[language, word]) for language, word in ranked if counts[language, word] >= least]
    return Words(len(split), found[:most])


def _split(title: str) -> tuple[list[str], list[str], list[str]]:
    """A title's Korean words, runs of Han characters, and words of other scripts."""
    text = _NO_WORDS.sub(" ", unicodedata.normalize("NFC", title[: MAX_TITLE * 2]))[:MAX_TITLE].casefold()
    found: dict[str, list[str]] = {"korean": [], "chinese": [], "other": []}
    for run in _RUN.finditer(unicodedata.normalize("NFC", text)):
        found[str(run.lastgroup)].append(run[0].replace("’", "'"))
    return found["korean"], found["chinese"], found["other"]


def _says(word: str, silent: frozenset[str]) -> bool:
    return len(word) > 1 and word not in silent
