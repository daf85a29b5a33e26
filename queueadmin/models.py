"""The right to see the queue. A table-less model, so that permissions exist without a row to hang them on."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Queue(models.Model):
    """Carries the permissions of the queue pages."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("view_queue", _("Can see the queue")), ("operate_queue", _("Can operate the queue"))]
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
