"""Every word that people see is in the Korean catalogue, and means the same things at the same places."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.core.management import CommandError, call_command

from scout.catalogues import compile_catalogues, find_messages, forms, read_catalogue, untranslated, update_catalogue

ROOT = Path(settings.BASE_DIR)
KOREAN = ROOT / "locale" / "ko" / "LC_MESSAGES" / "django.po"
RUN = "run bin/manage extract_messages, then translate"


@pytest.fixture(scope="module")
def found() -> Catalog:
    return find_messages(ROOT)


@pytest.fixture(scope="module")
def korean() -> Catalog:
    return read_catalogue(KOREAN)


def keys(catalogue: Catalog) -> set[tuple[str, str | None]]:
    return {(forms(message.id)[0], message.context) for message in catalogue if message.id}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))


def test_it_finds_code_and_templates(found: Catalog) -> None:
    files = {Path(name).suffix for message in found for name, _line in message.locations}
    assert files == {".py", ".html"}
    assert len(found) > 100


def test_nothing_is_missing_and_nothing_is_left_over(found: Catalog, korean: Catalog) -> None:
    assert keys(found) - keys(korean) == set(), RUN
    assert keys(korean) - keys(found) == set(), RUN
    assert korean.obsolete == {}, RUN


def test_everything_is_translated(korean: Catalog) -> None:
    assert untranslated(korean) == []


def test_singular_and_plural_are_as_in_the_code(found: Catalog, korean: Catalog) -> None:
    for message in found:
        if message.id:
            assert forms(korean[forms(message.id)[0]].id) == forms(message.id), RUN


def test_placeholders_are_kept(korean: Catalog) -> None:
    wrong: list[Message] = []
    for message in korean:
        wanted = set().union(*map(placeholders, forms(message.id)))
        wrong += [message for text in forms(message.string) if message.id and placeholders(text) != wanted]
    assert wrong == []


def test_it_is_korean(korean: Catalog) -> None:
    """Names of things keep their spelling; a sentence does not."""
    left = [text for m in korean if m.id for text in forms(m.string) if not re.search("[가-힣]", text)]
    assert left == []


def test_header(korean: Catalog) -> None:
    assert korean.num_plurals == 1
    assert not korean.fuzzy


def test_update_keeps_translations_and_drops_what_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "ko" / "LC_MESSAGES" / "django.po"
    first = Catalog()
    first.add("Old", locations=[("a.py", 1)])
    first.add("Kept", locations=[("a.py", 2)])
    assert sorted(update_catalogue(path, first)) == ["Kept", "Old"]
    path.write_text(path.read_text().replace('msgid "Kept"\nmsgstr ""', 'msgid "Kept"\nmsgstr "그대로"'))
    second = Catalog()
    second.add("Kept", locations=[("b.py", 9)])
    second.add(("one", "many"), locations=[("b.html", 3)])
    assert update_catalogue(path, second) == ["one"]
    assert 'msgstr "그대로"' in path.read_text()
    assert "Old" not in path.read_text()
    before = path.read_text()
    update_catalogue(path, second)
    assert path.read_text() == before, "a second run changes nothing"


def test_compile(tmp_path: Path) -> None:
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_bytes(KOREAN.read_bytes())
    assert compile_catalogues(tmp_path) == 1
    assert (folder / "django.mo").stat().st_size > 10_000
    assert sorted(file.name for file in folder.iterdir()) == ["django.mo", "django.po"]


def test_the_command_says_what_is_missing(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text('{% load i18n %}<p>{% trans "Not there yet" %}</p>')
    catalogue = tmp_path / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n')
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="Not there yet"):
        call_command("extract_messages")
