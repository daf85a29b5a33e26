"""After words in code or templates have changed: brings locale/*/LC_MESSAGES/django.po up to date."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scout.catalogues import compile_catalogues, find_messages, update_catalogue


class Command(BaseCommand):
    help = "Update the .po files from code and templates, keeping translations. Exits 1 while some are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        found = find_messages(root)
        missing: list[str] = []
        for path in sorted((root / "locale").glob("*/LC_MESSAGES/django.po")):
            gaps = update_catalogue(path, found)
            missing += gaps
            self.stdout.write(f"{path.relative_to(root)}: {len(found)} messages, {len(gaps)} without a translation")
        compile_catalogues(root / "locale")
        if missing:
            raise CommandError("Not translated yet:\n  " + "\n  ".join(missing))
