"""What staff fill in to try an actor: a sample to run, or rows to map."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from searches.platforms.actor import Actor
from searches.platforms.forms import grouped_actors
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.query import DATE_RANGE_NAMES, QueryError, parse
from searches.search.tryout import ITEMS, MOST_ITEMS, Sample

#: Characters. In every script less than DATA_UPLOAD_MAX_MEMORY_SIZE, above which there is nothing to read.
MOST_PASTED = 500_000
MOST_ROWS = 1_000


class ActorForm(forms.Form):
    """An actor and a date range."""

    actor = forms.ChoiceField(label=gettext_lazy("Actor"), choices=grouped_actors)
    date_range = forms.ChoiceField(label=gettext_lazy("Date range"), choices=list(DATE_RANGE_NAMES.items()), initial="7days")

    @property
    def driver(self) -> Actor:
        return ACTORS[self.cleaned_data["actor"]]


class SampleForm(ActorForm):
    """A sample to run. `sample` once it is valid."""

    query = forms.CharField(label=gettext_lazy("Query"), strip=False, widget=forms.TextInput(attrs={"class": "vTextField"}))
    items = forms.IntegerField(
        label=gettext_lazy("Items"),
        min_value=1,
        max_value=MOST_ITEMS,
        initial=ITEMS,
        help_text=gettext_lazy("1 to 20. Some actors are never asked for that few: what is sent says so."),
    )
    field_order = ("actor", "query", "date_range", "items")
    sample: Sample

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        if {"actor", "query", "date_range", "items"} <= told.keys():
            platform = Platform.objects.filter(pk=self.driver.platform).first()
            try:
                query = parse(told["query"], self.driver.platform, told["date_range"])
            except QueryError as error:
                self.add_error("query", str(error))
                return told
            if platform is None:
                self.add_error("actor", _("Its platform is not set up."))
                return told
            self.sample = Sample(platform, self.driver, query, told["items"])
        return told


class RowsForm(ActorForm):
    """Rows as Apify's console exports them (JSON, or JSON Lines), to be mapped. `cleaned_data["rows"]` is a list."""

    rows = forms.CharField(
        label=gettext_lazy("Rows"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "cols": 80, "class": "vLargeTextField", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("A JSON list of rows, a single row, or one row a line, as Apify's console exports them."),
    )

    def clean_rows(self) -> list[Any]:
        text = self.cleaned_data["rows"]
        if len(text) > MOST_PASTED:
            told = {"length": len(text), "limit": MOST_PASTED}
            raise forms.ValidationError(_("That is %(length)d characters; %(limit)d is the most. Paste fewer rows.") % told)
        rows = _read(text)
        if len(rows) > MOST_ROWS:
            told = {"limit": MOST_ROWS}
            raise forms.ValidationError(ngettext("%(limit)d row is the most.", "%(limit)d rows are the most.", MOST_ROWS) % told)
        return rows


def _read(text: str) -> list[Any]:
    """The rows in a text; ValidationError with the place where it stops being JSON."""
    try:
        found = json.loads(text)
        return found if isinstance(found, list) else [found]
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and error.msg == "Extra data" and (rows := _lines(lines)) is not None:
            return rows
        told = {"line": error.lineno, "column": error.colno}
        raise forms.ValidationError(_("This is not JSON: it cannot be read from line %(line)d, character %(column)d on.") % told) from None
    except (ValueError, RecursionError):
        raise forms.ValidationError(_("This cannot be read: it is nested too deeply, or has a number that is too long.")) from None


def _lines(lines: list[str]) -> list[Any] | None:
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None
