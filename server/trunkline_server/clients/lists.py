"""The lists of what an app may use and may not, beside its entries. Pure."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

# What stands at a path of the document; None where nothing does.
Settings = Callable[[tuple[str, ...]], Any]
# The settings, and the name of an entry: whether the app leaves it alone.
Lists = Callable[[Settings, str], bool]


def by_names(settings: Settings, name: str) -> bool:
    """Whether Gemini CLI's lists keep an entry out: of what may be used, if any is, or may not."""
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    return (bool(allowed) and name not in (allowed or ())) or name in (excluded or ())


def by_patterns(settings: Settings, name: str) -> bool:
    """Whether Qwen Code's lists do, of patterns with * and ?.

    Where there is a list of what may be used, and nothing in it, nothing may.
    """
    allowed, excluded = _list(settings, "allowed"), _list(settings, "excluded")
    is_left_out = allowed is not None and not _matches(name, allowed)
    return is_left_out or _matches(name, excluded or [])


def _list(settings: Settings, key: str) -> list[str] | None:
    found = settings(("mcp", key))
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else None


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)
