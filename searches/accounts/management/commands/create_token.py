"""Makes an API token for a person and prints it, alone on its line, so that TOKEN=$(bin/manage create_token demo) works."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from searches.accounts.models import User, create_token


class Command(BaseCommand):
    help = "Make an API token for a person. It is printed once and cannot be read again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="api", help="what the token is for")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            known = ", ".join(User.objects.filter(is_active=True).values_list("username", flat=True)[:10])
            raise CommandError(f"There is no active person named {username!r}. Known: {known or 'nobody; run bin/up first'}.")
        self.stdout.write(create_token(user, name[:80]))
