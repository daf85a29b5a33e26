"""Makes an installation ready: migrations, static files, catalogues, the first workspace and people. Safe to repeat."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from scout.catalogues import compile_catalogues
from searches.accounts.models import Membership, User, Workspace
from searches.cache.breaker import Away, breaker, read, within
from searches.cache.router import DOCUMENTS, aliases

MIGRATION_SECONDS = 3_600.0  # an index over many answers takes longer than any request may
PEOPLE = (("demo", False), ("admin", True))


class Command(BaseCommand):
    help = "Apply migrations, collect static files, compile catalogues, and make the first workspace and people."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.DATA.mkdir(parents=True, exist_ok=True)
        compile_catalogues(Path(settings.BASE_DIR) / "locale")
        if connection.vendor == "sqlite":
            # Once: it is a property of the file. Readers then never wait for writers.
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
        call_command("migrate", verbosity=0)
        if DOCUMENTS in aliases():
            self._prepare_documents()
        call_command("collectstatic", interactive=False, verbosity=0)
        if not User.objects.exists():
            self._first_people()

    def _prepare_documents(self) -> None:
        """Migrations of MongoDB. Its first one is taken as applied where a web process has written answers before it."""
        try:
            with breaker(DOCUMENTS).guarded():
                read(DOCUMENTS)
        except Away:
            raise CommandError(
                "MongoDB (MONGODB_URI) does not answer, or does not let Scout in. Start it or put its address right; "
                "without MONGODB_URI answers are kept in the main database."
            ) from None
        with within(MIGRATION_SECONDS):
            call_command("migrate", database=DOCUMENTS, fake_initial=True, verbosity=0)

    @transaction.atomic
    def _first_people(self) -> None:
        given = settings.FIRST_PASSWORD
        password = given or secrets.token_urlsafe(12)
        workspace = Workspace.objects.create(name="Scout")
        for name, staff in PEOPLE:
            user = User.objects.create_user(name, password=password, is_staff=staff, is_superuser=staff)
            Membership.objects.create(workspace=workspace, user=user, role=Membership.Role.OWNER if staff else Membership.Role.MEMBER)
        shown = "the password in SCOUT_PASSWORD" if given else f"the password {password} (shown only this once)"
        self.stdout.write(f"Sign in as demo (a person) or admin (staff) with {shown}.")
