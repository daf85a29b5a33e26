from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThumbnailsConfig(AppConfig):
    name = "searches.thumbnails"
    label = "thumbnails"
    verbose_name = _("Pictures")
