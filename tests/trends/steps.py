"""What tests of trends share: moments, posts, and recording them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from searches.item import Item
from searches.trends.record import record
from tests.rows import item

HOUR = 3_600_000
KEY = "tiktok:메이크업:7days"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TITLES = (
    "메이크업 추천 꿀팁",
    "메이크업을 처음 한다면",
    "신상 메이크업은 이렇게",
    "新手必看的化妆教程",
    "化妆教程合集",
    "honest makeup review",
    "Makeup tips for the weekend",
)


def at(hours: float, base: datetime = NOON) -> datetime:
    return base + timedelta(hours=hours)


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def posts(count: int, seed: int = 1, until: datetime = NOON, days: float = 28) -> list[Item]:
    """Posts of the days before `until`, as different as real ones: some without views, date, title or tags."""
    draw = random.Random(seed)
    made = []
    for i in range(count):
        creator = f"creator {draw.randrange(max(count // 6, 2))}"
        changes: dict[str, Any] = {
            "title": draw.choice((*TITLES, None)),
            "creator": draw.choice((creator, creator, None)),
            "playCount": draw.choice((None, *[int(draw.lognormvariate(9, 1.5)) for _ in range(5)])),
            "likeCount": draw.choice((None, draw.randrange(1_000))),
            "createTime": draw.choice((None, *[millis(until) - int(draw.random() * days * 24 * HOUR) for _ in range(9)])),
            "hashtags": draw.sample(["메이크업", "뷰티", "Beauty", "BEAUTY", "fyp", "化妆", "新品", "데일리"], draw.randrange(5)),
            "webVideoUrl": f"https://www.tiktok.com/@x/video/{i}",
        }
        made.append(item(i, **changes))
    return made


def later(items: Sequence[Item], gain: float, seed: int = 2) -> list[Item]:
    """The same posts, as much further on."""
    draw = random.Random(seed)
    return [
        i if i["playCount"] is None else i | {"playCount": int(i["playCount"] * (1 + gain * draw.random())) + 1}  # type: ignore[misc]
        for i in items
    ]


def recorded(items: Sequence[Item], hours: float = 0, key: str = KEY, base: datetime = NOON) -> int:
    return record(key, items, at(hours, base))
