"""What bin/up makes and keeps for one installation."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from scout import installation
from scout.redis import parse
from tests.environment import ROOT
from tests.stack import wait_for_port


def test_it_works(tmp_path: Path) -> None:
    """A local Redis with what is written for it, wherever its folder is."""
    folder = tmp_path / 'a b "c" 100% \\'
    folder.mkdir()
    made = installation.local_redis(folder, {})
    target = parse(made["REDIS_URL"])
    server = subprocess.Popen([installation.redis_server(), str(folder / "redis.conf")], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(target.port)
        client = redis.Redis(host=target.host, port=target.port, password=target.password)
        assert client.set("a", 1)
        assert client.config_get("appendonly")["appendonly"] == "yes"  # type: ignore[index]
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"  # type: ignore[index]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host=target.host, port=target.port, retry=Retry(NoBackoff(), 0)).ping()
        assert list((folder / "redis").iterdir())
    finally:
        server.terminate()
        server.wait(10)


# Files of secrets.


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_with_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    installation.write(tmp_path / "env", {"SECRET_KEY": "x"})
    installation.local_redis(tmp_path, {})
    assert mode(tmp_path / "env") == mode(tmp_path / "redis.conf") == 0o600


def test_written_again_it_stays_so(tmp_path: Path) -> None:
    for value in ("1", "2"):
        installation.write(tmp_path / "env", {"A": value})
    assert mode(tmp_path / "env") == 0o600
    assert installation.read(tmp_path / "env") == {"A": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["env"]


values = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True), st.text(st.characters(exclude_categories=("Cs",)), max_size=40), max_size=5
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_what_is_written_is_read(tmp_path: Path, given_values: dict[str, str]) -> None:
    installation.write(tmp_path / "env", given_values)
    kept = {name: value for name, value in given_values.items() if not {"\n", "\r"} & set(value)}
    assert installation.read(tmp_path / "env") == kept


def test_nothing_there(tmp_path: Path) -> None:
    assert installation.read(tmp_path / "env") == {}
    assert installation.read(tmp_path) == {}


def test_comments_and_nonsense_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# A=1\n\nnonsense\nB=2=3\n")
    assert installation.read(tmp_path / "env") == {"B": "2=3"}


# Secrets.


def test_secrets_are_made_once() -> None:
    made = installation.with_secrets({})
    assert set(made) == {"SECRET_KEY", "WEBHOOK_SECRET"}
    assert min(map(len, made.values())) >= 50
    assert installation.with_secrets(made) == made
    assert installation.with_secrets({}) != made


def test_kept_ones_stay() -> None:
    assert installation.with_secrets({"SECRET_KEY": "kept", "OTHER": "1"}) | {"WEBHOOK_SECRET": ""} == {
        "SECRET_KEY": "kept",
        "OTHER": "1",
        "WEBHOOK_SECRET": "",
    }


def test_password_of_redis_stays(tmp_path: Path) -> None:
    first = installation.local_redis(tmp_path, {})
    assert installation.local_redis(tmp_path, first)["LOCAL_REDIS_PASSWORD"] == first["LOCAL_REDIS_PASSWORD"]
    assert len(first["LOCAL_REDIS_PASSWORD"]) >= 32


# Who holds the data.


def test_one_at_a_time(tmp_path: Path) -> None:
    held = installation.hold(tmp_path)
    assert held is not None
    assert installation.hold(tmp_path) is None
    held.close()
    again = installation.hold(tmp_path)
    assert again is not None
    again.close()


def test_whoever_dies_lets_go(tmp_path: Path) -> None:
    code = f"import os, pathlib; from scout.installation import hold; f = hold(pathlib.Path({str(tmp_path)!r})); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    held = installation.hold(tmp_path)
    assert held is not None
    held.close()


# Ports.


def test_a_port_that_is_taken_is_not_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert installation.port_is_free("127.0.0.1", port) is False
        assert installation.a_port(str(port)) != port
    assert installation.a_port(str(port)) == port


@pytest.mark.parametrize("wanted", [None, "", "x", "0x10", "-1", "99999", "²"])
def test_any_port_where_none_is_wanted(wanted: str | None) -> None:
    assert 1_024 <= installation.a_port(wanted) <= 65_535


# The sandbox.


def test_sandbox(tmp_path: Path) -> None:
    made = installation.sandbox({})
    assert made["APIFY_BASE_URL"] == f"http://127.0.0.1:{made['SANDBOX_PORT']}"
    assert made["SCOUT_SANDBOX"] == "1"
    assert installation.sandbox(made) == made
