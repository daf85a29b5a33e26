"""The house keeps its order: who imports whom, how large things are, who reads the environment, what may run."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from scout.queues import JOBS, QUEUES
from tests.environment import ROOT

CODE = ("scout", "searches", "queueadmin")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 40
#: Who may read the environment: the settings, the process that stands in for Apify, and what bin/up is made of.
READERS = {"scout/settings.py", "scout/installation.py", "scout/management/commands/up.py"}
#: What only sets the name of the settings module there.
SETTERS = {"scout/asgi.py", "manage.py"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_it_works() -> None:
    """The contracts of pyproject.toml hold."""
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


# Sizes.


@pytest.mark.parametrize("folder", CODE)
def test_files_are_short(folder: str) -> None:
    long = {name(path): lines for path in sources(folder) if (lines := len(path.read_text().splitlines())) >= MOST_LINES}
    assert long == {}


def lengths(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("folder", CODE)
def test_functions_are_short(folder: str) -> None:
    long = {where: lines for path in sources(folder) for where, lines in lengths(path) if lines >= MOST_LINES_OF_A_FUNCTION}
    assert long == {}


def test_templates_are_short() -> None:
    long = {name(p): n for p in (ROOT / "templates").rglob("*.html") if (n := len(p.read_text().splitlines())) > 80}
    assert long == {}


# Names.


def test_nothing_is_called_utils() -> None:
    empty_words = {"utils", "helpers", "common", "misc", "base", "tools", "lib", "shared"}
    assert [name(path) for path in sources(*CODE) if path.stem in empty_words or path.parent.name in empty_words] == []


def test_nothing_else_at_the_top() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"manage.py"}


@pytest.mark.parametrize("folder", CODE)
def test_every_file_says_what_it_is(folder: str) -> None:
    silent = [name(p) for p in sources(folder) if p.name not in {"__init__.py", "apps.py"} and ast.get_docstring(parsed(p)) is None]
    assert silent == []


def test_rooms_with_tables_are_apps_named_like_their_folder() -> None:
    for models in (ROOT / "searches").glob("*/models.py"):
        config = (models.parent / "apps.py").read_text()
        assert f'label = "{models.parent.name}"' in config, name(models)


# The environment.


def reads_environment(path: Path) -> bool:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"}:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & {"environ", "getenv"}:
            return True
    return False


def test_only_the_settings_read_the_environment() -> None:
    readers = {name(p) for p in [*sources(*CODE), ROOT / "manage.py"] if reads_environment(p) and "sandbox" not in p.parts}
    assert readers - READERS - SETTERS == set()


@pytest.mark.parametrize("path", sorted(SETTERS))
def test_who_sets_the_settings_module_does_nothing_else_there(path: str) -> None:
    lines = [line for line in (ROOT / path).read_text().splitlines() if "os.environ" in line]
    assert [line.strip() for line in lines] == ['os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scout.settings")']


# Jobs.


@pytest.mark.parametrize("job", sorted(JOBS))
def test_every_job_has_its_function(job: str) -> None:
    assert callable(import_string(JOBS[job]))


def test_jobs_are_named_by_their_room() -> None:
    assert all(job.partition(".")[0] == JOBS[job].split(".")[1] for job in JOBS)


def rung() -> Iterator[tuple[str, str, str]]:
    """Every ring("queue", "job", ...) in the code."""
    for path in sources(*CODE):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ring":
                words = [a.value if isinstance(a, ast.Constant) else "" for a in node.args[:2]]
                yield name(path), str(words[0]), str(words[1])


def test_every_job_that_is_rung_is_on_the_list() -> None:
    found = list(rung())
    assert found
    assert {job for _path, _queue, job in found} <= set(JOBS)
    assert {queue for _path, queue, _job in found} <= {*QUEUES, ""}


def test_jobs_are_put_on_queues_in_one_place() -> None:
    for path in sources(*CODE):
        if name(path) != "scout/queues.py":
            text = path.read_text()
            assert "enqueue" not in text, name(path)
            assert "@job" not in text, name(path)


# What costs us when it is broken.


def test_no_signals() -> None:
    for path in sources("searches", "queueadmin"):
        assert "django.db.models.signals" not in path.read_text(), name(path)


def test_nothing_is_pickled() -> None:
    for path in sources(*CODE):
        imported = {alias.name for node in ast.walk(parsed(path)) if isinstance(node, ast.Import) for alias in node.names}
        assert not imported & {"pickle", "marshal", "shelve"}, name(path)


def test_pages_load_nothing_from_outside() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert "//cdn" not in text, name(path)
        assert 'src="http' not in text, name(path)
