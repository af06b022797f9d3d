"""Which part of a big YAML document has to be looked at closely. Pure.

libyaml checks five megabytes in a moment, but naming each of their nodes to Python takes seconds.
So of a big document whose keys stand at the start of lines only the part under one of them is
read, and the rest is checked by its syntax: keys that stand twice in there are not seen.
"""

from __future__ import annotations

import re

from trunkline_server.clients.editors.yaml_page import check

_BIG = 200_000
_KEY = re.compile(r"""^(?:"([^"\\\n]*)"|'([^'\n]*)'|([A-Za-z_][\w.-]*))[ ]*:(?=[ \r\n]|\Z)""", re.M)
_DOCUMENT = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)


def part(text: str, key: str) -> tuple[int, int] | None:
    """Return where the lines under ``key`` start and end; None to read the whole document.

    Without such a key it is nothing: the end of the text.
    """
    if len(text) < _BIG or _DOCUMENT.search(text):
        return None
    keys = list(_KEY.finditer(text))
    ours = [n for n, found in enumerate(keys) if key in found.groups()]
    if not keys or len(ours) > 1:
        return None
    if not ours:
        keeps_lines = _KEEPS_LINES.search(text, keys[-1].start())
        return None if keeps_lines or not check(text) else (len(text), len(text))
    at = ours[0]
    start = keys[at].start()
    end = keys[at + 1].start() if at + 1 < len(keys) else len(text)
    # A key inside a text of several lines would leave a piece that is not YAML by itself.
    if all(map(check, (text[:start], text[start:end], text[end:]))):
        return start, end
    return None


_KEEPS_LINES = re.compile(r"[|>][0-9]?\+")
