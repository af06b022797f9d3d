"""How values cross between PostgreSQL and JSON: PostgreSQL's text in, JSON-ready out. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

#: Levels of nested JSON; what is deeper stays text.
DEEPEST = 100

Decoder = Callable[[str], Any]

_EXACT = 2**53  # beyond it JavaScript, and so many JSON readers, lose digits
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_MOMENT = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::\d\d){0,2})?")


def to_int(text: str) -> int | str:
    """Return an int, or the digits themselves when JSON readers could lose some."""
    value = int(text)
    return value if -_EXACT <= value <= _EXACT else text


def to_float(text: str) -> float | str:
    """Return a float; ``NaN``, ``Infinity`` and ``-Infinity`` stay text, JSON has no word."""
    value = float(text)
    return value if math.isfinite(value) else text


def to_moment(text: str) -> str:
    """Return ISO 8601; ``infinity`` and years BC stay as PostgreSQL writes them."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return text
    date, time, offset = match.groups()
    if offset and len(offset) == 3:
        offset += ":00"
    return f"{date}T{time}{offset or ''}"


def to_json(text: str) -> Any:
    """Return the JSON value, its numbers digit for digit; what JSON readers choke on stays text."""
    try:
        value = json.loads(text, parse_constant=str, parse_float=_exact)
    except (ValueError, RecursionError):
        return text
    if _is_deep(text) or ("\\u" in text and not _is_text(value)):
        return text
    return value


def to_json_as_written(text: str) -> Any:
    """Return the JSON value of type ``json``, which may name a key twice: then it stays text."""
    try:
        json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        return text
    return to_json(text)


def _without_twins(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) != len({key for key, _ in pairs}):
        raise ValueError


def _exact(text: str) -> float | str:
    """Return a float, or the digits when a float would lose some."""
    value = float(text)
    if not math.isfinite(value):
        return text
    return value if len(text) < 16 or Decimal(text) == Decimal(repr(value)) else text


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        sign = match.group()
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest > DEEPEST


def _is_text(value: Any) -> bool:
    r"""Return whether all texts in it can be written; ``"\ud800"`` is JSON, but no character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def to_bool(text: str) -> bool:
    """Return whether PostgreSQL wrote ``t``."""
    return text == "t"


#: Types of PostgreSQL itself, by OID: their name, and what reads their text.
BUILT_IN: dict[int, tuple[str, Decoder]] = {
    16: ("bool", to_bool), 17: ("bytea", str), 18: ("char", str), 19: ("name", str),
    20: ("int8", to_int), 21: ("int2", int), 22: ("int2vector", str), 23: ("int4", int),
    24: ("regproc", str), 25: ("text", str), 26: ("oid", int), 27: ("tid", str), 28: ("xid", str),
    29: ("cid", str), 30: ("oidvector", str), 114: ("json", to_json_as_written),
    142: ("xml", str), 600: ("point", str), 601: ("lseg", str), 602: ("path", str),
    603: ("box", str), 604: ("polygon", str), 628: ("line", str), 650: ("cidr", str),
    700: ("float4", to_float), 701: ("float8", to_float), 705: ("unknown", str),
    718: ("circle", str), 774: ("macaddr8", str), 790: ("money", str), 829: ("macaddr", str),
    869: ("inet", str), 1033: ("aclitem", str), 1042: ("bpchar", str), 1043: ("varchar", str),
    1082: ("date", str), 1083: ("time", str), 1114: ("timestamp", to_moment),
    1184: ("timestamptz", to_moment), 1186: ("interval", str), 1266: ("timetz", str),
    1560: ("bit", str), 1562: ("varbit", str), 1700: ("numeric", str), 1790: ("refcursor", str),
    2205: ("regclass", str), 2206: ("regtype", str), 2249: ("record", str), 2278: ("void", str),
    2950: ("uuid", str), 2970: ("txid_snapshot", str), 3220: ("pg_lsn", str),
    3614: ("tsvector", str), 3615: ("tsquery", str), 3802: ("jsonb", to_json),
    4072: ("jsonpath", str), 5038: ("pg_snapshot", str), 5069: ("xid8", str),
}  # fmt: skip

_INTEGERS = {21, 23, 26}
_JSON = {114, 3802}


def element_decoder(oid: int) -> Decoder:
    """Return what reads the text of one element whose type has this OID."""
    return BUILT_IN[oid][1] if oid in BUILT_IN else str


def array_decoder(element: Decoder, delimiter: str = ",") -> Decoder:
    """Return what turns an array's text into nested lists; NULL elements become ``None``."""

    def decode(text: str) -> Any:
        body = text[text.index("=") + 1 :] if text.startswith("[") else text
        return _read_array(body, element, delimiter)

    return decode


def _read_array(text: str, element: Decoder, delimiter: str) -> list[Any]:
    sign = re.escape(delimiter)
    piece = re.compile(rf'[{{}}]|{sign}|"((?:[^"\\]|\\.)*)"|[^{{}}"{sign}]+', re.DOTALL)
    outer: list[Any] = []
    open_lists = [outer]
    for match in piece.finditer(text):
        found = match.group()
        if found == "{":
            inner: list[Any] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif found == "}":
            open_lists.pop()
        elif found != delimiter:
            open_lists[-1].append(_element(match, element))
    result: list[Any] = outer[0]
    return result


def _element(match: re.Match[str], element: Decoder) -> Any:
    quoted = match.group(1)
    if quoted is not None:
        return element(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
    return None if match.group() == "NULL" else element(match.group())


def to_text(value: Any) -> str:
    """Return the text PostgreSQL reads as ``value``; lists become array literals."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "{" + ",".join(_array_element(v) for v in value) + "}"
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return f"\\x{value.hex()}"
    return str(value)


def _array_element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return to_text(value)
    text = to_text(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def to_json_text(value: Any) -> str:
    """Return JSON text; a string that is JSON already is passed on as it is."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return json.dumps(value, ensure_ascii=False)
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def parameter(value: Any, oid: int) -> str | None:
    """Return the text of ``value``, of a JSON call, for a parameter of the type with this OID.

    Raises:
        ValueError: it cannot be read as that type.
    """
    if value is None:
        return None
    if oid in _INTEGERS:
        return str(_integer(value))
    if oid == 16:
        return to_text(_boolean(value))
    if oid == 17:
        return to_text(bytes.fromhex(str(value).removeprefix("\\x")))
    return to_json_text(value) if oid in _JSON else to_text(value)


def _integer(value: Any) -> int:
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError(value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in {"t", "true", "yes", "on", "1", "f", "false", "no", "off", "0"}:
            raise ValueError(value)
        return word in {"t", "true", "yes", "on", "1"}
    return bool(value)


def name_of(oid: int) -> str:
    """Return the name of a type of PostgreSQL's own."""
    return BUILT_IN[oid][0] if oid in BUILT_IN else "value"


def short_name(name: str) -> str:
    """Return PostgreSQL's short name as people write it: ``_text`` is ``text[]``."""
    return f"{name[1:]}[]" if name.startswith("_") else name
