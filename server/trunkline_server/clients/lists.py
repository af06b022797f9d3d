"""The lists of what an app may use and may not, beside its entries. Pure."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Literal

# What stands at a path of the document; None where nothing does.
Settings = Callable[[tuple[str, ...]], Any]
# Which list keeps an entry out: the one of what may not be used, or the one of what may.
Listed = Literal["", "excluded", "not allowed"]
Lists = Callable[[Settings, str], Listed]


def by_names(settings: Settings, name: str) -> Listed:
    """Return which of Gemini CLI's lists keeps an entry out; an empty list allows all."""
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    if name in (excluded or ()):
        return "excluded"
    return "not allowed" if allowed and name not in allowed else ""


def by_patterns(settings: Settings, name: str) -> Listed:
    """Return which of Qwen Code's lists does, of patterns with * and ?.

    Where there is a list of what may be used, and nothing in it, nothing may.
    """
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    if _matches(name, excluded or []):
        return "excluded"
    return "not allowed" if allowed is not None and not _matches(name, allowed) else ""


def _list(settings: Settings, key: str) -> list[str] | None:
    found = settings(("mcp", key))
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else None


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)
