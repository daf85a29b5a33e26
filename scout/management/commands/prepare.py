"""Makes an installation ready: migrations, static files, catalogues, the first workspace and people. Safe to repeat."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from scout.catalogues import compile_catalogues
from searches.accounts.models import Membership, User, Workspace

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
        call_command("collectstatic", interactive=False, verbosity=0)
        if not User.objects.exists():
            self._first_people()

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
