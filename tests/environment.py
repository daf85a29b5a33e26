"""What of the machine's environment tests may see: nothing that Scout would read."""

import re
from collections.abc import MutableMapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def setting_names() -> set[str]:
    """Every variable that settings.py reads, without importing it."""
    return set(re.findall(r'(?:text|words|number|flag|url)\(\s*"([A-Z][A-Z_]+)"', (ROOT / "scout" / "settings.py").read_text()))


def clean(environment: MutableMapping[str, str]) -> None:
    """Remove Scout's settings from an environment."""
    for name in setting_names() & set(environment):
        del environment[name]
