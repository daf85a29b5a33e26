"""What went wrong with Redis, in words, with its cure. The words hold nothing of what Redis or the settings said: no
password, no address."""

import socket
import ssl
from collections.abc import Iterator

import redis
from redis.sentinel import MasterNotFoundError

_NO_PASSWORD = "it asks for a password: set REDIS_PASSWORD, or write it into the URL (redis://:password@host)."
_CLOSED = "it closed the connection: where it wants TLS, use rediss:// in the URL; else its own log says why."

#: What redis-py has no type for: part of what is said, in small letters, and its meaning.
_BY_TEXT = (
    ("max number of clients", "it has as many clients as it takes (maxclients): stop some, or raise maxclients."),
    ("max concurrent connections", "it has as many clients as its plan allows: stop some, or take a larger plan."),
    ("unknown command 'hello'", "it is older than Redis 6.0, or HELLO is disabled in it: Scout needs 6.0, better 6.2."),
    ("unknown command `hello`", "it is older than Redis 6.0, or HELLO is disabled in it: Scout needs 6.0, better 6.2."),
    ("db index is out of range", "it has no database of this number: use 0 (the end of the URL, or REDIS_DB)."),
    ("noauth", _NO_PASSWORD),
    ("misconf", "it refuses to write because it cannot save to its disk (MISCONF): its own log says why."),
    ("unknown command", "it does not know a command that Scout needs: it is too old, or the command is disabled in it."),
)

#: Type of the error, or of one behind it, and its meaning. What is more special comes first.
_BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (MasterNotFoundError, "no Sentinel names a master: are REDIS_SENTINELS, REDIS_SENTINEL_MASTER and its password right?"),
    (redis.AuthenticationError, "the password, or the user name, is wrong: it must be written percent-encoded in a URL."),
    (redis.exceptions.NoPermissionError, "its user may not do this: Scout needs one with ~* &* +@all."),
    (redis.exceptions.OutOfMemoryError, "its memory is full: raise maxmemory, or clear what is not needed."),
    (redis.ReadOnlyError, "it is a replica that cannot be written to: use the address of the master, or REDIS_SENTINELS."),
    (redis.BusyLoadingError, "it is still loading its data: wait until it has done."),
    (socket.gaierror, "its host name is not found: is it spelled right, and does this machine's DNS know it?"),
    (ConnectionRefusedError, "nothing listens there (connection refused): is it running, and are host and port right?"),
    (ConnectionResetError, _CLOSED),
    (BrokenPipeError, _CLOSED),
)


def in_words(error: BaseException) -> str:
    """One sentence with a cure; it begins with a small letter, and carries on after "Redis does not answer: "."""
    errors = list(_behind(error))
    told = " ".join(map(str, errors)).lower()
    for part in errors:
        if isinstance(part, ssl.SSLError):
            return _tls(part)
    if any(isinstance(part, redis.AuthenticationError) for part in errors) and "already authenticated" in told:
        return _NO_PASSWORD
    for kind, words in _BY_TYPE:
        if any(isinstance(part, kind) for part in errors):
            return words
    if any(isinstance(part, TimeoutError | redis.TimeoutError) for part in errors):
        return _too_late(told)
    for sign, words in _BY_TEXT:
        if sign in told:
            return words
    if "closed by server" in told:
        return _CLOSED
    return f"{type(error).__name__}."


def _behind(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if "mismatch" in str(error) or "not valid for" in str(error):
            return "its certificate is for another host name: use the name that the certificate bears."
        if "expired" in str(error):
            return "its certificate has expired: renew it."
        return "its certificate is signed by nobody whom this machine trusts: set REDIS_CA_FILE to the file of its CA (PEM)."
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING"}:
        return "it does not speak TLS there: use redis:// in the URL, or its TLS port."
    return f"TLS failed ({error.reason or 'no reason given'}): where it speaks no TLS, use redis:// in the URL."


def _too_late(told: str) -> str:
    if "handshake" in told:
        return "no TLS came about in time: where it speaks no TLS, use redis:// in the URL."
    if "connect" in told:
        return "no connection came about in time (TimeoutError): are host and port right, and does a firewall let it through?"
    return "no answer came in time (TimeoutError): it hangs or is overloaded, or wants TLS (rediss:// in the URL)."
