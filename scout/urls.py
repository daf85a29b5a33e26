"""The table of contents for HTTP."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from queueadmin.access import for_queue_viewers
from scout.api import api, not_found
from scout.health import healthz, readyz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboard"), name="home"),
    path("", include("searches.search.urls")),
    path("sign-in", LoginView.as_view(template_name="accounts/sign_in.html", redirect_authenticated_user=True), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("language", set_language, name="set_language"),
    path("api/", not_found),
    path("api/", api.urls),
    re_path(r"^api/", not_found),
    path("admin/rq/", for_queue_viewers("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
]

if settings.SANDBOX:
    admin.site.site_header = "Scout (sandbox data)"
