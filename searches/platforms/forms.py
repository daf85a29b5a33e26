"""The form of a platform: of the actors only those that search it."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS, actors_of
from searches.query import PLATFORM_NAMES


def grouped_actors() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every actor as a choice, under the name of its platform."""
    platforms = dict.fromkeys(actor.platform for actor in ACTORS.values())
    return [(str(PLATFORM_NAMES[name]), [(actor.id, actor.id) for actor in actors_of(name)]) for name in platforms]


class PlatformForm(forms.ModelForm):
    """What staff set. `beside` is a list in the row and boxes to tick here; the rules are the model's."""

    beside = forms.MultipleChoiceField(
        label=capfirst(Platform._meta.get_field("beside").verbose_name),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=Platform._meta.get_field("beside").help_text,
    )

    class Meta:
        model = Platform
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, chosen = self.instance.name, self.instance.actor
        mine: list[Any] = [(actor.id, actor.id) for actor in actors_of(name)] if name else grouped_actors()
        others = [actor.id for actor in (actors_of(name) if name else ACTORS.values()) if actor.id != chosen]
        for field, choices in (("actor", mine), ("fallback", [("", "---------"), *mine])):
            if field in self.fields:
                self.fields[field].choices = choices  # type: ignore[attr-defined]
        if "beside" in self.fields:
            self.fields["beside"].choices = [(actor, actor) for actor in others]  # type: ignore[attr-defined]
            if not others:
                self.fields["beside"].help_text = _("Scout has no other actor for this platform.")
