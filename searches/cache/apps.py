from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CacheConfig(AppConfig):
    name = "searches.cache"
    label = "cache"
    verbose_name = _("Answers")
