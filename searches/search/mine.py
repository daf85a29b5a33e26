"""What a person has here: for the export of their account, and for its end."""

from typing import Any

from searches.accounts.models import User
from searches.search.cancel import cancel
from searches.search.models import OPEN, Search

_BATCH = 500


def export(user: User) -> list[dict[str, Any]]:
    """Every search of the person, the oldest first."""
    rows = Search.objects.filter(user=user).order_by("created_at", "pk")
    names = {
        "id": "jobId",
        "query": "query",
        "platform": "platform",
        "date_range": "dateRange",
        "answer_key": "answerKey",
        "status": "status",
        "cached": "cached",
        "item_count": "itemCount",
        "created_at": "askedAt",
        "finished_at": "finishedAt",
    }
    return [{names[name]: value for name, value in row.items()} for row in rows.values(*names)]


def leave(user: User) -> None:
    """Take the person off all that they wait for, which stops what nobody else wants, and delete their searches."""
    for search in Search.objects.filter(user=user, status__in=OPEN):
        cancel(search)
    while ids := list(Search.objects.filter(user=user).values_list("pk", flat=True)[:_BATCH]):
        Search.objects.filter(pk__in=ids).delete()
