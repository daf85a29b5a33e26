"""The pages, the webhook and the sockets of searches."""

from django.urls import path

from searches.search import hooks, views
from searches.search.consumers import SearchConsumer
from searches.search.results_consumer import ResultsConsumer

urlpatterns = [
    path("dashboard", views.dashboard, name="dashboard"),
    path("search/", views.question, name="question"),
    path("searches", views.mine, name="searches"),
    path("searches/<uuid:job_id>/cancel", views.cancel, name="cancel"),
    path("hooks/apify", hooks.apify, name="apify-hook"),
]

sockets = [
    path("ws/search/<str:job_id>", SearchConsumer.as_asgi()),
    path("ws/results/<path:answer_key>", ResultsConsumer.as_asgi()),
]
