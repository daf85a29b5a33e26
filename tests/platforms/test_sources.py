"""Where a question goes: a source for each platform, and more where several actors search one side by side."""

from hypothesis import given
from hypothesis import strategies as st

from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.platforms.sources import platform_in, source_in, sources_of
from searches.query import DATE_RANGES, MAX_LENGTH, QueryError, parse
from searches.search.models import Run

FIRST, SECOND, THIRD = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper", "clockworks/free-tiktok-scraper"
TIKTOK = Platform(name="tiktok", actor=FIRST)
DOUYIN = Platform(name="douyin", actor="natanielsantos/douyin-scraper")
BESIDE = Platform(name="tiktok", actor=FIRST, beside=[SECOND, THIRD])


def test_it_works() -> None:
    query = parse("메이크업", "tiktok", "7days")
    sources = sources_of([BESIDE])
    assert [(source.actor, source.needed) for source in sources] == [(FIRST, True), (SECOND, False), (THIRD, False)]
    assert [source.key(query) for source in sources] == [
        "tiktok:메이크업:7days",
        "tiktok@apidojo~tiktok-scraper:메이크업:7days",
        "tiktok@clockworks~free-tiktok-scraper:메이크업:7days",
    ]


def test_the_first_source_has_the_key_of_the_contract() -> None:
    query = parse(" Make  UP ", "tiktok", "all")
    assert [source.key(query) for source in sources_of([TIKTOK])] == [query.key]


def test_several_platforms_are_asked_by_one_actor_each() -> None:
    """Their runs share one cursor, and somebody pays for each."""
    query = parse("a", "all", "all")
    assert [source.key(query) for source in sources_of([DOUYIN, BESIDE])] == ["douyin:a:all", "tiktok:a:all"]
    assert all(source.needed for source in sources_of([DOUYIN, BESIDE]))


def test_no_platform_no_source() -> None:
    assert sources_of([]) == []


def test_sources_of_two_readings_are_the_same() -> None:
    """Answers are kept by source: whoever reads the platforms again must find them."""
    again = Platform(name="tiktok", actor=FIRST, beside=[SECOND, THIRD], item_limit=7)
    assert set(sources_of([BESIDE])) == set(sources_of([again]))


@given(st.text(max_size=MAX_LENGTH) | st.sampled_from(["@", "a@b:c", "tiktok@apidojo~x:y", ":::", "~"]), st.sampled_from(DATE_RANGES))
def test_a_key_tells_its_source_and_platform_whatever_was_asked(text: str, date_range: str) -> None:
    try:
        query = parse(text, "tiktok", date_range)
    except QueryError:
        return
    for source in sources_of([BESIDE]):
        key = source.key(query)
        assert (source_in(key), platform_in(key)) == (source.name, "tiktok")
        assert key.endswith(f":{date_range}")
        assert len(key) <= Run._meta.get_field("answer_key").max_length


def test_no_two_sources_share_a_name() -> None:
    for platform in {actor.platform for actor in ACTORS.values()}:
        first, *others = [id for id, actor in ACTORS.items() if actor.platform == platform]
        names = [source.name for source in sources_of([Platform(name=platform, actor=first, beside=others)])]
        assert len(set(names)) == len(names) == len(others) + 1
