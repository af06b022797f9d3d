"""How values are spelled in YAML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from trunkline_server.clients.editors.yaml_page import says_itself

_UNIT = "  "
# What YAML does not print or takes for the end of a line.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def fields(value: Mapping[str, Any]) -> list[str]:
    """Return the lines of a map, not indented."""
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            lines += [f"{word(key)}:", *(_UNIT + line for line in fields(inner))]
        else:
            lines.append(f"{word(key)}: {one_line(inner)}")
    return lines


def item(value: Mapping[str, Any]) -> list[str]:
    """Return the lines of a list's item, not indented."""
    first, *rest = fields(value)
    return [f"- {first}", *(_UNIT + line for line in rest)]


def nested(key: str, lines: list[str]) -> list[str]:
    """Return a key with ``lines`` under it."""
    return [f"{word(key)}:", *(_UNIT + line for line in lines)]


def pair(key: str, value: Any) -> str:
    """Return a pair between brackets."""
    return f"{flow(key)}: {flow(value)}"


def word(text: str) -> str:
    """Return a text, in quotes if it needs them."""
    return text if says_itself(text) else flow(text)


def one_line(value: Any) -> str:
    """Return a value on one line, outside brackets."""
    return word(value) if isinstance(value, str) else flow(value)


def flow(value: Any) -> str:
    """Return a value as JSON, which is YAML too."""
    text = json.dumps(value, ensure_ascii=False)
    return _ODD.sub(lambda odd: f"\\u{ord(odd.group()):04x}", text)
