"""TikTok: what the actors are sent, and what becomes of the rows they send back."""

import copy
import json
import math
from typing import Any

import pytest

from searches.item import Item
from searches.platforms import tiktok
from searches.platforms.actor import Actor
from searches.platforms.registry import ACTORS, actors_of
from searches.query import DATE_RANGE_DAYS, DATE_RANGES, Query, parse
from tests.platforms.recorded import Case, cases
from tests.test_item import HOSTILE, assert_valid_item

CLOCKWORKS: dict[str, Any] = {
    "id": "7301234567890123456",
    "text": "5-minute 메이크업 💄 #makeup #fyp",
    "textLanguage": "en",
    "createTime": 1_700_000_000,
    "createTimeISO": "2023-11-14T22:13:20.000Z",
    "locationCreated": "KR",
    "isAd": False,
    "isPinned": False,
    "isSponsored": False,
    "isSlideshow": False,
    "authorMeta": {
        "id": "6800000000000000001",
        "name": "glow.lab_1",
        "profileUrl": "https://www.tiktok.com/@glow.lab_1",
        "nickName": "Glow Lab ✨",
        "verified": True,
        "signature": "daily looks",
        "avatar": "https://p16-sign.tiktokcdn.com/avatar.jpeg?x-expires=1700000000&x-signature=a%2Bb%3D",
        "fans": 120_300,
        "following": 45,
        "heart": 4_500_000,
        "video": 321,
    },
    "musicMeta": {
        "musicId": "7000000000000000002",
        "musicName": "original sound",
        "musicAuthor": "Glow Lab",
        "musicOriginal": True,
        "playUrl": "https://v16.tiktokcdn.com/sound.mp3",
    },
    "webVideoUrl": "https://www.tiktok.com/@glow.lab_1/video/7301234567890123456",
    "mediaUrls": ["https://api.apify.com/v2/key-value-stores/abc/records/video-1.mp4"],
    "videoMeta": {
        "height": 1024,
        "width": 576,
        "duration": 31,
        "coverUrl": "https://p16-sign.tiktokcdn.com/cover.jpeg",
        "originalCoverUrl": "https://p16-sign.tiktokcdn.com/original.jpeg",
        "definition": "540p",
        "format": "mp4",
        "subtitleLinks": [{"language": "eng-US", "downloadLink": "https://v16.tiktokcdn.com/sub.vtt"}],
    },
    "diggCount": 9_876,
    "shareCount": 54,
    "playCount": 1_234_567,
    "collectCount": 321,
    "commentCount": 0,
    "repostCount": 0,
    "mentions": ["@friend"],
    "slideshowImageLinks": [],
    "hashtags": [
        {"id": "1", "name": "makeup", "title": "", "cover": ""},
        {"id": "2", "name": "fyp", "title": "", "cover": ""},
    ],
    "searchQuery": "메이크업",
    "input": "메이크업",
}
CLOCKWORKS_ITEM = Item(
    id="7301234567890123456",
    platform="tiktok",
    title="5-minute 메이크업 💄 #makeup #fyp",
    description="5-minute 메이크업 💄 #makeup #fyp",
    creator="Glow Lab ✨",
    creatorUrl="https://www.tiktok.com/@glow.lab_1",
    followerCount=120_300,
    playCount=1_234_567,
    likeCount=9_876,
    commentCount=0,
    shareCount=54,
    collectCount=321,
    createTime=1_700_000_000_000,
    durationSeconds=31.0,
    hashtags=["makeup", "fyp"],
    thumbnail="https://p16-sign.tiktokcdn.com/cover.jpeg",
    videoUrl="https://api.apify.com/v2/key-value-stores/abc/records/video-1.mp4",
    webVideoUrl="https://www.tiktok.com/@glow.lab_1/video/7301234567890123456",
)
APIDOJO: dict[str, Any] = {
    "id": "7409876543210987654",
    "title": "Line one\nline two #skincare",
    "views": 88_000,
    "likes": 7_700,
    "comments": 66,
    "shares": 5,
    "bookmarks": 444,
    "hashtags": ["skincare", "kbeauty"],
    "uploadedAt": 1_725_000_000,
    "uploadedAtFormatted": "2024-08-30T06:40:00.000Z",
    "postPage": "https://www.tiktok.com/@dewy/video/7409876543210987654",
    "channel": {
        "id": "6900000000000000003",
        "name": "Dewy",
        "username": "dewy",
        "url": "https://www.tiktok.com/@dewy",
        "followers": 999,
    },
    "video": {
        "width": 576,
        "height": 1024,
        "duration": 12.5,
        "cover": "https://p19.tiktokcdn.com/cover.webp",
        "thumbnail": "https://p19.tiktokcdn.com/thumb.webp",
        "url": "https://v19.tiktokcdn.com/video.mp4",
    },
    "song": {"title": "original sound", "artist": "Dewy"},
}
APIDOJO_ITEM = Item(
    id="7409876543210987654",
    platform="tiktok",
    title="Line one line two #skincare",
    description="Line one\nline two #skincare",
    creator="Dewy",
    creatorUrl="https://www.tiktok.com/@dewy",
    followerCount=999,
    playCount=88_000,
    likeCount=7_700,
    commentCount=66,
    shareCount=5,
    collectCount=444,
    createTime=1_725_000_000_000,
    durationSeconds=12.5,
    hashtags=["skincare", "kbeauty"],
    thumbnail="https://p19.tiktokcdn.com/cover.webp",
    videoUrl="https://v19.tiktokcdn.com/video.mp4",
    webVideoUrl="https://www.tiktok.com/@dewy/video/7409876543210987654",
)
PAID, FREE, DOJO = "clockworks/tiktok-scraper", "clockworks/free-tiktok-scraper", "apidojo/tiktok-scraper"
SAMPLES = {PAID: (CLOCKWORKS, CLOCKWORKS_ITEM), FREE: (CLOCKWORKS, CLOCKWORKS_ITEM), DOJO: (APIDOJO, APIDOJO_ITEM)}
#: Where each field of an Item comes from, for those that come from one place only.
SOURCES: dict[str, dict[str, str]] = {
    PAID: {
        "followerCount": "authorMeta.fans",
        "playCount": "playCount",
        "likeCount": "diggCount",
        "commentCount": "commentCount",
        "shareCount": "shareCount",
        "collectCount": "collectCount",
        "durationSeconds": "videoMeta.duration",
        "videoUrl": "mediaUrls",
        "webVideoUrl": "webVideoUrl",
    },
    DOJO: {
        "followerCount": "channel.followers",
        "playCount": "views",
        "likeCount": "likes",
        "commentCount": "comments",
        "shareCount": "shares",
        "collectCount": "bookmarks",
        "createTime": "uploadedAt",
        "durationSeconds": "video.duration",
        "videoUrl": "video.url",
        "webVideoUrl": "postPage",
    },
}
NO_IDS: tuple[Any, ...] = (None, "", " ", "1 2", True, 0, -5, 1.5, math.nan, [], {})
ONE_SOURCE = [(actor, field, path) for actor, fields in SOURCES.items() for field, path in fields.items()]


