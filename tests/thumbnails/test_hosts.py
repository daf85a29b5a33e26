"""Where pictures may be fetched from."""

from typing import Any

import pytest

from searches.thumbnails.hosts import PLATFORMS, rules, source_of
from tests.rows import item

REAL = {
    "tiktok": "https://p16-sign-va.tiktokcdn.com/obj/a~tplv.jpeg?x-expires=1&x-signature=a%2Bb%3D",
    "douyin": "https://p3-pc-sign.douyinpic.com/cover.jpeg?x-expires=1760086400&x-signature=a%2Bb%3D",
    "xiaohongshu": "https://sns-webpic-qc.xhscdn.com/202510/cover!nc_n_webp_mw_1",
}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_it_works(platform: str) -> None:
    assert source_of(item(1, platform, thumbnail=REAL[platform])) == REAL[platform]


def test_http_is_asked_for_as_https() -> None:
    link = REAL["xiaohongshu"]
    assert source_of(item(1, "xiaohongshu", thumbnail=link.replace("https", "http"))) == link


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        REAL["douyin"],  # of another platform
        "https://www.tiktok.com/a.jpg",
        "https://tiktokcdn.com.evil.example/a.jpg",
        "https://evil-tiktokcdn.com/a.jpg",
        "https://p16.tiktokcdn.com:8443/a.jpg",
        "http://p16.tiktokcdn.com:80/a.jpg",
        "https://u:p@p16.tiktokcdn.com/a.jpg",
        "https://127.0.0.1/a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "https://p16.tiktokcdn.com/" + "a" * 2_000,
    ],
)
def test_what_is_not_fetched(link: str | None) -> None:
    assert source_of(item(1, thumbnail=link)) == ""


def test_an_unknown_platform_has_no_hosts() -> None:
    assert source_of(item(1, "nowhere", thumbnail=REAL["tiktok"])) == ""


def test_more_hosts_by_setting(settings: Any) -> None:
    link = "https://p16.mirror.example/a.jpg"
    assert source_of(item(1, thumbnail=link)) == ""
    settings.THUMBNAIL_HOSTS = ["mirror.example"]
    assert source_of(item(1, thumbnail=link)) == link


def test_the_sandbox_is_a_host_only_in_the_sandbox(settings: Any) -> None:
    link = f"{settings.APIFY_BASE_URL}/pictures/1.jpg"
    assert source_of(item(1, thumbnail=link)) == link
    settings.SANDBOX = False
    assert source_of(item(1, thumbnail=link)) == ""
    assert rules("tiktok").loopback == ""
