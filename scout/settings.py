"""Every setting of Scout. The only reader of the environment; the table in docs/settings.md is kept equal by a test.

`bin/up` keeps two files in SCOUT_DATA that fill in what the environment leaves open: `running`, the settings that it was
started with, and `env`, what it made itself (secret key, local Redis, sandbox). So `bin/manage`, cron and the processes of
`bin/up` all see the same installation. A wrong value stops the start with one sentence.
"""

import os
import sys
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from scout import database, installation, mail_server, proxies
from scout.logs import worth_a_line
from scout.queues import QUEUES
from scout.redis import Target, at, configured, for_cache, for_channels, for_rq

BASE_DIR = Path(__file__).resolve().parent.parent
NAMES: set[str] = set()  # every variable that is read, for bin/up and the documentation test


def stop(sentence: str) -> Any:
    """A wrong setting: say so in one sentence and leave."""
    sys.exit(f"Scout cannot start: {sentence}")


def text(name: str, default: str = "") -> str:
    NAMES.add(name)
    # Not by django-environ, which takes a value that begins with a dollar sign for the name of another variable.
    return os.environ.get(name, "").strip() or default


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def number(name: str, default: float, at_least: float = 0, at_most: float = 1e9) -> Any:
    """A number from the environment, whole where the default is."""
    raw = text(name)
    try:
        value = type(default)(raw) if raw else default
    except ValueError:
        return stop(f"{name} must be a number, not {raw!r}.")
    return value if at_least <= value <= at_most else stop(f"{name} must be between {at_least:g} and {at_most:g}, not {raw}.")


def flag(name: str, default: bool) -> bool:
    raw = text(name).lower()
    if raw in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return raw in {"1", "true", "yes", "on"} if raw else default
    return bool(stop(f"{name} must be on or off, not {raw!r}."))


def url(name: str, default: str, *schemes: str) -> str:
    raw = text(name, default).rstrip("/")
    if raw and not raw.startswith(tuple(f"{s}://" for s in schemes)):
        stop(f"{name} must start with {' or '.join(s + '://' for s in schemes)}.")
    return raw


def checked(name: str, parse: Callable[[], Any]) -> Any:
    """What `parse` makes of a setting; it says in a ValueError what is wrong with it."""
    try:
        return parse()
    except ValueError as error:
        return stop(f"{name} {error}.")


# Where everything Scout writes lives. What an earlier `up` was started with says nothing to the next one.
DATA = Path(text("SCOUT_DATA") or BASE_DIR / ".data").resolve()
for _file in ("env",) if sys.argv[1:2] == ["up"] else ("running", "env"):
    for _name, _value in installation.read(DATA / _file).items():
        os.environ.setdefault(_name, _value)

# Django itself.
DEBUG = flag("DEBUG", False)
PORT = number("PORT", 8000, 1, 65_535)
HOST = text("HOST", "127.0.0.1")
SECRET_KEY = text("SECRET_KEY") or ("only-for-" + "development" if DEBUG else "")
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
PUBLIC_URL = url("PUBLIC_URL", "", "http", "https")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
if PUBLIC_URL:
    ALLOWED_HOSTS.append(PUBLIC_URL.split("://", 1)[1].split("/")[0].rsplit(":", 1)[0])
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES = words("TRUSTED_PROXIES")
TRUSTED_NETWORKS = checked("TRUSTED_PROXIES", lambda: proxies.networks(TRUSTED_PROXIES))
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "ninja",
    "channels",
    "django_htmx",
    "django_rq",
    "scout",
    "searches.platforms",
    "searches.cache",
    "searches.thumbnails",
    "searches.accounts",
    "searches.trends",
    "searches.ui",
    "searches.search",
    "queueadmin",
]
MIDDLEWARE = [
    "scout.proxies.TrustedProxiesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "scout.shared_cache.SharedCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "scout.limits.ApiBodyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "searches.accounts.personal.PersonalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "scout.urls"
ASGI_APPLICATION = "scout.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "searches.ui.context.house",
                "searches.accounts.context.account",
            ]
        },
    }
]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "searches.accounts.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
API_BODY_BYTES = 65_536

# Who may come in, and the mail that it takes.
SIGNUP = text("SIGNUP", "closed")
if SIGNUP not in {"closed", "invitation", "approval", "open"}:
    stop(f"SIGNUP must be closed, invitation, approval or open, not {SIGNUP!r}.")
globals().update(checked("EMAIL_URL", lambda: mail_server.parse(text("EMAIL_URL", "consolemail://"))))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = text("EMAIL_FROM", "Scout <scout@localhost>")

# Languages and time.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = text("TIME_ZONE", "UTC")
if TIME_ZONE not in zoneinfo.available_timezones():
    stop(f"TIME_ZONE must be a name like Asia/Seoul, not {TIME_ZONE!r}.")

# Static files: served by the web process, named by their content, so browsers may keep them for good.
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

