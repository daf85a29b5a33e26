"""Sessions in the database under a digest of their key: who reads the table can't use what is in it, and a sign-in can be
ended by the digest that its row has, without anybody's key being kept."""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as Store
from django.utils import timezone

_LENGTH = 40  # of django_session's column: 160 bits


def digest_of(key: str) -> str:
    """The name under which the session with this key is kept: 40 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:_LENGTH]


class SessionStore(Store):
    """Django's own, but for what it calls a session in the database."""

    def _get_session_from_db(self) -> Any:
        return self._kept(self.model.objects.filter(session_key=digest_of(self.session_key or "")).first())

    async def _aget_session_from_db(self) -> Any:
        return self._kept(await self.model.objects.filter(session_key=digest_of(self.session_key or "")).afirst())

    def _kept(self, row: Any) -> Any:
        if row is None or row.expire_date <= timezone.now():
            self._session_key = None
            return None
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(digest_of(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(digest_of(session_key))

    def create_model_instance(self, data: Any) -> Any:
        row = super().create_model_instance(data)
        row.session_key = digest_of(row.session_key)
        return row

    async def acreate_model_instance(self, data: Any) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = digest_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=digest_of(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            await self.model.objects.filter(session_key=digest_of(key)).adelete()
