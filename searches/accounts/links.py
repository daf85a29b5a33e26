"""Links that let somebody do one thing: an id, signed for that purpose. Whether they still work stands in the row."""

from uuid import UUID

from django.core import signing


def sign(purpose: str, id: UUID) -> str:
    """What goes into the address."""
    return signing.Signer(salt=f"accounts.{purpose}", sep=".").sign(id.hex)


def read(purpose: str, signed: str) -> UUID | None:
    """The id, None when this was not signed here and for this purpose."""
    try:
        return UUID(signing.Signer(salt=f"accounts.{purpose}", sep=".").unsign(signed))
    except (signing.BadSignature, ValueError):
        return None
