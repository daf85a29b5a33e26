"""The pages of accounts."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from searches.accounts import views, views_door, views_workspaces


class Id(IntConverter):
    """A row's id. SQLite takes no number that is longer."""

    regex = "[0-9]{1,18}"


register_converter(Id, "id")

urlpatterns = [
    path("sign-in", views_door.SignInView.as_view(), name="sign-in"),
    path("sign-out", views_door.SignOutView.as_view(), name="sign-out"),
    path("admin/login/", views_door.admin_sign_in),
    path("language", views_door.choose_language, name="set_language"),
    path("sign-up", views_door.sign_up_page, name="sign-up"),
    path("sign-up/sent", views_door.sign_up_sent, name="sign-up-sent"),
    path("sign-up/<str:signed>", views_door.sign_up_confirm, name="sign-up-confirm"),
    path("password/forgotten", views_door.forgotten, name="password-reset"),
    path("password/<uidb64>/<token>", views_door.NewPasswordView.as_view(), name="password-reset-set"),
    path("account", views.profile, name="profile"),
    path("account/email", views.change_email, name="email-change"),
    path("account/email/<str:signed>", views.confirm_email, name="email-confirm"),
    path("account/password", views.change_password, name="password-change"),
    path("account/tokens", views.api_tokens, name="api-tokens"),
    path("account/tokens/<id:token_id>/revoke", views.revoke_token, name="api-token-revoke"),
    path("account/sessions", views.sessions, name="sessions"),
    path("account/sessions/end", views.end_sessions, name="sessions-end"),
    path("account/export", views.export_account, name="account-export"),
    path("account/delete", views.leave, name="account-delete"),
    path("workspaces", views_workspaces.mine, name="workspaces"),
    path("workspaces/<id:workspace_id>", views_workspaces.workspace, name="workspace"),
    path("workspaces/<id:workspace_id>/switch", views_workspaces.switch, name="workspace-switch"),
    path("workspaces/<id:workspace_id>/delete", views_workspaces.delete, name="workspace-delete"),
    path("workspaces/<id:workspace_id>/people/<id:user_id>", views_workspaces.change_member, name="workspace-member"),
    path("workspaces/<id:workspace_id>/invitations", views_workspaces.invite_somebody, name="workspace-invite"),
    path(
        "workspaces/<id:workspace_id>/invitations/<uuid:invitation_id>/revoke",
        views_workspaces.revoke_invitation,
        name="invitation-revoke",
    ),
    path("invitations/<str:signed>", views_workspaces.invitation, name="invitation"),
]
