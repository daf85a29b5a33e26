"""What went wrong, in words a person can act on."""

import re

import pytest
from django.utils import translation

from searches.platforms import breaker
from searches.search import explain
from tests.environment import ROOT

ENGINE = ROOT / "searches" / "search"


def error_types() -> set[str]:
    """Every error type that the engine's sources write into a run, by their own words."""
    found: set[str] = set()
    for path in sorted(ENGINE.glob("*.py")):
        if path.name in {"api.py", "explain.py", "telling.py", "urls.py", "admin.py", "models.py"}:
            continue
        source = path.read_text()
        found |= set(re.findall(r'(?:fail|retry)\(\w+(?:\.run)?, "([a-z-]+)"', source))
        found |= set(re.findall(r'error_type="([a-z-]+)"', source))
        for mapping in re.findall(r"(?:_ERRORS = |kind = )(.+)", source):
            found |= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', mapping))  # in capitals stands what Apify says
    return found | {breaker.error_of(said) for said in ("it broke", "captcha", "for paying users")}


def test_it_works() -> None:
    assert "administrator" in explain.sentence("upstream-credit")
    assert explain.sentence("upstream-credit") != explain.sentence("timed-out")


def test_the_sources_are_read_right() -> None:
    """Or the next test would pass by finding nothing."""
    assert {
        "actor-failed",
        "timed-out",
        "aborted",
        "rate-limited",
        "upstream-lost",
        "upstream-unreadable",
        "upstream-credit",
        "upstream-access",
        "platform-blocked",
    } <= error_types()


def test_every_error_the_engine_uses_has_a_sentence_of_its_own() -> None:
    assert error_types() - set(explain.known()) == set()


def test_no_sentence_waits_for_an_error_that_is_gone() -> None:
    assert set(explain.known()) - error_types() == set()


def test_sentences_differ() -> None:
    sentences = [explain.sentence(kind) for kind in explain.known()]
    assert len(set(sentences)) == len(sentences)
    assert explain.sentence("never heard of") not in sentences


@pytest.mark.parametrize("kind", [*explain.known(), "", "never heard of"])
def test_both_languages(kind: str) -> None:
    with translation.override("en"):
        english = explain.sentence(kind)
    with translation.override("ko"):
        korean = explain.sentence(kind)
    assert english.endswith(".")
    assert re.search("[\uac00-\ud7a3]", korean), english
