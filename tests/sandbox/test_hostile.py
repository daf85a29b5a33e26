"""Items of a bad day."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scout.sandbox.apify import hostile
from tests.sandbox.conftest import Sandbox

ACTORS = {
    "clockworks/tiktok-scraper": {"searchQueries": ["sandbox:hostile"], "resultsPerPage": 40},
    "apidojo/tiktok-scraper": {"keywords": ["sandbox:hostile"], "maxItems": 40},
    "natanielsantos/douyin-scraper": {"searchTermsOrHashtags": ["sandbox:hostile"], "maxItemsPerUrl": 40},
    "zen-studio/rednote-search-scraper": {"keywords": ["sandbox:hostile"], "maxResults": 40},
    "easyapi/rednote-xiaohongshu-search-scraper": {"keywords": ["sandbox:hostile"], "maxItems": 40},
}


@pytest.mark.parametrize(("actor", "given"), ACTORS.items())
def test_every_kind_is_served(sandbox_with: Callable[..., Sandbox], actor: str, given: dict[str, Any]) -> None:
    sandbox = sandbox_with(items=40)
    sandbox.actor = actor
    run = sandbox.finish(sandbox.post_start(given).json()["data"])
    items = sandbox.items(run)
    text = json.dumps(items, ensure_ascii=False)
    assert len(items) == 40
    assert "<script>" in text
    assert "javascript:" in text
    assert hostile.HUGE in text
    assert "\\u0000" in text
    assert "\u202e" in text
    assert any(isinstance(item, list) for item in items)
    assert any(isinstance(item, str) for item in items)
    assert any("error" in item for item in items if isinstance(item, dict))
    ids = [item.get("id") for item in items if isinstance(item, dict)]
    assert len(set(map(str, ids))) < len(ids)


def test_counts_of_every_wrong_kind() -> None:
    items = hostile.flavoured([{"id": str(number), "playCount": 5, "text": "x"} for number in range(20)], "hostile")
    values = [item.get("playCount") for item in items if isinstance(item, dict)]
    for wrong in (-5, "NaN", "1.2万", 2**70, True, {"count": 3}):
        assert any(value == wrong and type(value) is type(wrong) for value in values)


def test_other_items_stay_as_they_are() -> None:
    items = [{"id": "1"}]
    assert hostile.flavoured(items, "") is items
