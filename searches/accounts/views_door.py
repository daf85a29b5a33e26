"""Coming in: sign in and out, sign up, a forgotten password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetConfirmView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from searches.accounts import again, brake, devices, invite, letters, links, mail, reset, sign_ins, sign_up
from searches.accounts.forms import ForgottenForm, SignUpForm
from searches.accounts.models import Invitation, SignIn, SignUp, User

SIGN_UPS_AN_HOUR, RESETS_AN_HOUR = 20, 20  # free ones from one address
_ASKED = "sign-up"  # in the session: what this browser asked for, and has not confirmed
_INVITED = "invitation"


class SignInView(LoginView):
    """Wrong passwords slow down the next try; browsers that know the account have a pace of their own."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        username = request.POST.get("username", "")
        self.counters = devices.counters(request, username)
        wait = brake.attempt(*self.counters) if username and request.POST.get("password") else 0
        if wait:
            # Unbound: a bound form would look at the password as it is shown.
            form = self.get_form_class()(request, initial={"username": username})
            return _slowly(self.render_to_response(self.get_context_data(form=form, problem=again.too_many(wait)), status=429), wait)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        sign_ins.note(self.request, user)
        devices.remember(self.request, response, user.get_username())
        own, *shared = self.counters
        brake.forget(own)
        brake.take_back(*shared)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"may_sign_up": sign_up.is_open(None)}


class SignOutView(LogoutView):
    """Closes the sockets of this session as well."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sign_ins.end_session(request.session.session_key)
        return super().post(request, *args, **kwargs)


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin's own door leads to ours, so that there is one to guard. Who is in already and no staff may not go on."""
    wanted = request.GET.get("next") or reverse("admin:index")
    if isinstance(request.user, User):
        if not request.user.is_staff:
            raise PermissionDenied
        return redirect("admin:index")
    return redirect_to_login(wanted)


def choose_language(request: HttpRequest) -> HttpResponse:
    """The switch in the header. Who has chosen a language in their profile chooses anew there."""
    response = set_language(request)
    wanted = request.POST.get("language", "")
    if isinstance(request.user, User) and request.user.language and translation.check_for_language(wanted):
        User.objects.filter(pk=request.user.pk).update(language=wanted if wanted in dict(settings.LANGUAGES) else "")
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up_page(request: HttpRequest) -> HttpResponse:
    """Sign up, as far as SIGNUP and an invitation allow."""
    invitation = invite.find(request.session.get(_INVITED, ""))
    if not sign_up.is_open(invitation):
        return render(request, "accounts/sign_up_closed.html", {"mode": settings.SIGNUP}, status=403 if request.method == "POST" else 200)
    given = {"invitation": invitation, "mode": settings.SIGNUP}
    if request.method == "GET":
        form = SignUpForm(initial={"email": invitation.email if invitation else ""})
        return render(request, "accounts/sign_up.html", given | {"form": form})
    wait = brake.attempt(brake.Counter("sign-up", devices.network_of(request), SIGN_UPS_AN_HOUR))
    if wait:
        form = SignUpForm(initial={"username": request.POST.get("username", ""), "email": request.POST.get("email", "")})
        return _slowly(render(request, "accounts/sign_up.html", given | {"form": form, "problem": again.too_many(wait)}, status=429), wait)
    _forget_the_last(request)
    form = SignUpForm(request.POST)
    if form.is_valid():
        try:
            return _signed_up(request, form.cleaned_data, invitation)
        except sign_up.NameTaken:
            form.add_error("username", _("This user name is taken. Please choose another."))
        except mail.MailAway:
            form.add_error(None, _mail_away())
    return render(request, "accounts/sign_up.html", given | {"form": form}, status=503 if form.non_field_errors() else 400)


def _signed_up(request: HttpRequest, given: dict[str, Any], invitation: Invitation | None) -> HttpResponse:
    row = sign_up.begin(given["username"], given["email"], given["password"], translation.get_language() or "", invitation)
    if invitation and invitation.email.casefold() == row.email.casefold() and not row.known:
        # The link came to this very address: that it is theirs is known.
        return _confirmed(request, sign_up.confirm(row.pk))
    try:
        _send_confirmation(request, row)
    except mail.MailAway:
        row.delete()
        raise
    request.session[_ASKED] = str(row.pk)
    return redirect("sign-up-sent")


