"""The table of contents for HTTP."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from queueadmin.access import for_queue_viewers
from scout.api import api, not_found
from scout.health import healthz, readyz
from searches.trends import views as trends

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboard"), name="home"),
    path("", include("searches.accounts.urls")),
    path("", include("searches.search.urls")),
    path("trends", trends.everything, name="trends"),
    path("search/trends/", trends.question, name="question-trends"),
    path("", include("searches.thumbnails.urls")),
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
