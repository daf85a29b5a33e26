"""What people see and change of themselves: profile, password, tokens, sign-ins, export, leaving."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from searches.accounts import departure, email_change, letters, mail, sign_ins, tokens, workspaces
from searches.accounts.export import export
from searches.accounts.forms import EmailForm, LeaveForm, NewPasswordForm, ProfileForm, TokenForm
from searches.accounts.models import ApiToken, SignIn, User, create_token
from searches.accounts.session_store import digest_of
from searches.accounts.user_agent import in_words

_View = Callable[..., HttpResponse]


def private(view: _View) -> _View:
    """For people who are signed in; `view(request, user, ...)`. No cache keeps it, no error report has what was posted."""

    @never_cache
    @sensitive_post_parameters()
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, User)  # noqa: S101  # login_required has seen to it
        return view(request, request.user, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "POST"])
@private
def profile(request: HttpRequest, user: User) -> HttpResponse:
    """Name, language, time zone; beside it the forms for address and password."""
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return _profile(request, user, form=form)


@require_POST
@private
def change_email(request: HttpRequest, user: User) -> HttpResponse:
    """Mail a link to the new address; it counts once it is confirmed."""
    form = EmailForm(user, request.POST, auto_id="email_%s")
    if not form.is_valid():
        return _profile(request, user, email_form=form)
    new = form.cleaned_data["email"]
    link = mail.address_of(reverse("email-confirm", args=[email_change.link_part(user, new)]), request)
    try:
        if not mail.may_be_sent(new):
            raise mail.MailAway
        mail.send(new, translation.get_language() or "", lambda: letters.confirm_email(user.username, link))
    except mail.MailAway:
        form.add_error(None, _("The mail could not be sent just now, so nothing was done. Please try again in a few minutes."))
        return _profile(request, user, 503, email_form=form)
    messages.info(request, _("We have sent a mail to %(new)s. The address counts once you open its link.") % {"new": new})
    return redirect("profile")


@require_http_methods(["GET", "POST"])
@private
def confirm_email(request: HttpRequest, user: User, signed: str) -> HttpResponse:
    """A button, since scanners open links too."""
    new, old = email_change.read(signed, user), user.email
    if not new:
        return render(request, "accounts/link_gone.html", status=410)
    if request.method == "GET":
        return render(request, "accounts/email_confirm.html", {"new": new})
    if email_change.change(signed, user):
        messages.success(request, _("Your address is %(new)s now.") % {"new": new})
        if old:
            _notice(old, user, lambda: letters.email_changed(user.username, new))
    return redirect("profile")


@require_POST
@private
def change_password(request: HttpRequest, user: User) -> HttpResponse:
    """A new password signs out every other browser."""
    form = NewPasswordForm(user, request.POST, auto_id="password_%s")
    if not form.is_valid():
        return _profile(request, user, password_form=form)
    user.set_password(form.cleaned_data["new"])
    user.save(update_fields=["password"])
    key = request.session.session_key
    update_session_auth_hash(request, user)
    sign_ins.moved(key, request)
    sign_ins.end(SignIn.objects.filter(user=user).exclude(digest=_digest(request)))
    if user.email:
        reset = mail.address_of(reverse("password-reset"), request)
        _notice(user.email, user, lambda: letters.password_changed(user.username, reset))
    messages.success(request, _("Your password is changed, and every other browser was signed out."))
    return redirect("profile")


def _profile(request: HttpRequest, user: User, status: int = 400, **bound: Any) -> HttpResponse:
    """The page with whichever of its forms has something to say; the others are fresh."""
    said = any(form.is_bound for form in bound.values())
    if said:
        user.refresh_from_db()  # a form that was refused has written into what the header shows
    fresh = {
        "form": ProfileForm(instance=user),
        "email_form": EmailForm(user, auto_id="email_%s"),
        "password_form": NewPasswordForm(user, auto_id="password_%s"),
    }
    return render(request, "accounts/profile.html", fresh | bound, status=status if said else 200)


def _notice(to: str, user: User, write: Callable[[], mail.Letter]) -> None:
    """Worth telling, not worth failing for."""
    try:
        mail.send_behind([(to, user.language or translation.get_language() or "", write)])
    except mail.MailAway:
        return


# API tokens.


@require_http_methods(["GET", "POST"])
@private
def api_tokens(request: HttpRequest, user: User) -> HttpResponse:
    """The list; a new one is shown on the page that answers its making, and nowhere else."""
    form = TokenForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        if ApiToken.objects.filter(user=user, revoked_at=None).count() >= tokens.MOST_EACH:
            form.add_error(None, _("You have %(n)d tokens. That is the most; revoke some first.") % {"n": tokens.MOST_EACH})
        else:
            made = create_token(user, form.cleaned_data["name"], form.cleaned_data["read_only"])
            form = TokenForm()
    rows = ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk")
    address = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    return render(request, "accounts/tokens.html", {"form": form, "made": made, "rows": rows, "address": address}, status=_status(form))


@require_POST
@private
def revoke_token(request: HttpRequest, user: User, token_id: int) -> HttpResponse:
    if tokens.revoke(list(ApiToken.objects.filter(pk=token_id, user=user).values_list("pk", flat=True))):
        messages.success(request, _("The token is revoked. What used it is refused from now on."))
    return redirect("api-tokens")


# Sign-ins.


@require_GET
@private
def sessions(request: HttpRequest, user: User) -> HttpResponse:
    """Where I am signed in."""
    sign_ins.seen(request, user)
    mine = _digest(request)
    rows = [{"row": row, "device": in_words(row.agent), "this": row.digest == mine} for row in sign_ins.live(user)]
    rows.sort(key=lambda each: not each["this"])
    return render(request, "accounts/sessions.html", {"rows": rows})


@require_POST
@private
def end_sessions(request: HttpRequest, user: User) -> HttpResponse:
    """Sign one other browser out, or all of them; this one has its own button."""
    others = SignIn.objects.filter(user=user).exclude(digest=_digest(request))
    which = request.POST.get("which", "")
    if which != "others":
        others = others.filter(pk=int(which) if which.isascii() and which.isdigit() and len(which) < 19 else 0)
    count = sign_ins.end(others)
    messages.success(request, ngettext("%(n)d browser signed out.", "%(n)d browsers signed out.", count) % {"n": count})
    return redirect("sessions")


# Everything of mine.


@require_GET
@private
def export_account(request: HttpRequest, user: User) -> HttpResponse:
    """All that is mine, as a file."""
    day = timezone.localdate().isoformat()
    response = JsonResponse(export(user), encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="scout-{day}.json"'
    return response


@require_http_methods(["GET", "POST"])
@private
def leave(request: HttpRequest, user: User) -> HttpResponse:
    """Delete the account: what goes, what stays, the name typed and the password."""
    form = LeaveForm(user, request.POST or None)
    hindrance = departure.hindrance(user)
    if request.method == "POST" and not hindrance and form.is_valid():
        try:
            departure.leave(user)
        except workspaces.Refused as refused:
            hindrance = str(refused)
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("sign-in")
    alone = [(workspace, workspaces.contents(workspace)) for workspace in departure.alone_in(user)]
    status = 409 if request.method == "POST" and hindrance else _status(form)
    return render(request, "accounts/leave.html", {"form": form, "hindrance": hindrance, "alone": alone}, status=status)


def _status(form: Any) -> int:
    return 400 if form.is_bound and form.errors else 200


def _digest(request: HttpRequest) -> str:
    return digest_of(request.session.session_key or "")
