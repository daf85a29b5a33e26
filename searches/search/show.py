"""What a question's page shows: what is known of it, the person's own search of it, or neither. Looking spends nothing."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from searches.accounts.models import User
from searches.cache.answer import Answer
from searches.platforms.sources import Source
from searches.query import Query
from searches.search import coverage, results, wire
from searches.search.api import look
from searches.search.estimate import usual_cost
from searches.search.explain import sentence
from searches.search.models import ACTIVE, OPEN, Run, Search, Status
from searches.search.posts import PER_PAGE
from searches.search.publish import publish
from searches.search.shelf import shelf_of
from searches.search.submit import FORCED_AFTER


def show(user: User, query: Query, sources: list[Source]) -> dict[str, Any]:
    """The page's context. `answer`: what is known, `complete` where every platform has answered. `search` and `told`: the
    person's own, in progress (which may be a refresh of the answer) or the last that ended without one. `shelf`: the answer's
    posts, for `posts`; `items`: those that a search in progress has found."""
    mine = Search.objects.filter(user=user, answer_key=query.key, cached=False).order_by("-created_at").first()
    runs = results.runs_of(mine) if mine else []
    answers = results.known(query, sources)
    complete = results.complete(sources, answers)
    shown: dict[str, Any] = {"asked": query, "title": query.text, "search": None, "answer": None, "shelf": None, "told": None}
    if mine and mine.status in OPEN:
        look(mine, runs)
        shown |= {"search": mine, "told": wire.tell(mine, runs), "refresh": complete}
        if not complete:
            # The rest comes over the socket: a page of hundreds of cards would be slower than that.
            items, cursor = results.items_since(runs, 0, PER_PAGE)
            return shown | {"items": items, "cursor": cursor}
    others = _in_progress(query, sources)
    if answers:
        return shown | _known(query, sources, answers, runs) | {"complete": complete, "refreshing": others}
    told = wire.tell(mine, runs) if mine else None
    return shown | {"search": mine, "told": told, "others": others}


def _known(query: Query, sources: list[Source], answers: dict[Source, Answer], runs: Sequence[Run]) -> dict[str, Any]:
    etag = publish(query, sources, answers).etag
    known, rows = list(answers.values()), coverage.of_answers(query, sources, answers)
    missing = [source for source in sources if source.needed and source not in answers]
    new = [answer for answer in known if answer.new_count is not None and answer.previous_at]
    return {
        "answer": {
            "key": query.key,
            "etag": etag,
            "created_at": min(answer.created_at for answer in known),
            "stale": any(answer.freshness() == "stale" for answer in known),
            "new_count": sum(answer.new_count or 0 for answer in new) if new else None,
            "previous_at": min((answer.previous_at for answer in new if answer.previous_at), default=None),
            "platforms": _with_failures(rows, query, sources, answers, runs),
            "missing": [str(source.platform) for source in missing],
            "young": min(answer.created_at for answer in known) > timezone.now() - FORCED_AFTER,
            "cost": usual_cost(missing or sources),
        },
        "shelf": shelf_of(etag.strip('"'), known),
    }


def _with_failures(
    rows: list[coverage.Row], query: Query, sources: list[Source], answers: dict[Source, Answer], runs: Sequence[Run]
) -> list[coverage.Row]:
    """The rows, with why there is no newer answer where the person's own last search of that source has failed since."""
    failed = {run.answer_key: run for run in runs if run.status == Status.FAILED and run.finished_at}
    told = [source for source in sources if source in answers or source.needed]
    for row, source in zip(rows, told, strict=True):
        run, answer = failed.get(source.key(query)), answers.get(source)
        if run is None or (answer and run.finished_at and run.finished_at < answer.created_at):
            continue
        message = sentence(run.error_type)
        row["error"] = {"type": run.error_type, "message": message}
        if answer is None and not row["suspendedUntil"]:
            row["status"], row["message"] = str(Status.FAILED), message
    return rows


def _in_progress(query: Query, sources: list[Source]) -> bool:
    """Whether somebody's run of this question is on its way: joining it costs nothing."""
    keys = [source.key(query) for source in sources]
    return Run.objects.filter(answer_key__in=keys, status__in=ACTIVE, cancelling=False).exists()
