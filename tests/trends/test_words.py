"""Words of titles: what is expected of each language by hand, and what holds for any text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.trends import korean
from searches.trends.words import analyse

title = st.lists(
    st.sampled_from(
        [
            "메이크업을",
            "메이크업",
            "고양이가",
            "化妆教程",
            "教程",
            "makeup",
            "The",
            "Café",
            "@who",
            "#tag",
            "https://x.y/z",
            "😍",
            "12",
            "カメラ",
        ]
    )
    | st.text(max_size=4),
    max_size=8,
).map(" ".join)


def words(*titles: str, least: int = 1) -> dict[str, int]:
    return {word.word: word.posts for word in analyse(titles, most=999, least=least).words}


def test_it_works() -> None:
    found = analyse(
        [
            *["메이크업을 처음 한다면", "신상 메이크업은 좋다", "메이크업 추천"],
            *["新手必看的化妆教程", "化妆教程合集", "看看化妆教程"],
            *["Honest makeup review", "my MAKEUP tips", "makeup"],
        ]
    )
    assert found.posts == 9
    assert {(w.word, w.language, w.posts) for w in found.words} == {("메이크업", "ko", 3), ("化妆教程", "zh", 3), ("makeup", "", 3)}


# Korean.


@pytest.mark.parametrize(
    ("titles", "word", "stem"),
    [
        ("메이크업을", "메이크업을", "메이크업"),  # sure: no noun ends like this
        ("서울에서 서울로", "서울에서", "서울"),
        ("서울에서 서울로", "서울로", "서울"),  # ㄹ before 로
        ("친구에게", "친구에게", "친구"),
        ("가을 마을 노을", "마을", "마을"),  # no 을 behind a vowel
        ("고양이", "고양이", "고양이"),
        ("고양이 고양이가 고양이는 고양이나 고양이랑", "고양이", "고양이"),
        ("고양이 고양이가 고양이는 고양이나 고양이랑", "고양이가", "고양이"),
        ("고양이 고양이랑", "고양이랑", "고양이"),
        ("떡볶이 어린이", "떡볶이", "떡볶이"),
        ("화장품은 화장품이", "화장품은", "화장품"),  # two different ones: it is a stem
        ("화장품이", "화장품이", "화장품이"),  # one alone may be part of the word
        ("나는 너를", "너를", "너를"),  # a stem has two syllables
        ("아이가", "아이가", "아이가"),
        ("아이 아이가", "아이가", "아이"),
        ("제주도 제주", "제주도", "제주"),  # what it cannot do
    ],
)
def test_particles(titles: str, word: str, stem: str) -> None:
    assert korean.stems(titles.split())[word] == stem


@given(st.lists(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=6)))
def test_a_stem_begins_its_word_and_keeps_two_syllables(made: list[str]) -> None:
    stems = korean.stems(made)
    assert stems.keys() == set(made)
    for word, stem in stems.items():
        assert word.startswith(stem)
        assert len(stem) >= min(2, len(word))


# Chinese.


def test_the_longest_that_explains_a_word_is_told() -> None:
    made = ["今天化妆教程来啦", "我的化妆教程", "化妆教程合集"]
    assert words(*made, least=3) == {"化妆教程": 3}


def test_a_shorter_word_is_told_where_it_stands_by_itself() -> None:
    made = [*["化妆教程合集"] * 3, *["做饭教程"] * 2, "剪辑教程", "摄影教程"]
    assert words(*made, least=3) == {"化妆教程": 3, "教程": 7, "合集": 3}


def test_ties_begin_and_end_no_word() -> None:
    assert words("我的猫咪", "你的猫咪", "他的猫咪很可爱", least=3) == {"猫咪": 3}


def test_once_a_title() -> None:
    assert words("猫咪，猫咪！猫咪", "猫咪", least=1)["猫咪"] == 2


def test_a_word_does_not_reach_over_a_comma() -> None:
    assert "咪狗" not in words("猫咪，狗狗", "猫咪。狗狗", "猫咪 狗狗")


# Other scripts, and all of them.


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("The makeup I don't like", {"makeup"}),
        ("don’t worry, it's CAFÉ time", {"worry", "café", "time"}),
        ("#tag @who https://evil.example/x?y word", {"word"}),
        ("2026 100 3d", {"3d"}),
        ("カメラ と レンズ", {"カメラ", "レンズ"}),
        ("привет мир", {"привет", "мир"}),
        ("a b c", set()),
        ("", set()),
        ("😍✨", set()),
    ],
)
def test_other_scripts(made: str, found: set[str]) -> None:
    assert words(made).keys() == found


@given(st.lists(title, max_size=12))
def test_what_holds_for_any_titles(titles: list[str]) -> None:
    found = analyse(titles, most=999, least=2)
    assert found.posts == sum(bool(t.strip()) for t in titles)
    folded = [unicodedata.normalize("NFC", unicodedata.normalize("NFC", t).casefold()).replace("’", "'") for t in titles]
    for word in found.words:
        assert 2 <= word.posts <= sum(word.word in text for text in folded)
        assert len(word.word) > 1
    assert [(w.posts) for w in found.words] == sorted((w.posts for w in found.words), reverse=True)
    assert len({(w.word, w.language) for w in found.words}) == len(found.words)


@given(st.lists(title, max_size=8))
def test_composed_or_not_is_the_same(titles: list[str]) -> None:
    apart = [unicodedata.normalize("NFD", t) for t in titles]
    assert analyse([unicodedata.normalize("NFC", t) for t in apart], least=1) == analyse(apart, least=1)


def test_nothing() -> None:
    assert analyse([]).words == analyse(["", "  "]).words == []
