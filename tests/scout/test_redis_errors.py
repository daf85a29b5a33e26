"""What went wrong with Redis, in words. What a real Redis says is in test_check_redis."""

import ssl

import pytest
import redis

from scout.redis_errors import in_words

SECRET = "hunter2-hunter2"


def behind(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def expired() -> ssl.SSLCertVerificationError:
    return ssl.SSLCertVerificationError(1, "certificate verify failed: certificate has expired")


def test_it_works() -> None:
    assert "connection refused" in in_words(behind(redis.ConnectionError("Error 111"), ConnectionRefusedError()))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (redis.ReadOnlyError("You can't write"), "replica"),
        (redis.BusyLoadingError("Redis is loading"), "still loading"),
        (redis.ResponseError("MISCONF Redis is configured to save"), "cannot save"),
        (redis.ResponseError("ERR max concurrent connections exceeded"), "as its plan allows"),
        (redis.ConnectionError("Connection closed by server."), "rediss://"),
        (redis.TimeoutError("Timeout connecting to server"), "firewall"),
        (redis.TimeoutError("Timeout reading from socket"), "hangs or is overloaded"),
        (behind(redis.ConnectionError("x"), expired()), "has expired"),
        (redis.ConnectionError(f"something new about {SECRET}"), "ConnectionError."),
        (ValueError(SECRET), "ValueError."),
    ],
)
def test_each_has_its_cure(error: BaseException, says: str) -> None:
    said = in_words(error)
    assert says in said
    assert said.endswith((".", "?"))
    assert SECRET not in said


def test_a_chain_that_bites_its_tail() -> None:
    first, second = redis.ConnectionError("a"), redis.ConnectionError("b")
    first.__cause__, second.__cause__ = second, first
    assert in_words(first) == "ConnectionError."
