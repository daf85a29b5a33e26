"""The process that decodes: what a picture does to it, it does to nothing else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from searches.thumbnails import decoder as room
from searches.thumbnails.decoder import Decoder
from searches.thumbnails.picture import Unreadable, remade
from tests.environment import ROOT
from tests.search.steps import at_once
from tests.thumbnails.conftest import encoded
from tests.waiting import until


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    made = Decoder()
    yield made
    made.close()


def pid(decoder: Decoder) -> int:
    assert decoder._process
    return decoder._process.pid


def test_it_works(decoder: Decoder) -> None:
    assert decoder.remade(encoded()) == remade(encoded())


def test_one_process_for_many(decoder: Decoder) -> None:
    made = at_once(*[lambda i=i: decoder.remade(encoded("PNG", (10 + i, 10))) for i in range(20)])
    assert [picture.width for picture in made] == list(range(10, 30))


def test_what_is_no_picture_harms_nobody(decoder: Decoder) -> None:
    decoder.remade(encoded())
    before = pid(decoder)
    for content in (b"", b"<svg/>", b"x" * 1_000_000):
        with pytest.raises(Unreadable, match="UnidentifiedImageError"):
            decoder.remade(content)
    assert decoder.remade(encoded()).width == 720
    assert pid(decoder) == before


def test_a_picture_that_kills_it(decoder: Decoder) -> None:
    """Whoever comes next finds a new one."""
    decoder.remade(encoded())
    os.kill(pid(decoder), signal.SIGSTOP)
    stopped = pid(decoder)
    killed = at_once(lambda: decoder.remade(encoded()), lambda: os.kill(stopped, signal.SIGKILL))[0]
    assert isinstance(killed, Unreadable) or killed.width == 720
    assert decoder.remade(encoded()).width == 720
    assert pid(decoder) != stopped


def test_one_that_takes_too_long(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder.remade(encoded())
    monkeypatch.setattr(room, "SECONDS", 0.2)
    os.kill(pid(decoder), signal.SIGSTOP)
    with pytest.raises(Unreadable, match="died"):
        decoder.remade(encoded())
    monkeypatch.setattr(room, "SECONDS", 20.0)
    assert decoder.remade(encoded()).width == 720


def test_it_is_nice_and_has_no_secrets_and_little_memory(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a-secret")
    decoder.remade(encoded())
    assert os.getpriority(os.PRIO_PROCESS, pid(decoder)) == min(19, os.nice(0) + 15)
    assert b"SECRET" not in Path(f"/proc/{pid(decoder)}/environ").read_bytes()
    assert "1073741824" in next(line for line in Path(f"/proc/{pid(decoder)}/limits").read_text().splitlines() if "address space" in line)


def test_it_imports_nothing_of_scout() -> None:
    code = "import sys, searches.thumbnails.picture; print([m for m in sys.modules if m.split('.')[0] in ('django', 'scout')])"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_it_goes_when_its_worker_is_killed() -> None:
    code = (
        "import django; django.setup()\n"
        "from searches.thumbnails.decoder import Decoder\n"
        "from tests.thumbnails.conftest import encoded\n"
        "d = Decoder(); d.remade(encoded()); print(d._process.pid, flush=True); input()"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert worker.stdout
    child = Path("/proc") / worker.stdout.readline().decode().split()[-1]
    assert child.exists()
    worker.kill()
    worker.communicate()
    until(lambda: not child.exists() or "Z" in (child / "stat").read_text().split()[2])
