"""The supervisord configuration of bin/up."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from scout import installation, supervision
from scout.queues import QUEUES


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Data in a folder whose name is not easy."""
    settings.DATA = tmp_path / "a b 100% $HOME"
    settings.DATA.mkdir()
    settings.APIFY_BASE_URL = "http://127.0.0.1:4567"
    return Path(settings.DATA)


def understood(folder: Path, **given: Any) -> dict[str, Any]:
    """Groups by name, as supervisord itself reads the file."""
    asked = {"with_redis": True, "with_sandbox": True, "workers": 2} | given
    conf = folder / "supervisord.conf"
    conf.write_text(supervision.configuration(supervision.programs(**asked)))
    options = ServerOptions()
    options.realize(["-n", "-c", str(conf)])
    assert Path(options.pidfile) == folder / "supervisord.pid"
    return {group.name: group for group in options.process_group_configs}


def processes(groups: dict[str, Any]) -> dict[str, Any]:
    return {process.name: process for group in groups.values() for process in group.process_configs}


def test_it_works(folder: Path) -> None:
    groups = understood(folder)
    assert set(groups) == {"web", "scout", "store"}
    found = processes(groups)
    assert {"web-0", "web-1", "search-worker-0", "search-worker-1", "warm-worker-0", "other-worker-0", "follow-0"} <= set(found)
    assert {"redis-0", "sandbox-0"} <= set(found)
    assert all(process.autorestart for process in found.values())


def test_every_queue_has_a_worker(folder: Path) -> None:
    commands = [shlex.split(process.command) for process in processes(understood(folder)).values()]
    served = {word for command in commands if "worker" in command for word in command[command.index("worker") + 1 :]}
    assert served == set(QUEUES)


def test_web_stops_first_and_redis_last(folder: Path) -> None:
    """supervisord stops groups from the highest number down."""
    groups = understood(folder)
    assert groups["web"].priority > groups["scout"].priority > groups["store"].priority


def test_what_is_elsewhere_is_not_started(folder: Path) -> None:
    groups = understood(folder, with_redis=False, with_sandbox=False)
    assert set(groups) == {"web", "scout"}
    assert not {"redis-0", "sandbox-0"} & set(processes(groups))


@pytest.mark.parametrize("workers", [1, 5])
def test_as_many_workers_as_asked_for(folder: Path, workers: int) -> None:
    found = processes(understood(folder, workers=workers))
    assert sum(name.startswith("search-worker") for name in found) == workers


def test_all_is_over_within_ten_seconds(folder: Path) -> None:
    assert all(process.stopwaitsecs < 10 for process in processes(understood(folder)).values())


def test_killing_reaches_children_and_a_forked_job_may_end(folder: Path) -> None:
    found = processes(understood(folder))
    assert all(process.killasgroup for process in found.values())
    assert [name for name, process in found.items() if not process.stopasgroup] == ["other-worker-0"]


def test_folders_with_odd_names(folder: Path) -> None:
    found = processes(understood(folder))
    assert shlex.split(found["redis-0"].command)[-1] == str(folder / "redis.conf")
    assert shlex.split(found["sandbox-0"].command)[-1] == str(folder / "sandbox.jsonl")


def test_no_secret_in_it(folder: Path, settings: Any) -> None:
    """Neither in the file nor on a command line: processes inherit secrets by their environment."""
    settings.SECRET_KEY = settings.WEBHOOK_SECRET = settings.APIFY_TOKEN = settings.FIRST_PASSWORD = "hunter2"
    made = installation.local_redis(folder, {})
    text = supervision.configuration(supervision.programs(True, True, 2))
    assert "hunter2" not in text
    assert made["LOCAL_REDIS_PASSWORD"] not in text
    assert "redis://" not in text


def test_without_setpriv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision.shutil, "which", lambda name: None)
    assert shlex.split(processes(understood(folder))["follow-0"].command)[-1] == "follow"
