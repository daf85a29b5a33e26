"""Every mail that accounts send. Called with the reader's language active."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from searches.accounts.mail import Letter
from searches.accounts.models import INVITED_FOR, SIGN_UP_FOR


def _hello(name: str) -> str:
    return _("Hello %(name)s,") % {"name": name}


def _valid_for(time: timedelta) -> str:
    if time.days > 1:
        return ngettext("The link works once, for %(n)d day.", "The link works once, for %(n)d days.", time.days) % {"n": time.days}
    hours = int(time.total_seconds() // 3_600)
    return ngettext("The link works once, for %(n)d hour.", "The link works once, for %(n)d hours.", hours) % {"n": hours}


def _not_you() -> str:
    return _("If that was not you, ignore this mail: nothing happens.")


def confirm_sign_up(username: str, link: str) -> Letter:
    asked = _("Somebody, you we hope, signed up for Scout with this address. Please confirm that it is yours:")
    return Letter(_("Confirm your address for Scout"), (_hello(username), asked, link, _valid_for(SIGN_UP_FOR), _not_you()))


def already_here(username: str, sign_in: str, reset: str) -> Letter:
    told = _("Somebody, you we hope, signed up for Scout with this address. You already have an account there: %(name)s.")
    return Letter(
        _("You already have an account at Scout"),
        (
            _hello(username),
            told % {"name": username},
            _("Sign in: %(link)s") % {"link": sign_in},
            _("Forgotten your password? %(link)s") % {"link": reset},
            _not_you(),
        ),
    )


def approved(username: str, sign_in: str) -> Letter:
    told = _("Your account is ready. Sign in with your user name, %(name)s:")
    return Letter(_("Welcome to Scout"), (_hello(username), told % {"name": username}, sign_in))


def refused(username: str) -> Letter:
    told = _("You asked for an account at Scout. It was not approved, and what you had entered has been deleted.")
    return Letter(_("Your account at Scout was not approved"), (_hello(username), told))


def invited(workspace: str, by: str, link: str) -> Letter:
    values = {"workspace": workspace, "by": by}
    told = _("%(by)s invites you to the workspace %(workspace)s. There you search short videos together:") % values
    ignore = _("If you don't know why you got this, ignore this mail.")
    return Letter(_("%(by)s invites you to %(workspace)s at Scout") % values, (told, link, _valid_for(INVITED_FOR), ignore))


def reset_password(username: str, link: str, valid: timedelta) -> Letter:
    told = _("Here you choose a new password for your account %(name)s:") % {"name": username}
    return Letter(_("A new password for Scout"), (_hello(username), told, link, _valid_for(valid), _not_you()))


def confirm_email(username: str, link: str) -> Letter:
    told = _("Please confirm that this is your new address for Scout:")
    return Letter(_("Confirm your new address"), (_hello(username), told, link, _valid_for(SIGN_UP_FOR), _not_you()))


def email_changed(username: str, new: str) -> Letter:
    told = _("The address of your account was changed to %(new)s. Mails of Scout go there from now on.") % {"new": new}
    mind = _("If that was not you, tell whoever runs this Scout at once.")
    return Letter(_("Your address was changed"), (_hello(username), told, mind))


def password_changed(username: str, reset: str) -> Letter:
    told = _("Your password was changed, and every other browser was signed out.")
    mind = _("If that was not you, choose a new one at once: %(link)s") % {"link": reset}
    return Letter(_("Your password was changed"), (_hello(username), told, mind))
