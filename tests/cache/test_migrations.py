"""Migrations on a real MongoDB, and what they leave there."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from pymongo.collection import Collection

from searches.cache import store
from searches.cache.router import DOCUMENTS
from tests.mongo import MongoServer, a_name, documents_at
from tests.rows import ASKED, make_answer

pytestmark = pytest.mark.django_db

INDEXES = {
    "_id_": {"key": [("_id", 1)]},
    "one_answer_per_question": {"key": [("query", 1), ("platform", 1), ("date_range", 1)], "unique": True},
    "most_asked": {"key": [("access_count", -1)]},
    "newest": {"key": [("created_at", -1)]},
    "expiring": {"key": [("expires_at", 1)], "expireAfterSeconds": 0},
}


@pytest.fixture
def answers(mongo_process: MongoServer) -> Iterator["Collection[dict[str, Any]]"]:
    """The collection in a database of its own in which nothing is yet."""
    name = a_name()
    with documents_at(mongo_process.uri(name)):
        yield mongo_process.collection(name)


def migrate(*target: str, **options: Any) -> None:
    call_command("migrate", *(target or ("cache",)), database=DOCUMENTS, verbosity=0, **options)


def indexes(collection: "Collection[dict[str, Any]]") -> dict[str, dict[str, Any]]:
    found = collection.index_information()
    return {name: {k: v for k, v in index.items() if k != "v"} for name, index in found.items()}


def test_it_works(answers: "Collection[dict[str, Any]]") -> None:
    call_command("migrate", database=DOCUMENTS, verbosity=0)
    assert indexes(answers) == INDEXES
    assert set(answers.database.list_collection_names()) == {"cache_cachedanswer", "django_migrations"}
    migrate()
    assert indexes(answers) == INDEXES


def test_document_is_what_the_design_names(answers: "Collection[dict[str, Any]]") -> None:
    migrate()
    made = make_answer()
    document = answers.find_one()
    assert document is not None
    assert (document["_id"], document["query"], document["date_range"]) == (ASKED.key, "메이크업", "7days")
    assert (document["body"], document["gaps"], document["access_count"]) == (made.body.decode(), [], 0)
    assert "key" not in document


def test_back_and_forth(answers: "Collection[dict[str, Any]]") -> None:
    migrate()
    migrate("cache", "0002")
    plain = indexes(answers)
    assert "expireAfterSeconds" not in plain["expiring"]
    assert set(plain) == set(INDEXES)
    migrate()
    assert indexes(answers) == INDEXES
    migrate("cache", "zero")
    assert "cache_cachedanswer" not in answers.database.list_collection_names()


def test_answers_of_an_earlier_release_stay(answers: "Collection[dict[str, Any]]") -> None:
    migrate("cache", "0001")
    answers.insert_one(_old_document())
    migrate()
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.actor, found.outside_count, found.window_days, found.new_count) == ("", 0, None, None)


def test_written_to_before_its_migrations(answers: "Collection[dict[str, Any]]") -> None:
    """A MongoDB that came back empty: what it got meanwhile stays, and prepare goes through."""
    made = make_answer()
    assert set(indexes(answers)) == {"_id_"}
    migrate(fake_initial=True)
    assert indexes(answers) == INDEXES
    found = store.get(ASKED.key)
    assert found is not None
    assert found.body == made.body


def _old_document() -> dict[str, Any]:
    made = make_answer()
    store.forget([made.key])
    return {
        "_id": made.key,
        "query": "메이크업",
        "platform": "tiktok",
        "date_range": "7days",
        "body": made.body.decode(),
        "gaps": [],
        "item_count": 3,
        "undated_count": 3,
        "partial": False,
        "created_at": made.created_at,
        "expires_at": made.expires_at,
        "access_count": 0,
    }


def test_models_have_no_changes_without_migrations(answers: "Collection[dict[str, Any]]") -> None:
    migrate()
    call_command("makemigrations", "cache", check=True, dry_run=True, verbosity=0)
