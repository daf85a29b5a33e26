from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "searches.search"
    label = "search"
    verbose_name = _("Searches")

    def ready(self) -> None:
        from searches.accounts import departure, export
        from searches.search import mine  # models are there only now

        export.register("searches", mine.export)
        departure.register("searches", mine.leave)
