"""A browser in words."""

import pytest

from searches.accounts.user_agent import in_words

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (MAC + "Version/17.0 Safari/605.1.15", "Safari on Mac"),
        (MAC + "Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; SM-S918N) Chrome/130.0 SamsungBrowser/27.0", "Samsung Internet on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("curl/8.0", "Unknown device"),
        ("", "Unknown device"),
        ("Something for Windows", "Windows"),
    ],
)
def test_it_works(agent: str, words: str) -> None:
    assert in_words(agent) == words
