"""Chinese words without a dictionary: runs of 2 to 4 characters that many titles share, the longest that explain them. Pure.

Longer runs are looked at first, of one length those of most titles; one that is taken covers its places, and a shorter one is taken only
for the titles where it stands outside of these. So 化妆教程 does not bring 妆教 along, and 教程 comes as well only where it stands
by itself often enough. Characters that only tie words together (的 了 是 ...) begin and end no word.

What it cannot do: words of one character, words longer than four (their first four characters are told), and words that always
stand beside the same neighbour (they are told together with it).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from searches.trends.stop import CHINESE, CHINESE_TIES

LENGTHS = (4, 3, 2)
#: A run stays beside the longer ones that hold it if this share of its titles has it outside of them.
_OWN_SHARE = 0.2


def words(titles: Sequence[Sequence[str]], least: int) -> Counter[str]:
    """In how many titles each word stands, for those that stand in `least` at least. A title is its runs of Han characters."""
    where = _places(titles, _frequent_pairs(titles, least))
    taken: dict[tuple[int, int], set[int]] = defaultdict(set)
    found: Counter[str] = Counter()
    for length in LENGTHS:
        grams = {gram: places for gram, places in where.items() if len(gram) == length}
        many = {gram: len({title for title, _run, _at in places}) for gram, places in grams.items()}
        frequent = [gram for gram, count in many.items() if count >= least]
        for gram in sorted(frequent, key=lambda gram: (-many[gram], grams[gram][0])):
            free = [place for place in grams[gram] if taken[place[:2]].isdisjoint(range(place[2], place[2] + length))]
            own = len({title for title, _run, _at in free})
            if own >= max(least, many[gram] * _OWN_SHARE):
                found[gram] = many[gram]
                for title, run, at in free:
                    taken[title, run].update(range(at, at + length))
    return found


def _frequent_pairs(titles: Sequence[Sequence[str]], least: int) -> set[str]:
    """Two characters that stand together in `least` titles: nothing longer is frequent without its pairs."""
    counts = Counter(pair for runs in titles for pair in {text[i : i + 2] for text in runs for i in range(len(text) - 1)})
    return {pair for pair, count in counts.items() if count >= least}


def _places(titles: Sequence[Sequence[str]], pairs: set[str]) -> dict[str, list[tuple[int, int, int]]]:
    """Every run of characters that could be a word -> title, run and place where it stands."""
    where: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for title, runs in enumerate(titles):
        for run, text in enumerate(runs):
            for at, first in enumerate(text):
                if first in CHINESE_TIES:
                    continue
                for length in sorted(LENGTHS):
                    gram = text[at : at + length]
                    if len(gram) < length or gram[-2:] not in pairs:
                        break
                    if gram[-1] not in CHINESE_TIES and gram not in CHINESE:
                        where[gram].append((title, run, at))
    return where
