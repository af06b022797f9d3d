"""How values cross between PostgreSQL and JSON: PostgreSQL's text in, JSON-ready out. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

#: Letters of an array or JSON that are taken apart, and bytes that are spelled out: longer values
#: are cut anyway, and would cost many times their size.
LONGEST_NESTED = 2_000_000

Decoder = Callable[[str], Any]

_EXACT = 2**53  # beyond it JavaScript, and so many JSON readers, lose digits
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
    """Return the JSON value; a document nested too deep for us stays text."""
    try:
        return json.loads(text, parse_constant=str) if len(text) <= LONGEST_NESTED else text
    except (ValueError, RecursionError):
        return text


def to_hex(raw: bytes) -> str:
    r"""Return bytea as PostgreSQL's hex text, such as ``\x00ff``; the beginning of a long one."""
    rest = f"… [{len(raw)} bytes]" if len(raw) > LONGEST_NESTED else ""
    return "\\x" + raw[:LONGEST_NESTED].hex() + rest


def to_bool(text: str) -> bool:
    """Return whether PostgreSQL wrote ``t``."""
    return text == "t"


#: Types of PostgreSQL itself that travel as text, by OID: their name and what reads the text.
TEXT_CODECS: dict[int, tuple[str, Decoder]] = {
    18: ("char", str), 20: ("int8", to_int), 22: ("int2vector", str), 24: ("regproc", str),
    27: ("tid", str), 28: ("xid", str), 29: ("cid", str), 30: ("oidvector", str),
    114: ("json", to_json), 142: ("xml", str), 600: ("point", str), 601: ("lseg", str),
    602: ("path", str), 603: ("box", str), 604: ("polygon", str), 628: ("line", str),
    650: ("cidr", str), 700: ("float4", to_float), 701: ("float8", to_float),
    718: ("circle", str), 774: ("macaddr8", str), 790: ("money", str), 829: ("macaddr", str),
    869: ("inet", str), 1033: ("aclitem", str), 1082: ("date", str), 1083: ("time", str),
    1114: ("timestamp", to_moment), 1184: ("timestamptz", to_moment), 1186: ("interval", str),
    1266: ("timetz", str), 1560: ("bit", str), 1562: ("varbit", str), 1700: ("numeric", str),
    1790: ("refcursor", str), 2249: ("record", str), 2950: ("uuid", str),
    2970: ("txid_snapshot", str), 3614: ("tsvector", str), 3615: ("tsquery", str),
    3220: ("pg_lsn", str), 3802: ("jsonb", to_json), 4072: ("jsonpath", str),
    5038: ("pg_snapshot", str), 5069: ("xid8", str),
}  # fmt: skip

_BUILT_IN_ELEMENTS: dict[int, Decoder] = {16: to_bool, 17: str, 21: int, 23: int, 26: int}
_INTEGERS = {21, 23, 26}
_TEXTS = {19, 25, 1042, 1043}


def element_decoder(oid: int) -> Decoder:
    """Return what reads the text of one element whose type has this OID."""
    if oid in TEXT_CODECS:
        return TEXT_CODECS[oid][1]
    return _BUILT_IN_ELEMENTS.get(oid, str)


def array_decoder(element: Decoder, delimiter: str = ",") -> Decoder:
    """Return what turns an array's text into nested lists; NULL elements become ``None``."""

    def decode(text: str) -> Any:
        if len(text) > LONGEST_NESTED:
            return text
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
            return to_hex(value)
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


def to_bytes(value: Any) -> bytes:
    r"""Return the bytes of hex text with or without ``\x``; bytes stay.

    Raises:
        ValueError: the text is not hex.
    """
    return value if isinstance(value, bytes) else bytes.fromhex(str(value).removeprefix("\\x"))


def parameter(value: Any, oid: int) -> Any:
    """Return ``value`` of a JSON call as the driver wants it for a parameter of this type.

    Raises:
        ValueError: it cannot be read as that type.
    """
    if value is None:
        return None
    if oid in _INTEGERS:
        return _integer(value)
    if oid == 16:
        return _boolean(value)
    if oid in _TEXTS:
        return to_text(value)
    return value


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


def short_name(name: str) -> str:
    """Return PostgreSQL's short name as people write it: ``_text`` is ``text[]``."""
    return f"{name[1:]}[]" if name.startswith("_") else name
