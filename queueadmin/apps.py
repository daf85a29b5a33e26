from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QueueAdminConfig(AppConfig):
    name = "queueadmin"
    label = "queueadmin"
    verbose_name = _("Queue")