def put(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `raw` with the value at the dotted path replaced."""
    changed = copy.deepcopy(raw)
    *way, last = path.split(".")
    at = changed
    for step in way:
        at = at[step]
    at[last] = value
    return changed


def test_it_works() -> None:
    for actor_id, (raw, expected) in SAMPLES.items():
        item = ACTORS[actor_id].to_item(raw)
        assert item == expected
        assert_valid_item(expected)


@pytest.mark.parametrize(("actor_id", "case"), [(actor.id, case) for actor in tiktok.ACTORS for case in cases(actor.id)])
def test_recorded_rows(actor_id: str, case: Case) -> None:
    assert ACTORS[actor_id].to_item(case.row) == case.item, case.name


def test_registry_holds_the_three_actors() -> None:
    assert actors_of("tiktok") == list(tiktok.ACTORS)
    assert {actor.id for actor in tiktok.ACTORS} == {PAID, FREE, DOJO}
    for actor in tiktok.ACTORS:
        assert ACTORS[actor.id] is actor
        assert actor.platform == "tiktok"


# Input


CLOCKWORKS_INPUT = {
    "searchQueries": ["메이크업"],
    "resultsPerPage": 30,
    "searchSection": "/video",
    "shouldDownloadVideos": False,
    "shouldDownloadCovers": False,
    "shouldDownloadSubtitles": False,
    "shouldDownloadSlideshowImages": False,
}
DOJO_INPUT = {"keywords": ["메이크업"], "maxItems": 30}


@pytest.mark.parametrize(
    ("actor_id", "date_range", "expected"),
    [
        (PAID, "all", CLOCKWORKS_INPUT),
        (PAID, "yesterday", CLOCKWORKS_INPUT | {"searchDatePosted": "1"}),
        (PAID, "7days", CLOCKWORKS_INPUT | {"searchDatePosted": "2"}),
        (PAID, "1month", CLOCKWORKS_INPUT | {"searchDatePosted": "3"}),
        (PAID, "3months", CLOCKWORKS_INPUT | {"searchDatePosted": "4"}),
        *[(FREE, date_range, CLOCKWORKS_INPUT) for date_range in DATE_RANGES],
        (DOJO, "all", DOJO_INPUT | {"dateRange": "DEFAULT"}),
        (DOJO, "yesterday", DOJO_INPUT | {"dateRange": "YESTERDAY"}),
        (DOJO, "7days", DOJO_INPUT | {"dateRange": "THIS_WEEK"}),
        (DOJO, "1month", DOJO_INPUT | {"dateRange": "THIS_MONTH"}),
        (DOJO, "3months", DOJO_INPUT | {"dateRange": "LAST_THREE_MONTHS"}),
    ],
)
def test_input(actor_id: str, date_range: str, expected: dict[str, Any]) -> None:
    assert ACTORS[actor_id].build_input(Query("메이크업", "tiktok", date_range), 30) == expected


@pytest.mark.parametrize(("actor_id", "windows"), [(PAID, DATE_RANGE_DAYS), (FREE, dict.fromkeys(DATE_RANGES)), (DOJO, DATE_RANGE_DAYS)])
def test_windows_say_what_the_actor_filters_by_itself(actor_id: str, windows: dict[str, int | None]) -> None:
    assert dict(ACTORS[actor_id].windows) == windows


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
def test_no_window_is_narrower_than_what_was_asked(actor: Actor) -> None:
    for date_range, days in DATE_RANGE_DAYS.items():
        window = actor.windows[date_range]
        assert window is None or (days is not None and window >= days)


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
@pytest.mark.parametrize("date_range", DATE_RANGES)
@pytest.mark.parametrize("text", ['"; DROP TABLE', "#makeup", "https://a.example/", "مكياج", "👨\u200d👩\u200d👧", "a, b"])
def test_input_carries_the_query_as_typed(actor: Actor, date_range: str, text: str) -> None:
    body = actor.build_input(parse(text, "tiktok", date_range), 1)
    assert (body.get("searchQueries") or body.get("keywords")) == [text]
    assert (body.get("resultsPerPage") or body.get("maxItems")) == 1
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
def test_inputs_do_not_share_state(actor: Actor) -> None:
    query = parse("cats")
    first = actor.build_input(query, 10)
    expected = copy.deepcopy(first)
    first.clear()
    assert actor.build_input(query, 10) == expected


# Mapping


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
def test_mapping_leaves_the_row_alone(actor: Actor) -> None:
    raw = copy.deepcopy(SAMPLES[actor.id][0])
    actor.to_item(raw)
    assert raw == SAMPLES[actor.id][0]


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
def test_a_bare_id_is_a_post_of_which_nothing_is_known(actor: Actor) -> None:
    item = actor.to_item({"id": "1"})
    assert item is not None
    assert_valid_item(item)
    assert {field: value for field, value in item.items() if value is not None} == {
        "id": "1",
        "platform": "tiktok",
        "hashtags": [],
    }


@pytest.mark.parametrize("actor", tiktok.ACTORS, ids=lambda actor: actor.id)
@pytest.mark.parametrize(
    "raw",
    [
        *HOSTILE,
        {"error": "No results found", "errorCode": "NO_RESULTS", "input": "메이크업"},
        {"url": "https://www.tiktok.com/@x/video/1", "error": "Post not found or private", "errorCode": "NOT_FOUND"},
        {"noResults": True},
        [{"id": "1"}],
        *[{"id": value, "text": "x", "title": "x"} for value in NO_IDS],
        {"id": "\ud800"},
        {"id": "1" * 5000},
    ],
    ids=lambda raw: repr(raw)[:40].encode("ascii", "replace").decode(),
)
def test_a_row_that_is_no_post(actor: Actor, raw: Any) -> None:
    assert actor.to_item(raw) is None


@pytest.mark.parametrize(("actor_id", "field", "path"), ONE_SOURCE)
def test_each_field_has_its_source(actor_id: str, field: str, path: str) -> None:
    raw, expected = SAMPLES[actor_id]
    item = ACTORS[actor_id].to_item(put(raw, path, None))
    assert item == expected | {field: None}


@pytest.mark.parametrize(("actor_id", "field", "path"), ONE_SOURCE)
@pytest.mark.parametrize(
    "value",
    [True, -1, "\ud800", "javascript:alert(1)", math.nan, math.inf, 10**400, {"x": 1}, ["\x00"], "x" * 20_000],
    ids=lambda value: repr(value)[:20],
)
def test_one_broken_field_loses_only_itself(actor_id: str, field: str, path: str, value: Any) -> None:
    raw, expected = SAMPLES[actor_id]
    item = ACTORS[actor_id].to_item(put(raw, path, value))
    assert item == expected | {field: None}


@pytest.mark.parametrize(
    ("actor_id", "path", "value", "changed"),
    [
        (PAID, "id", 7301234567890123456, {}),
        (PAID, "text", None, {"title": None, "description": None}),
        (PAID, "text", "", {"title": None, "description": None}),
        (PAID, "text", "a\n\u202eb\x00", {"title": "a b", "description": "a\nb"}),
        (PAID, "createTime", None, {}),
        (PAID, "createTime", 0, {}),
        (PAID, "createTime", True, {}),
        (PAID, "createTime", "1700000000", {}),
        (PAID, "createTime", 1_600_000_000, {"createTime": 1_600_000_000_000}),
        (PAID, "createTimeISO", "broken", {}),
        (PAID, "authorMeta", None, {"creator": None, "creatorUrl": None, "followerCount": None}),
        (PAID, "authorMeta", [], {"creator": None, "creatorUrl": None, "followerCount": None}),
        (PAID, "authorMeta.nickName", "", {"creator": "glow.lab_1"}),
        (PAID, "authorMeta.nickName", "\u3164", {"creator": "glow.lab_1"}),
        (PAID, "authorMeta.nickName", 5, {"creator": "glow.lab_1"}),
        (PAID, "authorMeta.name", None, {}),
        (PAID, "authorMeta.profileUrl", None, {}),
        (PAID, "authorMeta.profileUrl", "javascript:alert(1)", {}),
        (PAID, "authorMeta.fans", 0, {"followerCount": 0}),
        (PAID, "authorMeta.fans", "1,234", {"followerCount": 1234}),
        (PAID, "playCount", 2**53, {"playCount": None}),
        (PAID, "videoMeta", None, {"durationSeconds": None, "thumbnail": None}),
        (PAID, "videoMeta.duration", 0, {"durationSeconds": None}),
        (PAID, "videoMeta.coverUrl", None, {"thumbnail": "https://p16-sign.tiktokcdn.com/original.jpeg"}),
        (PAID, "videoMeta.coverUrl", "data:x", {"thumbnail": "https://p16-sign.tiktokcdn.com/original.jpeg"}),
        (PAID, "mediaUrls", [], {"videoUrl": None}),
        (PAID, "mediaUrls", "https://a.example/v.mp4", {"videoUrl": None}),
        (PAID, "mediaUrls", [None, "javascript:x", "https://a.example/v.mp4"], {"videoUrl": "https://a.example/v.mp4"}),
        (PAID, "hashtags", [{"name": ""}, {"name": "#a"}, "b", None, {"name": "a"}], {"hashtags": ["a", "b"]}),
        (PAID, "hashtags", None, {"hashtags": []}),
        (DOJO, "id", 7409876543210987654, {}),
        (DOJO, "title", ["x"], {"title": None, "description": None}),
        (DOJO, "uploadedAt", "2024-08-30T06:40:00.000Z", {}),
        (DOJO, "uploadedAt", 1_725_000_000_000, {"createTime": None}),
        (DOJO, "channel", "dewy", {"creator": None, "creatorUrl": None, "followerCount": None}),
        (DOJO, "channel.name", None, {"creator": "dewy"}),
        (DOJO, "channel.url", "//evil.example", {}),
        (DOJO, "video", [], {"durationSeconds": None, "thumbnail": None, "videoUrl": None}),
        (DOJO, "video.cover", "", {"thumbnail": "https://p19.tiktokcdn.com/thumb.webp"}),
        (DOJO, "hashtags", [{"name": "a"}, "#b"], {"hashtags": ["a", "b"]}),
        (DOJO, "hashtags", "a b", {"hashtags": []}),
    ],
    ids=lambda value: repr(value)[:24].encode("ascii", "replace").decode(),
)
def test_mapping_of_odd_values(actor_id: str, path: str, value: Any, changed: dict[str, Any]) -> None:
    raw, expected = SAMPLES[actor_id]
    assert ACTORS[actor_id].to_item(put(raw, path, value)) == expected | changed


@pytest.mark.parametrize(
    ("handle", "link"),
    [
        ("glow.lab_1", "https://www.tiktok.com/@glow.lab_1"),
        ("@glow", "https://www.tiktok.com/@glow"),
        ("../../evil", None),
        ("a/b", None),
        ("a?next=x", None),
        ("a#b", None),
        ("a b", None),
        ("a@evil.example", None),
        ("글로우", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_missing_profile_link_is_made_of_a_sound_handle(handle: Any, link: str | None) -> None:
    clockworks = ACTORS[PAID].to_item({"id": "1", "authorMeta": {"name": handle}})
    apidojo = ACTORS[DOJO].to_item({"id": "1", "channel": {"username": handle}})
    assert clockworks is not None
    assert apidojo is not None
    assert clockworks["creatorUrl"] == apidojo["creatorUrl"] == link
