"""What people enter about themselves and their workspaces."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from searches.accounts import again, sign_up
from searches.accounts.models import ApiToken, Membership, User

_NEW = {"autocomplete": "new-password"}
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


class OneLine(forms.CharField):
    """A name: one line of something to see."""

    def clean(self, value: Any) -> str:
        said = " ".join(str(super().clean(value)).split())
        if self.required and not any(sign.isprintable() and not sign.isspace() for sign in said):
            raise ValidationError(self.error_messages["required"], code="required")
        return "".join(sign for sign in said if sign.isprintable())


class SignUpForm(forms.Form):
    """A user name, an address, a password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, **_PLAIN}),
    )
    email = forms.EmailField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=1_000,
        strip=False,
        help_text=_("At least 8 characters, not only digits, and none of those that everybody uses."),
        widget=forms.PasswordInput(attrs=_NEW),
    )

    def clean_username(self) -> str:
        username = User.normalize_username(self.cleaned_data["username"])
        if sign_up.is_taken(username):
            raise ValidationError(_("This user name is taken. Please choose another."))
        return username

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if "password" in found:
            person = User(username=found.get("username", ""), email=found.get("email", ""))
            try:
                validate_password(found["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return found


class ForgottenForm(forms.Form):
    """Where the link for a new password goes."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


class ProfileForm(forms.ModelForm):
    """What others see of a person, and how the person sees Scout."""

    display_name = OneLine(label=_("Display name"), max_length=80, required=False, help_text=_("What others in your workspaces see."))
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ("display_name", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spelt = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
        zones = [(name, name.replace("_", " ")) for name in time_zones()]
        house = _("As set for this Scout (%(zone)s)") % {"zone": settings.TIME_ZONE}
        for name, choices in {"language": [("", _("As the browser asks")), *spelt], "time_zone": [("", house), *zones]}.items():
            self.fields[name] = forms.ChoiceField(label=self.fields[name].label, required=False, choices=choices)


@cache
def time_zones() -> list[str]:
    """Those named after places, and UTC."""
    areas = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return ["UTC", *sorted(name for name in zoneinfo.available_timezones() if name.split("/")[0] in areas)]


class PasswordAgainForm(forms.Form):
    """Asks for the password, which a stolen session does not know."""

    password = forms.CharField(
        label=_("Your password"), max_length=1_000, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        if problem := again.problem_with(self.user, self.cleaned_data["password"]):
            raise ValidationError(problem)
        return str(self.cleaned_data["password"])


class EmailForm(PasswordAgainForm):
    """A new address."""

    email = forms.EmailField(label=_("New e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    field_order = ("email", "password")


class NewPasswordForm(PasswordAgainForm):
    """A new password."""

    new = forms.CharField(label=_("New password"), max_length=1_000, strip=False, widget=forms.PasswordInput(attrs=_NEW))

    def clean_new(self) -> str:
        validate_password(self.cleaned_data["new"], self.user)
        return str(self.cleaned_data["new"])


class TypedForm(forms.Form):
    """A name typed out, so that nothing is deleted by a slip of the hand."""

    typed = forms.CharField(max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off", **_PLAIN}))

    def __init__(self, wanted: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted
        self.fields["typed"].label = _("Type %(name)s to confirm") % {"name": wanted}

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"].strip() != self.wanted.strip():
            raise ValidationError(_("That is not the name."))
        return self.wanted


class LeaveForm(PasswordAgainForm, TypedForm):
    """Both: the user name and the password."""

    field_order = ("typed", "password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        TypedForm.__init__(self, user.username, *args, **kwargs)
        self.user = user


class TokenForm(forms.ModelForm):
    """A new API token."""

    name = OneLine(label=_("What it is for"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    read_only = forms.BooleanField(label=_("May only read: it starts and cancels nothing"), required=False)

    class Meta:
        model = ApiToken
        fields = ("name", "read_only")


class WorkspaceForm(forms.Form):
    """The name of a workspace."""

    name = OneLine(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class InvitationForm(forms.Form):
    """Who may come in, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Leave it empty for a link that you pass on yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(r.value, r.label) for r in (Membership.Role.MEMBER, Membership.Role.OWNER)])