DATABASES = {"default": checked("DATABASE_URL", lambda: database.parse(text("DATABASE_URL"), DATA))}
DATABASES |= checked("MONGODB_URI", lambda: database.documents(text("MONGODB_URI")))
DATABASE_ROUTERS = ["searches.cache.router.CacheRouter"]

# Redis: queues, hints, live items, Django's cache. None is allowed: pages and cached answers work without it.
_host = Target(
    host=text("REDIS_HOST"), port=number("REDIS_PORT", 6379, 1, 65_535), db=number("REDIS_DB", 0), password=text("REDIS_PASSWORD") or None
)
try:
    REDIS_TARGET = configured(
        url={"REDIS_URL": text("REDIS_URL"), "UPSTASH_REDIS_URL": text("UPSTASH_REDIS_URL")},
        host=_host,
        sentinels=words("REDIS_SENTINELS"),
        master=text("REDIS_SENTINEL_MASTER", "mymaster"),
        sentinel_password=text("REDIS_SENTINEL_PASSWORD"),
        ca_file=text("REDIS_CA_FILE"),
    )
    CACHE_TARGET = at("CACHE_URL", text("CACHE_URL"), text("REDIS_CA_FILE")) if text("CACHE_URL") else REDIS_TARGET
except ValueError as error:
    stop(f"{error}.")
CACHES = {"default": for_cache(CACHE_TARGET)}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [for_channels(REDIS_TARGET)], "prefix": "scout"},
    }
    if REDIS_TARGET
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
_rq = for_rq(REDIS_TARGET or Target(host="127.0.0.1", port=1))
RQ_QUEUES = {name: {**_rq, "DEFAULT_TIMEOUT": seconds, "SERIALIZER": "rq.serializers.JSONSerializer"} for name, seconds in QUEUES.items()}
RQ = {"JOB_CLASS": "scout.queues.Job", "WORKER_CLASS": "queueadmin.worker.work.SearchWorker"}
RQ_SHOW_ADMIN_LINK = False

# Apify, or the sandbox that stands in for it.
APIFY_TOKEN = text("APIFY_TOKEN")
APIFY_BASE_URL = url("APIFY_BASE_URL", "https://api.apify.com", "http", "https")
SANDBOX = flag("SCOUT_SANDBOX", False)
SANDBOX_RUN_SECONDS = number("SANDBOX_RUN_SECONDS", 20.0, 0.1, 3_600)
SANDBOX_ITEMS = number("SANDBOX_ITEMS", 60, 0, 1_000)
WEBHOOK_SECRET = text("WEBHOOK_SECRET")

# The first people's password, and who runs us: for `bin/up` and `prepare`.
FIRST_PASSWORD = text("SCOUT_PASSWORD")
RUNS_AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

# How much at once.
WEB_CONCURRENCY = number("WEB_CONCURRENCY", 2, 1, 64)
WEB_THREADS = number("WEB_THREADS", 16, 1, 256)
WORKER_CONCURRENCY = number("WORKER_CONCURRENCY", 5, 1, 64)
WORKER_NAME = text("WORKER_NAME")
WORKER_MAX_RETRIES = number("WORKER_MAX_RETRIES", 3, 0, 100)
WORKER_RETRY_DELAY = number("WORKER_RETRY_DELAY", 5_000, 0, 3_600_000)
DEFAULT_PLATFORM_SLOTS = number("DEFAULT_PLATFORM_SLOTS", 25, 1, 10_000)
START_THREADS = number("START_THREADS", 64, 1, 256)
SEARCHES_PER_MINUTE = number("SEARCHES_PER_MINUTE", 60, 1, 1_000_000)

# Answers.
FRESH_SECONDS = number("FRESH_SECONDS", 86_400, 0)
KEEP_SECONDS = number("KEEP_SECONDS", 90 * 86_400, 1)
MEMORY_ANSWERS = number("MEMORY_ANSWERS", 10_000, 0)
MEMORY_BYTES = number("MEMORY_BYTES", 256 * 1024 * 1024, 0)
THUMBNAIL_BYTES = number("THUMBNAIL_BYTES", 2 * 1024**3, 0, 1e15)
THUMBNAIL_HOSTS = words("THUMBNAIL_HOSTS")

# What a page may load: itself, and pictures of posts from their platforms over https (from the sandbox over http).
_pictures = ["'self'", "https:", "data:", *([APIFY_BASE_URL] if SANDBOX else [])]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": _pictures,
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Logs go to standard output, one line an event.
LOG_FORMAT = text("LOG_FORMAT", "line")
if LOG_FORMAT not in {"line", "json"}:
    stop(f"LOG_FORMAT must be line or json, not {LOG_FORMAT!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
        "json": {"()": "scout.logs.JSONFormatter"},
    },
    "filters": {"worth_a_line": {"()": "django.utils.log.CallbackFilter", "callback": worth_a_line}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": LOG_FORMAT, "filters": ["worth_a_line"]}
    },
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {
        # RQ says "queue: job" and "Job OK" for each job; our own steps say more.
        "rq.worker": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
    },
}
