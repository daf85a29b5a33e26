"""What the README tells people to paste into the browser's console."""

import re

from playwright.sync_api import Page

from tests.environment import ROOT


def test_ten_searches_at_once(desk: Page) -> None:
    snippet = re.search(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert snippet
    code = snippet[1].replace("console.table(", "return (")
    told = desk.evaluate(f"async () => {{ {code} }}")
    assert len(told) == 10
    assert all(re.fullmatch(r"여름 코디 \d: completed, [1-9]\d* items", line) for line in told), told
