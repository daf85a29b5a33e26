"""A browser in front of a whole Scout. Debian's Chromium, because Playwright's own cannot be had everywhere."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.environment import ROOT
from tests.stack import PASSWORD, Stack

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENS = ROOT / "docs" / "screens"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError("CI has no Chromium: .ci/run installs it")
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One Scout for all browser tests that kill nothing. A run takes four seconds."""
    stack = Stack(tmp_path_factory.mktemp("site"), run_seconds=4, items=24).start()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-US", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page that fails its test on a script error, or on a request to anywhere but this machine."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.on(
        "request", lambda r: None if re.match(r"(https?|wss?)://127\.0\.0\.1|data:|blob:", r.url) else wrong.append(f"outside: {r.url}")
    )
    yield page
    assert wrong == []


def sign_in(page: Page, stack: Stack, username: str = "demo") -> None:
    page.goto(f"{stack.address}/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/dashboard")


@pytest.fixture
def desk(watched: Page, site: Stack) -> Page:
    """Signed in as demo, at the search form."""
    sign_in(watched, site)
    return watched


@pytest.fixture
def screens(tmp_path: Path) -> Path:
    """Where pictures go: SCREENS=1 renews those of the documentation, else they are only taken."""
    if not os.environ.get("SCREENS"):
        return tmp_path
    SCREENS.mkdir(parents=True, exist_ok=True)
    return SCREENS
