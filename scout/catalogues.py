"""Translations without GNU gettext: finds the messages in code and templates, keeps the .po files, compiles them."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

#: Where people's words stand. The sandbox speaks to nobody.
SOURCES = ("scout", "searches", "queueadmin", "templates")
_SILENT = ("scout/sandbox/",)
_KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def find_messages(root: Path) -> Catalog:
    """Every message in the project's code and templates, with the files it stands in."""
    found = Catalog(domain="django")
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        source = path.read_bytes()
        if path.suffix != ".py":
            # Python calls with a template's words blanked out between them; in brackets, so that indents mean nothing.
            source = b"(" + templatize(source.decode(), origin=name).encode() + b")"
        for line, message, comments, context in extract("python", BytesIO(source), _KEYWORDS, ("Translators:",)):
            found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, domain="django")


def update_catalogue(path: Path, found: Catalog) -> list[str]:
    """Bring a .po file up to what was found, keep its translations, drop what is not used; what has no translation yet."""
    catalogue = read_catalogue(path) if path.exists() else Catalog(locale=path.parent.parent.name, domain="django", fuzzy=False)
    made_at = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.creation_date = made_at  # or every run would change the file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return untranslated(catalogue)


def untranslated(catalogue: Catalog) -> list[str]:
    return [forms(m.id)[0] for m in catalogue if m.id and (m.fuzzy or not all(forms(m.string)))]


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """The singular and plurals of a message or of its translation; one empty string where there is none."""
    return list(text) if isinstance(text, tuple | list) else [text or ""]


def compile_catalogues(locale_dir: Path) -> int:
    """Write the .mo file of every .po file under `locale_dir`; how many."""
    sources = sorted(locale_dir.glob("*/LC_MESSAGES/*.po"))
    for source in sources:
        # Beside it first: another process may be reading the old one.
        partial = source.with_suffix(f".{os.getpid()}.tmp")
        with partial.open("wb") as file:
            write_mo(file, read_catalogue(source))
        partial.replace(source.with_suffix(".mo"))
    return len(sources)


def _sources(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in {".py", ".html", ".txt"} and "/static/" not in name and not name.startswith(_SILENT):
                yield path
