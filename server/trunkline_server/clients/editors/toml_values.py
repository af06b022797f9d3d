"""How values are spelled in TOML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def lines(path: Sequence[str], value: Mapping[str, Any]) -> list[str]:
    """Return a table: its header and a line for each field that has a value."""
    fields = [f"{key_of(k)} = {inline(v)}" for k, v in value.items() if v is not None]
    return [f"[{dotted(path)}]", *fields]


def dotted(path: Sequence[str]) -> str:
    """Return keys with dots between them."""
    return ".".join(map(key_of, path))


def key_of(key: str) -> str:
    """Return a key, in quotes if it needs them."""
    return key if _BARE.fullmatch(key) else _text(key)


def inline(value: Any) -> str:
    """Return a JSON value on one line, without fields that are null: TOML has no word for it."""
    if isinstance(value, dict):
        fields = [f"{key_of(k)} = {inline(v)}" for k, v in value.items() if v is not None]
        return f"{{ {', '.join(fields)} }}" if fields else "{}"
    if isinstance(value, list):
        return f"[{', '.join(inline(item) for item in value)}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
