"""Where the databases are, in the shape Django wants: SQLite unless DATABASE_URL names another, and MongoDB for answers."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

_SCHEMES = {"sqlite", "postgres", "postgresql", "pgsql", "psql"}
# IMMEDIATE, or writers that began as readers fail at once instead of waiting their turn. Connections stay with their
# thread (see scout.lanes).
_SQLITE: dict[str, Any] = {
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY",
    },
    "CONN_MAX_AGE": None,
}
# Connections go back to a pool, because every request under ASGI is a thread of its own.
_POOL = {"min_size": 1, "max_size": 20, "timeout": 30}

#: A MongoDB that is dead or hangs costs a second and a half once, and what it has taken survives a kill -9 of it. What the URI
#: says itself comes first.
_MONGO_OPTIONS = {"serverSelectionTimeoutMS": 1_500, "connectTimeoutMS": 1_500, "timeoutMS": 1_500, "journal": True}
_USER_INFO = re.compile(r"^[^/?]*@")
_ONLY_SRV = re.compile(r"(?<=[?&])srv(?:ServiceName|MaxHosts)=[^&]*&?", re.IGNORECASE)
_MONGO_SHAPE = (
    "must look like mongodb://[user:password@]host:port/name or mongodb+srv://host/name, with options that PyMongo knows, "
    "and with signs like @ in the password written as %40"
)
_MONGO_NAME_BYTES = 63


def parse(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings of a database. ValueError, without the password in it, when the URL is not one."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "scout.sqlite3"), **_SQLITE}
    try:
        if url.partition(":")[0] not in _SCHEMES:
            raise ValueError
        found: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise ValueError("must look like postgres://user:password@host:5432/name or sqlite:////path/to/file") from None
    if found["ENGINE"].endswith("sqlite3"):
        return found | _SQLITE
    return found | {"OPTIONS": found.get("OPTIONS", {}) | {"pool": _POOL}, "CONN_MAX_AGE": 0}


def documents(uri: str) -> dict[str, dict[str, Any]]:
    """The alias `documents` for a MongoDB, or none. ValueError, without the password in it, when the URI is not one.

    The password is kept apart from the address, so that error pages of DEBUG know what to hide.
    """
    if not uri:
        return {}
    from pymongo.errors import PyMongoError  # large, and here only where it is needed
    from pymongo.uri_parser import parse_uri

    try:
        scheme, rest = uri.split("://", 1)
        if scheme not in {"mongodb", "mongodb+srv"} or uri != "".join(uri.split()):
            raise ValueError
        # Names that are looked up in DNS are not looked up here; all else is checked as in the plain kind of URI.
        found = parse_uri("mongodb://" + _ONLY_SRV.sub("", rest).rstrip("?&"))
        host = found["nodelist"][0][0]
        if scheme == "mongodb+srv" and (len(found["nodelist"]) > 1 or urlsplit(uri).port or host.count(".") < 2):
            raise ValueError
        name = found["database"] or "scout"
        if len(name.encode()) > _MONGO_NAME_BYTES:
            raise ValueError
    except (PyMongoError, ValueError):
        raise ValueError(_MONGO_SHAPE) from None
    given = {name.lower() for name in found["options"]}
    return {
        "documents": {
            "ENGINE": "django_mongodb_backend",
            "HOST": f"{scheme}://{_USER_INFO.sub('', rest)}",
            "USER": found["username"] or "",
            "PASSWORD": found["password"] or "",
            "NAME": name,
            "OPTIONS": {name: value for name, value in _MONGO_OPTIONS.items() if name.lower() not in given},
        }
    }
