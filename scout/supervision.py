"""The supervisord configuration of `bin/up`: which processes, in which order they stop, how they die.

Three groups, stopped one after the other: web (supervisord shares its listening socket between the processes, and can do
so only outside of a mixed group), then everything else side by side, Redis last.
"""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from scout.installation import redis_server

HEAD = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
loglevel=error
pidfile={folder}/supervisord.pid
{user}
"""
PROGRAM = """
[{kind}:{name}]
command={command}
process_name=%(program_name)s-%(process_num)d
numprocs={count}
directory={base}
autorestart=true
startsecs=1
startretries=1000
stopsignal=TERM
stopwaitsecs=8
stopasgroup={as_group}
killasgroup=true
redirect_stderr=true
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
"""
GROUP = """
[group:{name}]
programs={programs}
priority={priority}
"""


@dataclass(frozen=True)
class Program:
    name: str
    command: str
    count: int = 1
    socket: str = ""
    forks: bool = False


def programs(with_redis: bool, with_sandbox: bool, workers: int) -> list[Program]:
    """Everything that runs, in the order of starting."""
    manage = f"{_python()} {_quoted(settings.BASE_DIR / 'manage.py')}"
    web = f"{_quoted(Path(sys.executable).parent / 'daphne')} --fd 0 --verbosity 0 --server-name scout scout.asgi:application"
    found = [
        Program("web", web, settings.WEB_CONCURRENCY, socket=f"tcp://{settings.HOST}:{settings.PORT}"),
        Program("search-worker", f"{manage} worker search", workers),
        Program("warm-worker", f"{manage} worker warm"),
        Program("other-worker", f"{manage} worker scan chat push dashboard backtest default", forks=True),
        Program("follow", f"{manage} follow"),
    ]
    if with_sandbox:
        found.insert(0, Program("sandbox", _sandbox_command()))
    if with_redis:
        found.insert(0, Program("redis", f"{_quoted(redis_server())} {_quoted(settings.DATA / 'redis.conf')}"))
    return found


def configuration(running: list[Program]) -> str:
    """The text of supervisord.conf. It holds no secret: processes inherit those by their environment."""
    root = "user=root" if settings.RUNS_AS_ROOT else ""
    text = HEAD.format(folder=_literal(settings.DATA), user=root)
    for program in running:
        text += PROGRAM.format(
            kind="fcgi-program" if program.socket else "program",
            name=program.name,
            command=_literal(_dies_with_parent() + program.command),
            count=program.count,
            base=_literal(settings.BASE_DIR),
            # A forked job is left to finish by its worker; killing reaches both.
            as_group=str(not program.forks).lower(),
        )
        text += f"socket={program.socket}\npriority=20\n" if program.socket else ""
    names = [program.name for program in running]
    text += GROUP.format(name="scout", programs=",".join(n for n in names if n not in {"redis", "web"}), priority=10)
    return text + (GROUP.format(name="store", programs="redis", priority=1) if "redis" in names else "")


def _sandbox_command() -> str:
    port = settings.APIFY_BASE_URL.rsplit(":", 1)[1]
    asked = f"--port {port} --run-seconds {settings.SANDBOX_RUN_SECONDS} --items {settings.SANDBOX_ITEMS}"
    return f"{_python()} -m scout.sandbox {asked} --state-file {_quoted(settings.DATA / 'sandbox.jsonl')}"


def _dies_with_parent() -> str:
    """What makes a process leave when supervisord is killed; empty where util-linux is not there."""
    setpriv = shutil.which("setpriv")
    return f"{setpriv} --pdeathsig TERM -- " if setpriv else ""


def _python() -> str:
    return _quoted(sys.executable)


def _quoted(path: object) -> str:
    """One word of a command, also where a folder has blanks in its name."""
    return shlex.quote(str(path))


def _literal(text: object) -> str:
    """As it stands: supervisord would take a per cent sign for the beginning of a variable."""
    return str(text).replace("%", "%%")
