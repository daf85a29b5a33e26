"""People, workspaces and the ways in, for staff."""

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from searches.accounts import approve, mail, sign_ins, tokens
from searches.accounts.models import ApiToken, Invitation, Membership, SignIn, SignUp, User, Workspace
from searches.accounts.session_store import digest_of
from searches.accounts.user_agent import in_words


class ReadOnly(admin.ModelAdmin):
    """Rows that are made elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user", "workspace")


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Who is deactivated or deleted here, or given another password, is signed out at once, open pages too."""

    list_display = ("username", "display_name", "email", "is_active", "is_staff", "date_joined", "last_login")
    search_fields = ("username", "display_name", "email")
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("In Scout"), {"fields": ("display_name", "language", "time_zone", "workspace")}))
    autocomplete_fields = ("workspace",)

    def get_inlines(self, request: HttpRequest, obj: object) -> tuple[type[admin.TabularInline], ...]:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            sign_ins.end_all(obj)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        sign_ins.end_all(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            sign_ins.end_all(user)
        super().delete_queryset(request, queryset)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            sign_ins.end(SignIn.objects.filter(user=int(id)).exclude(digest=digest_of(request.session.session_key or "")))
        return response


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):
    list_display = ("name", "people_in", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        return super().get_queryset(request).annotate(people_in=Count("memberships"))

    @admin.display(description=_("people"), ordering="people_in")
    def people_in(self, workspace: Workspace) -> int:
        return int(workspace.people_in)  # type: ignore[attr-defined]


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Changed on the page of its workspace or person."""

    list_display = ("user", "workspace", "role")
    list_filter = ("role",)
    search_fields = ("user__username", "workspace__name")
    list_select_related = ("user", "workspace")


@admin.register(SignUp)
class SignUpAdmin(ReadOnly):
    """Who waits for a yes: those whose address is confirmed. The others have still to open their mail."""

    list_display = ("username", "email", "created_at", "confirmed_at", "invitation")
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter),)
    search_fields = ("username", "email")
    list_select_related = ("invitation__workspace",)
    actions = ("approve", "refuse")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignUp]:
        return super().get_queryset(request).filter(known=False)

    @admin.action(description=_("Approve the selected sign-ups"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[SignUp]) -> None:
        door = mail.address_of(reverse("sign-in"), request)
        count = sum(approve.approve(row, door) for row in queryset)
        self.message_user(request, _("People let in: %(count)d") % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @admin.action(description=_("Refuse the selected sign-ups"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[SignUp]) -> None:
        count = sum(approve.refuse(row) for row in queryset)
        self.message_user(request, _("Sign-ups refused: %(count)d") % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may add people."""
        return request.user.has_perm("accounts.add_user")


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("workspace", "email", "role", "invited_by", "created_at", "expires_at", "accepted_by", "revoked_at")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("workspace__name", "email")
    list_select_related = ("workspace", "invited_by", "accepted_by")
    actions = ("revoke",)

    @admin.action(description=_("Revoke the selected invitations"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        count = queryset.filter(accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, _("Invitations revoked: %(count)d") % {"count": count})


@admin.register(SignIn)
class SignInAdmin(ReadOnly):
    """Browsers that are signed in. To delete a row is to sign out, too."""

    list_display = ("user", "device", "address", "created_at", "seen_at")
    search_fields = ("user__username", "address")
    list_select_related = ("user",)
    date_hierarchy = "seen_at"
    actions = ("sign_out",)

    @admin.display(description=_("browser"))
    def device(self, row: SignIn) -> str:
        return in_words(row.agent)

    @admin.action(description=_("Sign the selected browsers out"), permissions=["sign_out"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[SignIn]) -> None:
        self.message_user(request, _("Browsers signed out: %(count)d") % {"count": sign_ins.end(queryset)})

    def has_sign_out_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.delete_signin")

    def delete_model(self, request: HttpRequest, obj: SignIn) -> None:
        sign_ins.end(SignIn.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SignIn]) -> None:
        sign_ins.end(queryset)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens are made by their people, or by `bin/manage create_token`: who makes one alone sees it. Here they are revoked."""

    list_display = ("prefix", "name", "user", "read_only", "created_at", "last_used_at", "revoked_at")
    list_filter = ("read_only", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "prefix", "user__username")
    list_select_related = ("user",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the selected tokens"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        count = tokens.revoke(list(queryset.values_list("pk", flat=True)))
        self.message_user(request, _("Tokens revoked: %(count)d") % {"count": count})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