def _send_confirmation(request: HttpRequest, row: SignUp) -> None:
    if not mail.may_be_sent(row.email):
        return
    link = mail.address_of(reverse("sign-up-confirm", args=[links.sign("sign-up", row.pk)]), request)
    door, forgotten = (mail.address_of(reverse(name), request) for name in ("sign-in", "password-reset"))
    person = User.objects.filter(email__iexact=row.email).first() if row.known else None
    if person:
        mail.send(person.email, person.language or row.language, lambda: letters.already_here(person.username, door, forgotten))
    else:
        mail.send(row.email, row.language, lambda: letters.confirm_sign_up(row.username, link))


def _forget_the_last(request: HttpRequest) -> None:
    """Who mistyped their address signs up again under the same name: this browser's last try makes room."""
    if last := request.session.pop(_ASKED, ""):
        SignUp.objects.filter(pk=last, confirmed_at=None).delete()


@never_cache
def sign_up_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sign_up_sent.html", {"console": settings.EMAIL_BACKEND.endswith("console.EmailBackend")})


@never_cache
@require_http_methods(["GET", "POST"])
def sign_up_confirm(request: HttpRequest, signed: str) -> HttpResponse:
    """A button, since mail programs and scanners open links by themselves; the press is what counts."""
    id = links.read("sign-up", signed)
    if request.method == "POST":
        return _confirmed(request, sign_up.confirm(id))
    row = sign_up.waiting(id)
    if row is None:
        return render(request, "accounts/link_gone.html", status=410)
    return render(request, "accounts/sign_up_confirm.html", {"row": row})


def _confirmed(request: HttpRequest, outcome: sign_up.Outcome) -> HttpResponse:
    if outcome is sign_up.Outcome.GONE:
        return render(request, "accounts/link_gone.html", status=410)
    request.session.pop(_ASKED, None)
    if outcome is sign_up.Outcome.TAKEN:
        messages.error(request, _("Somebody has taken this user name meanwhile. Please sign up again with another."))
        return redirect("sign-up")
    if outcome is sign_up.Outcome.WAITS:
        return render(request, "accounts/sign_up_waits.html")
    request.session.pop(_INVITED, None)
    messages.success(request, _("Your account is ready. Sign in with your user name and your password."))
    return redirect("sign-in")


@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by which a new password is chosen. The same answer for everybody."""
    form = ForgottenForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return render(request, "accounts/forgotten.html", {"form": form}, status=400 if request.method == "POST" else 200)
    wait = brake.attempt(brake.Counter("reset", devices.network_of(request), RESETS_AN_HOUR))
    if wait:
        return _slowly(render(request, "accounts/forgotten.html", {"form": form, "problem": again.too_many(wait)}, status=429), wait)
    try:
        reset.ask(form.cleaned_data["email"], translation.get_language() or "", lambda path: mail.address_of(path, request))
    except mail.MailAway:
        return render(request, "accounts/forgotten.html", {"form": form, "problem": _mail_away()}, status=503)
    return render(request, "accounts/forgotten_sent.html")


@method_decorator(never_cache, "dispatch")
class NewPasswordView(PasswordResetConfirmView):
    """Choose a new password by the link. It ends every session; this browser then counts as one that knows the account."""

    template_name = "accounts/new_password.html"
    success_url = reverse_lazy("sign-in")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = form.user
        sign_ins.end(SignIn.objects.filter(user=user))
        devices.remember(self.request, response, user.get_username())
        messages.success(self.request, _("Your new password is set, and every browser was signed out. Sign in with it."))
        return response


def _slowly(response: HttpResponse, wait: int) -> HttpResponse:
    response["Retry-After"] = str(wait)
    return response


def _mail_away() -> str:
    return _("The mail could not be sent just now, so nothing was done. Please try again in a few minutes.")
