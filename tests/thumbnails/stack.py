"""A whole Scout with the worker that fetches pictures."""

import sys

from tests.stack import Stack

_COUNT = "from searches.thumbnails.models import Thumbnail\nresult = Thumbnail.objects.filter(state='kept').count()"


class WithPictures(Stack):
    """As Stack; `run("pictures")` starts the worker of the queue `default`."""

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "manage.py", "worker", "default"] if name == "pictures" else super()._command(name)

    def kept(self) -> int:
        """How many pictures are kept."""
        found: int = self.python(_COUNT)
        return found
