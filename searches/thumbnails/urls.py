"""Where pictures are served."""

from django.urls import path

from searches.thumbnails import views

urlpatterns = [path("thumbs/<str:platform>/<path:post_id>", views.thumbnail, name="thumbnail")]
