"""Another e-mail address for a person: it counts once whoever reads it has confirmed it."""

from django.core import signing

from searches.accounts.models import SIGN_UP_FOR, User

_SALT = "accounts.email"


def link_part(user: User, new: str) -> str:
    """What goes into the link: signed, for a day, and of no use once the address has changed."""
    return signing.dumps({"user": user.pk, "old": user.email, "new": new}, salt=_SALT)


def read(signed: str, user: User) -> str:
    """The new address; empty when the link is none of this person's, or has been used, or has run out."""
    try:
        said = signing.loads(signed, salt=_SALT, max_age=SIGN_UP_FOR)
    except signing.BadSignature:
        return ""
    return str(said["new"]) if said["user"] == user.pk and said["old"] == user.email else ""


def change(signed: str, user: User) -> bool:
    """Make the new address of the link the person's. False when it can't be used."""
    new = read(signed, user)
    return bool(new and User.objects.filter(pk=user.pk, email=user.email).update(email=new))
