"""The page stays open while things break behind it: in the end it shows every item of the answer, once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_search import CARDS, keys, search
from tests.stack import Stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("own"), run_seconds=4, items=40).start()
    yield stack
    stack.stop()


@pytest.fixture
def desk(page: Page, own: Stack) -> Page:
    sign_in(page, own)
    return page


def assert_whole(page: Page) -> None:
    """Done, nothing lost, nothing twice: what the page gathered is what the server has."""
    expect(page.locator("[data-status]")).to_contain_text("Done", timeout=60_000)
    gathered = keys(page)
    page.reload()
    assert page.locator("[data-live]").count() == 0
    assert sorted(gathered) == sorted(keys(page))
    assert len(gathered) == len(set(gathered)) > 10


def test_it_works(desk: Page) -> None:
    search(desk, "whole")
    assert_whole(desk)


def test_web_is_killed(desk: Page, own: Stack) -> None:
    search(desk, "web is killed")
    desk.locator(CARDS).first.wait_for()
    for _round in range(2):
        own.restart("web0")
        desk.wait_for_timeout(1_500)
    assert_whole(desk)


def test_web_leaves_in_good_order(desk: Page, own: Stack) -> None:
    search(desk, "web leaves")
    desk.locator(CARDS).first.wait_for()
    own.processes["web0"].terminate()
    own.processes["web0"].wait(15)
    own.run("web0")
    assert_whole(desk)


def test_redis_is_emptied(desk: Page, own: Stack) -> None:
    search(desk, "redis is emptied")
    desk.locator(CARDS).first.wait_for()
    own.redis().flushall()
    desk.wait_for_timeout(1_500)
    own.redis().flushall()
    assert_whole(desk)


def test_redis_is_killed(desk: Page, own: Stack) -> None:
    search(desk, "redis is killed")
    desk.locator(CARDS).first.wait_for()
    own.kill("redis")
    desk.wait_for_timeout(1_500)
    own.run("redis")
    assert_whole(desk)


def test_follow_and_workers_are_killed(desk: Page, own: Stack) -> None:
    search(desk, "all are killed")
    desk.locator(CARDS).first.wait_for()
    own.restart(*own.worker_names, *own.follow_names)
    assert_whole(desk)


def test_sockets_do_not_get_through(desk: Page) -> None:
    """A proxy that refuses sockets: the page asks instead."""
    desk.route_web_socket(re.compile("/ws/"), lambda socket: socket.close(code=4000))
    search(desk, "no sockets")
    assert_whole(desk)


def test_the_end_is_missed(desk: Page, own: Stack) -> None:
    """Back after the end: everything comes with the first messages."""
    search(desk, "the end is missed")
    desk.locator(CARDS).first.wait_for()
    own.kill("web0")
    desk.wait_for_timeout(5_000)
    own.run("web0")
    assert_whole(desk)


def test_a_silent_loss(desk: Page, own: Stack) -> None:
    """A socket that says nothing any more: the watchdog gives it up. (Its 40 s are cut to 2 s here.)"""
    first: list[object] = []

    def mute_the_first(socket: object) -> None:
        first.append(socket)
        if len(first) > 1:
            socket.connect_to_server()  # type: ignore[attr-defined]

    desk.route_web_socket(re.compile("/ws/"), mute_the_first)
    search(desk, "silence")
    desk.eval_on_selector("[data-live]", "box => { box.dataset.silence = 2; }")
    assert_whole(desk)
    assert len(first) > 1
