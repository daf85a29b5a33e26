"""Compiles the translation catalogues. Babel does it, so no GNU gettext is needed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogues(locale_dir: Path) -> int:
    """Write a .mo beside every .po; how many."""
    found = sorted(locale_dir.glob("*/LC_MESSAGES/*.po"))
    for po in found:
        with po.open("rb") as source:
            catalogue = read_po(source)
        with po.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalogue)
    return len(found)
