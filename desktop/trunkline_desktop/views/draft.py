"""What the form holds, turned into a profile; and the name it suggests. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from trunkline_server.profiles.profile import Profile, slug

TEXT_FIELDS = ("name", "host", "database", "user")
_TELLS_NOTHING = frozenset({"", "postgres", "defaultdb", "db", "main", "neondb", "railway"})


def profile_of(
    base: Profile | None, values: Mapping[str, str], others: Iterable[Profile]
) -> Profile:
    """Return the profile of the form's ``values``, everything else taken from ``base``.

    A port that is no number becomes 0, which ``problems()`` explains. The id is chosen once.
    """
    texts: dict[str, Any] = {k: v.strip() for k, v in values.items()}
    port = texts["port"]
    texts["port"] = int(port) if port.isascii() and port.isdigit() else 0
    if base is not None and base.id:
        return replace(base, **texts)
    taken = [other.id for other in others]
    return replace(base or blank(), **texts | {"id": slug(texts["name"], taken)})


def blank() -> Profile:
    """Return an empty profile to fill in; it has no id until it has a name."""
    return Profile(id="", name="", host="", database="", user="")


def suggested_name(fields: Mapping[str, Any], others: Iterable[Profile]) -> str:
    """Return a name from the database, or the server when the database's name tells nothing."""
    database, host = str(fields.get("database", "")), str(fields.get("host", ""))
    source = (
        database if database.casefold() not in _TELLS_NOTHING else host.split(".", maxsplit=1)[0]
    )
    words = re.sub(r"[_\-\s/@]+", " ", source).strip()
    base = words[:1].upper() + words[1:]
    taken = {other.name.casefold() for other in others}
    number, name = 1, base
    while name and name.casefold() in taken:
        number += 1
        name = f"{base} {number}"
    return name
