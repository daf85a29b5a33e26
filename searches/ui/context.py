"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:
    """`sandbox`: the data is made up, and the page says so."""
    return {"sandbox": settings.SANDBOX}
