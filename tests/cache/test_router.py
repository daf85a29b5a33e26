"""Which database keeps what."""

from searches.accounts.models import User
from searches.cache.models import CachedAnswer
from searches.cache.router import CacheRouter, aliases
from tests.mongo import documents_at

router = CacheRouter()
AWAY = "mongodb://127.0.0.1:1/scout"  # nobody is asked here


def test_it_works() -> None:
    assert (aliases(), router.db_for_read(CachedAnswer)) == (("default",), "default")
    with documents_at(AWAY):
        assert aliases() == ("documents", "default")
        assert (router.db_for_read(CachedAnswer), router.db_for_write(CachedAnswer)) == ("documents", "documents")
        assert (router.db_for_read(User), router.db_for_write(User)) == (None, None)


def test_the_table_is_in_every_database_and_other_tables_are_not() -> None:
    assert [router.allow_migrate(db, "cache") for db in ("default", "documents", "another")] == [True] * 3
    assert [router.allow_migrate(db, "accounts") for db in ("default", "documents", "another")] == [None, False, None]
