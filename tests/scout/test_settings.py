"""Settings: every variable is documented, and a wrong value stops the start with one sentence."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scout import database, installation
from tests.environment import ROOT, clean, setting_names
from tests.redis_server import TLSFront

TABLE = (ROOT / "docs" / "settings.md").read_text()
#: Made by bin/up, or said in words.
IN_WORDS = {"SECRET_KEY", "WEBHOOK_SECRET", "DATABASE_URL", "REDIS_URL", "SCOUT_DATA"}


def documented() -> dict[str, str]:
    """Name -> default, as the table has them."""
    return {name: default.strip("`") for name, default in re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", TABLE, re.MULTILINE)}


def defaults() -> dict[str, Any]:
    """Name -> default, as settings.py reads them."""
    found: dict[str, Any] = {}
    for call in ast.walk(ast.parse((ROOT / "scout" / "settings.py").read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"text", "words", "number", "flag", "url"}:
            name, *rest = call.args
            if isinstance(name, ast.Constant):
                found[name.value] = eval(compile(ast.Expression(rest[0]), "", "eval")) if rest else ""
    return found


def environment(tmp_path: Path, **values: str) -> dict[str, str]:
    kept = dict(os.environ)
    clean(kept)
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return kept | {"SCOUT_DATA": str(tmp_path), "SECRET_KEY": "only-for-tests"} | values


def run(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def read(env: dict[str, str], what: str) -> str:
    """The value of an expression over scout.settings."""
    done = run(env, "-c", f"import scout.settings as s; print(({what}))")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_works(tmp_path: Path) -> None:
    done = run(environment(tmp_path, PORT="8123", REDIS_URL="redis://:pw@h/1"), "manage.py", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


# The table.


def test_every_variable_is_documented_and_no_other() -> None:
    assert set(documented()) == setting_names() == set(defaults())


def test_no_variable_stands_in_it_twice() -> None:
    names = re.findall(r"^\| `([A-Z_]+)`", TABLE, re.MULTILINE)
    assert len(names) == len(set(names)) == len(re.findall(r"^\| `", TABLE, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(set(documented()) - IN_WORDS))
def test_default_is_the_documented_one(name: str) -> None:
    default = defaults()[name]
    said = {True: "on", False: "off", "": "-"}.get(default) if isinstance(default, bool | str) and not default else None
    if isinstance(default, tuple):
        said = ",".join(default)
    if isinstance(default, int | float) and not isinstance(default, bool):
        said = f"{default:.15g}"
    assert documented()[name] == (said or default)


# Wrong values.

WRONG = {
    "PORT": ["abc", "0", "70000", "8000.5", "-1"],
    "DEBUG": ["maybe"],
    "TIME_ZONE": ["Mars/Olympus", "../etc/passwd"],
    "LOG_FORMAT": ["xml"],
    "PUBLIC_URL": ["scout.example", "ftp://scout.example", "https://"],
    "APIFY_BASE_URL": ["api.apify.com"],
    "DATABASE_URL": ["nonsense", "mysql://u:hunter2@h/x", "postgres://u:hunter2@h:99999/x", "postgres://u:hunter2@[::1/x", "mongodb://h/x"],
    "MONGODB_URI": ["h:27017", "postgres://u:hunter2@h/x", "mongodb://u:hunter2@h:99999/x", "mongodb+srv://u:hunter2@h/x"],
    "REDIS_URL": [
        "h:6379",
        "http://:hunter2@h",
        "redis://:hunter2@h:x/0",
        "redis://:hunter2@h/x",
        "redis://:hunter2@h/0?db=1",
        "redis://:hunter2@/0",
    ],
    "REDIS_SENTINELS": ["h:x", "h:1:2"],
    "UPSTASH_REDIS_URL": ["https://:hunter2@h"],
    "CACHE_URL": ["h:6379", "redis://:hunter2@h/0?db=1", "memcached://h"],
    "REDIS_CA_FILE": ["/no/such/file.pem", "/dev/null", "/"],
    "SIGNUP": ["Open", "yes"],
    "EMAIL_URL": [
        "mail.example",
        "https://u:hunter2@h",
        "smtp://u:hunter2@h:x",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@h/x",
        "smtp://h?tls=1",
    ],
    "TRUSTED_PROXIES": ["10.0.0.0/33", "proxy.example", "10.0.0.1 10.0.0.2"],
    "SANDBOX_RUN_SECONDS": ["nan", "inf", "0"],
    "WEB_THREADS": ["0", "1e3", "many"],
    "WORKER_MAX_RETRIES": ["-1"],
    "MEMORY_BYTES": ["256MB"],
    "SCOUT_SANDBOX": ["2"],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_value_stops_the_start_with_one_sentence(tmp_path: Path, name: str) -> None:
    """All values of a name in one process; each would stop it by itself."""
    script = (
        "import json, os, sys, runpy\n"
        "for value in json.load(sys.stdin):\n"
        f"    os.environ[{name!r}] = value\n"
        "    try:\n"
        "        runpy.run_module('scout.settings')\n"
        "        print('NOT REFUSED:', value)\n"
        "    except SystemExit as refused:\n"
        "        print(refused.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env=environment(tmp_path),
        input=repr(WRONG[name]).replace("'", '"'),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    sentences = done.stdout.splitlines()
    assert len(sentences) == len(WRONG[name])
    for sentence in sentences:
        assert re.fullmatch(rf"Scout cannot start: {name} must .+\.", sentence), sentence
        assert "hunter2" not in sentence


@pytest.mark.parametrize("values", [{"PORT": "abc"}, {"DATABASE_URL": "nonsense"}, {"TIME_ZONE": "Mars/Olympus"}])
def test_commands_stop_with_that_sentence_and_no_traceback(tmp_path: Path, values: dict[str, str]) -> None:
    done = run(environment(tmp_path, **values), "manage.py", "check")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"Scout cannot start: [^\n]+\.\n", done.stderr)


def test_web_process_without_a_secret_key(tmp_path: Path) -> None:
    done = run(environment(tmp_path, SECRET_KEY="") | {"DJANGO_SETTINGS_MODULE": "scout.settings"}, "-c", "import scout.asgi")
    assert (done.returncode, done.stderr) == (1, "Scout cannot start: SECRET_KEY is not set. bin/up makes one and keeps it.\n")


# Right ones.


@pytest.mark.parametrize("password", ["$HOME", "'quoted'", 'a#b \\$ %41 = "x"'])
def test_values_are_taken_as_they_are(tmp_path: Path, password: str) -> None:
    """Also those that look like the name of another variable, a quotation or a comment, given or kept."""
    given = environment(tmp_path, REDIS_HOST="h", REDIS_PASSWORD=password)
    assert read(given, "s.REDIS_TARGET.password") == password
    installation.write(tmp_path / "running", {"REDIS_HOST": "h", "REDIS_PASSWORD": password})
    assert read(environment(tmp_path), "s.REDIS_TARGET.password") == password


def test_empty_is_not_set(tmp_path: Path) -> None:
    env = environment(tmp_path, PORT="", REDIS_URL="  ", ALLOWED_HOSTS=",")
    assert read(env, "s.PORT, s.REDIS_TARGET, s.ALLOWED_HOSTS") == "(8000, None, ['localhost', '127.0.0.1', '[::1]'])"


def test_public_url(tmp_path: Path) -> None:
    env = environment(tmp_path, PUBLIC_URL="https://scout.example:8443/")
    told = read(env, "s.ALLOWED_HOSTS[-1], s.CSRF_TRUSTED_ORIGINS, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE")
    assert told == "('scout.example', ['https://scout.example:8443'], True, True)"


def test_sentinels(tmp_path: Path) -> None:
    env = environment(tmp_path, REDIS_SENTINELS="a:1, b", REDIS_PASSWORD="pw", REDIS_SENTINEL_PASSWORD="spw", REDIS_URL="redis://ignored")
    told = read(env, "s.REDIS_TARGET.sentinels, s.REDIS_TARGET.master, s.REDIS_TARGET.password, s.REDIS_TARGET.sentinel_password")
    assert told == "((('a', 1), ('b', 26379)), 'mymaster', 'pw', 'spw')"


def test_every_redis_setting_is_known_whichever_is_used(tmp_path: Path) -> None:
    """`bin/up` hands on what is in NAMES."""
    names = {name for name in setting_names() if "REDIS" in name} | {"CACHE_URL"}
    assert read(environment(tmp_path, REDIS_URL="redis://h"), f"{names!r} - s.NAMES") == "set()"


def test_the_cache(tmp_path: Path) -> None:
    backend = "s.CACHE_TARGET and s.CACHE_TARGET.masked, s.CACHES['default']['BACKEND'].split('.')[-1]"
    assert read(environment(tmp_path), backend) == "(None, 'LocMemCache')"
    assert read(environment(tmp_path, REDIS_URL="redis://a"), backend) == "('redis://a:6379/0', 'RedisCache')"
    another = environment(tmp_path, REDIS_SENTINELS="a", CACHE_URL="rediss://:pw@b/1")
    assert read(another, backend) == "('rediss://***@b:6379/1', 'RedisCache')"
    assert read(environment(tmp_path, CACHE_URL="redis://b"), f"s.REDIS_TARGET, {backend}") == "(None, 'redis://b:6379/0', 'RedisCache')"


def test_trusted_certificates(tmp_path: Path) -> None:
    file = str(TLSFront(1, tmp_path).certificate)
    env = environment(tmp_path, REDIS_URL="rediss://a", CACHE_URL="rediss://b", REDIS_CA_FILE=file)
    assert read(env, "s.REDIS_TARGET.ca_file, s.CACHE_TARGET.ca_file") == repr((file, file))


def test_the_environment_comes_before_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "running").write_text("PORT=8001\nHOST=0.0.0.0\n")
    (tmp_path / "env").write_text("PORT=8002\nHOST=::1\nWEBHOOK_SECRET=kept\n")
    assert read(environment(tmp_path, PORT="8003"), "s.PORT, s.HOST, s.WEBHOOK_SECRET") == "(8003, '0.0.0.0', 'kept')"


def test_up_is_not_steered_by_how_it_was_started_last_time(tmp_path: Path) -> None:
    """After a kill -9 that file is still there."""
    (tmp_path / "running").write_text("PORT=8001\n")
    (tmp_path / "env").write_text("WEBHOOK_SECRET=kept\n")
    done = run(
        environment(tmp_path),
        "-c",
        "import sys; sys.argv = ['manage.py', 'up']; import scout.settings as s; print(s.PORT, s.WEBHOOK_SECRET)",
    )
    assert done.stdout.split() == ["8000", "kept"]


# The database.


def test_sqlite_by_default_wherever_its_folder_is(tmp_path: Path) -> None:
    for name in ("plain", "a+b c", "50%", "what?", "a#b", "메이크업"):
        assert database.parse("", tmp_path / name)["NAME"] == str(tmp_path / name / "scout.sqlite3")


def test_sqlite_waits_its_turn(tmp_path: Path) -> None:
    for url in ("", "sqlite:////srv/x.sqlite3"):
        parsed = database.parse(url, tmp_path)
        assert (parsed["OPTIONS"]["transaction_mode"], parsed["CONN_MAX_AGE"]) == ("IMMEDIATE", None)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_pooled(tmp_path: Path, scheme: str) -> None:
    parsed = database.parse(f"{scheme}://u:p%40ss@h:5433/name?sslmode=require", tmp_path)
    assert (parsed["ENGINE"], parsed["HOST"], parsed["PORT"], parsed["PASSWORD"]) == ("django.db.backends.postgresql", "h", 5433, "p@ss")
    assert (parsed["OPTIONS"]["sslmode"], parsed["OPTIONS"]["pool"]["max_size"], parsed["CONN_MAX_AGE"]) == ("require", 20, 0)
