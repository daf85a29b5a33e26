"""GET /api/trends: the numbers of the pages, for programs."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query as QueryParams
from ninja import Router
from pydantic import BaseModel, BeforeValidator

from searches.trends.ask import by_key, usual_zone

router = Router(tags=["trends"])


class TrendsErrorShape(BaseModel):
    """`type` is for programs, `message` a sentence in the language of Accept-Language."""

    type: str
    message: str


class TrendsProblem(BaseModel):
    error: TrendsErrorShape


class TrendPost(BaseModel):
    """A post; `playCount` is the last that is known."""

    id: str
    platform: str
    title: str | None
    creator: str | None
    webVideoUrl: str | None
    createTime: int | None
    playCount: int | None


class TrendPoint(BaseModel):
    """Counts at a moment (milliseconds since 1970)."""

    at: int
    playCount: int | None
    likeCount: int | None
    commentCount: int | None
    shareCount: int | None
    collectCount: int | None


class TrendSeries(TrendPost):
    """A post with all its points of the period."""

    points: list[TrendPoint]


class FastPost(TrendPost):
    """`viewsPerHour` between the last two runs that saw it, `overHours` apart; `acceleration` is by how much that changes an
    hour. `viewsGained` in `growthHours` of the period, `growth` as a share of the views before."""

    viewsPerHour: float
    overHours: float
    viewsPerHourSincePublication: float | None
    acceleration: float | None
    viewsGained: int | None
    growth: float | None
    growthHours: float | None


class Fastest(BaseModel):
    """Of `postCount` posts that were seen twice, and within two days of the newest point."""

    postCount: int
    posts: list[FastPost]


class Rise(BaseModel):
    """Why it is on the list: posts and shares of views in the later half of the period against the earlier; `lift` is how many
    times its share has grown, smoothed."""

    postCount: int
    postCountBefore: int
    creatorCount: int
    viewsShare: float | None
    viewsShareBefore: float | None
    lift: float


class HashtagRise(Rise):
    hashtag: str


class CreatorRise(Rise):
    creator: str
    platform: str


class RisingHashtags(BaseModel):
    """Of the dated posts of either half; `enough` of them or the list is empty."""

    postCount: int
    postCountBefore: int
    enough: bool
    items: list[HashtagRise]


class RisingCreators(BaseModel):
    postCount: int
    postCountBefore: int
    enough: bool
    items: list[CreatorRise]


class HourSlot(BaseModel):
    """`weekday` 0 is Monday. `ratio`: its median views per hour by that of all posts; null with too few posts."""

    weekday: int
    hour: int
    postCount: int
    ratio: float | None


class BestHours(BaseModel):
    postCount: int
    hoursPerSlot: int
    medianViewsPerHour: float | None
    slots: list[HourSlot]
    best: list[HourSlot]


class TagCount(BaseModel):
    hashtag: str
    postCount: int
    playCount: int | None


class TagPair(BaseModel):
    """Two hashtags of the same posts; `lift` is how many times as often as by chance."""

    hashtags: list[str]
    postCount: int
    lift: float


class TagsTold(BaseModel):
    postCount: int
    items: list[TagCount]
    pairs: list[TagPair]


class WordCount(BaseModel):
    """`language`: ko, zh, or null for other scripts."""

    word: str
    language: str | None
    postCount: int


class WordsTold(BaseModel):
    postCount: int
    items: list[WordCount]


class Trends(BaseModel):
    """What posts have done. `answerKey` null: of everything. `cut`: more posts are known than were looked at."""

    answerKey: str | None
    days: int
    timeZone: str
    since: str
    until: str
    runCount: int
    firstRunAt: str | None
    lastRunAt: str | None
    postCount: int
    pointCount: int
    cut: bool
    series: list[TrendSeries]
    fastest: Fastest
    risingHashtags: RisingHashtags
    risingCreators: RisingCreators
    bestHours: BestHours
    tags: TagsTold
    words: WordsTold


_REFUSALS: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 405, 500), TrendsProblem)


def _number(value: Any) -> Any:
    """Out of a query string all values come as text, and a choice of numbers knows none of them."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 4 else value


@router.get("", summary="What posts have done over time: of a question, or of everything", response={200: Trends, **_REFUSALS})
def trends(
    request: HttpRequest,
    answerKey: Annotated[str | None, QueryParams(max_length=540, example="tiktok:메이크업:7days")] = None,  # noqa: N803
    days: Annotated[Literal[7, 30, 90] | None, BeforeValidator(_number)] = None,
    timeZone: Annotated[str | None, QueryParams(max_length=64, example="Asia/Seoul")] = None,  # noqa: N803
) -> HttpResponse:
    """Never starts a search. A question that was never asked has no posts. Without `days` it is the question's own range,
    or 30. `timeZone` is for the hours of `bestHours`."""
    asked = by_key(answerKey, days, timeZone or usual_zone())
    return JsonResponse(asked.overview(), json_dumps_params={"ensure_ascii": False})
