"""Whether an app has been told to leave an entry of its file alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

# What stands at a path of the document; None where nothing does.
Settings = Callable[[tuple[str, ...]], Any]
# The entry, the settings it stands in, and its name.
Off = Callable[[Mapping[str, Any], Settings, str], bool]

_FIELDS = {"enabled": False, "disabled": True, "active": False, "isActive": False}


def by_field(entry: Mapping[str, Any], _settings: Settings, _name: str) -> bool:
    """Whether the entry itself says so, by any of the words that apps have for it."""
    return any(entry.get(field) is off for field, off in _FIELDS.items())


def by_names(entry: Mapping[str, Any], settings: Settings, name: str) -> bool:
    """Whether it says so, or Gemini CLI's lists: what may be used, if there is any, and may not."""
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    is_left_out = bool(allowed) and name not in (allowed or ())
    return by_field(entry, settings, name) or is_left_out or name in (excluded or ())


def by_patterns(entry: Mapping[str, Any], settings: Settings, name: str) -> bool:
    """Whether it says so, or Qwen Code's lists, of patterns with * and ?.

    Where there is a list of what may be used, and nothing in it, nothing may.
    """
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    is_left_out = allowed is not None and not _matches(name, allowed)
    return by_field(entry, settings, name) or is_left_out or _matches(name, excluded or [])


def _list(settings: Settings, key: str) -> list[str] | None:
    found = settings(("mcp", key))
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else None


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)
