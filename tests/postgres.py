"""A PostgreSQL of this machine's binaries for one test, where there are any."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from scout.installation import a_port
from tests.stack import wait_for_port


def binaries() -> Path | None:
    """The newest installed server's folder of programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else (Path(on_path).resolve().parent if on_path else None)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """A running server on loopback; its DATABASE_URL."""
    programs = binaries()
    assert programs
    folder.mkdir(parents=True)
    as_user = _as_ordinary_user(folder)
    data, port = folder / "data", a_port(None)
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*as_user, str(programs / "initdb"), "-D", str(data), "-U", "scout", "--auth=trust", "-E", "UTF8", "--no-sync"], **run)
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off", "-c", "max_connections=200"]
    process = subprocess.Popen([*as_user, str(programs / "postgres"), "-D", str(data), *options], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        with contextlib.suppress(subprocess.CalledProcessError):
            subprocess.run([str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "scout", "scout"], **run)
        yield f"postgres://scout@127.0.0.1:{port}/scout"
    finally:
        process.send_signal(2)  # SIGINT: a fast shutdown
        process.wait(20)


def _as_ordinary_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`, in a folder of theirs."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
