"""Numbers, ages and names as people read them, in the reader's language. What is unknown is a dash, never 0."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, wraps
from math import isfinite
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_compact_decimal
from django import template
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from searches.query import DATE_RANGE_NAMES, PLATFORM_NAMES

register = template.Library()
UNKNOWN = "–"
