"""Workspaces: mine, their people, invitations, and the page that an invitation's link leads to."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from searches.accounts import again, brake, invite, letters, mail, membership, sign_up, workspaces
from searches.accounts.forms import InvitationForm, TypedForm, WorkspaceForm
from searches.accounts.models import Membership, User, Workspace
from searches.accounts.views import private

INVITATIONS_AN_HOUR = 20  # free ones of one person
OWNER = Membership.Role.OWNER


@require_http_methods(["GET", "POST"])
@private
def mine(request: HttpRequest, user: User) -> HttpResponse:
    """My workspaces; POST makes a new one."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = workspaces.create(user, form.cleaned_data["name"])
            return redirect("workspace", made.pk)
        except workspaces.Refused as refused:
            form.add_error(None, str(refused))
    rows = workspaces.mine(user).select_related("workspace")
    return render(request, "accounts/workspaces.html", {"form": form, "rows": rows}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@private
def workspace(request: HttpRequest, user: User, workspace_id: int) -> HttpResponse:
    """Its people and invitations; an owner's POST renames it."""
    found, role = _in(user, workspace_id)
    form = WorkspaceForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST":
        _only_owners(role)
        if form.is_valid():
            Workspace.objects.filter(pk=found.pk).update(name=form.cleaned_data["name"])
            messages.success(request, _("The workspace is renamed."))
            return redirect("workspace", found.pk)
    return _page(request, found, role, form=form)


@require_POST
@private
def switch(request: HttpRequest, user: User, workspace_id: int) -> HttpResponse:
    """Work in this one from now on, on every device."""
    found, _role = _in(user, workspace_id)
    workspaces.choose(user, found)
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return redirect(wanted)
    return redirect("dashboard")


@require_POST
@private
def change_member(request: HttpRequest, user: User, workspace_id: int, user_id: int) -> HttpResponse:
    """`do`: owner or member, for the role; remove, also of oneself."""
    found, role = _in(user, workspace_id)
    wanted = request.POST.get("do", "")
    if user_id != user.pk or wanted != "remove":
        _only_owners(role)
    try:
        if wanted == "remove":
            membership.remove(found.pk, user_id)
        elif wanted in Membership.Role.values:
            membership.change_role(found.pk, user_id, wanted)
    except workspaces.Refused as refused:
        messages.error(request, str(refused))
        return redirect("workspace", found.pk)
    if user_id == user.pk and wanted == "remove":
        messages.success(request, _("You have left %(name)s.") % {"name": found.name})
        return redirect("workspaces")
    messages.success(request, _("Saved."))
    return redirect("workspace", found.pk)


@require_http_methods(["GET", "POST"])
@private
def delete(request: HttpRequest, user: User, workspace_id: int) -> HttpResponse:
    """Says what goes with it, and wants its name typed."""
    found, role = _in(user, workspace_id)
    _only_owners(role)
    form = TypedForm(found.name, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workspaces.delete(found)
            messages.success(request, _("%(name)s is deleted.") % {"name": found.name})
            return redirect("workspaces")
        except workspaces.Refused as refused:
            form.add_error(None, str(refused))
    others = Membership.objects.filter(workspace=found).count() - 1
    given = {"workspace": found, "form": form, "contents": workspaces.contents(found), "others": others}
    return render(request, "accounts/workspace_delete.html", given, status=400 if form.errors else 200)


@require_POST
@private
def invite_somebody(request: HttpRequest, user: User, workspace_id: int) -> HttpResponse:
    """By mail, or as a link that is shown on the page that answers."""
    found, role = _in(user, workspace_id)
    _only_owners(role)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, found, role, invite_form=form)
    wait = brake.attempt(brake.Counter("invite", str(user.pk), INVITATIONS_AN_HOUR))
    if wait:
        form.add_error(None, again.too_many(wait))
        response = _page(request, found, role, invite_form=form, status=429)
        response["Retry-After"] = str(wait)
        return response
    try:
        made = invite.invite(found, user, form.cleaned_data["email"], form.cleaned_data["role"])
    except workspaces.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, found, role, invite_form=form)
    link = mail.address_of(invite.path_of(made), request)
    try:
        if made.email:
            if not mail.may_be_sent(made.email):
                raise mail.MailAway
            mail.send(made.email, _language_for(made.email), lambda: letters.invited(found.name, user.shown_name, link))
            messages.success(request, _("We have sent an invitation to %(email)s.") % {"email": made.email})
            return redirect("workspace", found.pk)
    except mail.MailAway:
        messages.error(request, _("The mail could not be sent just now. Pass the link on yourself, or revoke the invitation."))
    return _page(request, found, role, link=link)


@require_POST
@private
def revoke_invitation(request: HttpRequest, user: User, workspace_id: int, invitation_id: UUID) -> HttpResponse:
    found, role = _in(user, workspace_id)
    _only_owners(role)
    if invite.open_ones(found).filter(pk=invitation_id).update(revoked_at=timezone.now()):
        messages.success(request, _("The invitation is revoked; its link leads nowhere now."))
    return redirect("workspace", found.pk)


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, signed: str) -> HttpResponse:
    """Where the link leads: who is signed in accepts it, who is not signs in or up first."""
    found = invite.find(signed)
    if found is None:
        return render(request, "accounts/link_gone.html", {"invitation": True}, status=410)
    if not isinstance(request.user, User):
        request.session["invitation"] = signed
        return render(request, "accounts/invitation.html", {"invitation": found, "may_sign_up": sign_up.is_open(found)})
    other = found.email and found.email.casefold() != request.user.email.casefold()
    inside = bool(membership.role_in(found.workspace_id, request.user))
    if request.method == "POST" and not inside:
        if not invite.accept(found, request.user):
            return render(request, "accounts/link_gone.html", {"invitation": True}, status=410)
        messages.success(request, _("Welcome to %(name)s. You work in it from now on.") % {"name": found.workspace.name})
        return redirect("dashboard")
    return render(request, "accounts/invitation.html", {"invitation": found, "other": other, "inside": inside})


def _page(request: HttpRequest, found: Workspace, role: str, status: int = 0, **given: Any) -> HttpResponse:
    people = Membership.objects.filter(workspace=found).select_related("user").order_by("role", "user__username")
    shown: dict[str, Any] = {"form": WorkspaceForm(initial={"name": found.name}), "invite_form": InvitationForm()} | given
    said = any(form.is_bound and form.errors for form in (shown["form"], shown["invite_form"]))
    shown |= {"workspace": found, "owner": role == OWNER, "people": people}
    shown |= {"invitations": list(invite.open_ones(found).order_by("-created_at")) if role == OWNER else []}
    shown |= {"last_owner": role == OWNER and people.filter(role=OWNER).count() == 1}
    return render(request, "accounts/workspace.html", shown, status=status or (400 if said else 200))


def _in(user: User, workspace_id: int) -> tuple[Workspace, str]:
    """One of the person's workspaces and their role there; a stranger's is not there."""
    found = Membership.objects.filter(workspace_id=workspace_id, user=user).select_related("workspace").first()
    if found is None:
        raise Http404
    return found.workspace, found.role


def _only_owners(role: str) -> None:
    if role != OWNER:
        raise Http404


def _language_for(email: str) -> str:
    """Of whom we know; else that of who invites."""
    known = User.objects.filter(email__iexact=email).values_list("language", flat=True).first()
    return known or translation.get_language() or ""
