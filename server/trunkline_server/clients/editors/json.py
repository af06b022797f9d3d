"""Strict JSON, as apps read it that refuse comments. Pure.

A byte-order mark is dropped, because such apps refuse it. Of a key that stands twice, the last one
counts, as it does for them.
"""

from __future__ import annotations

from trunkline_server.clients.editors.json_edit import Editor
from trunkline_server.clients.editors.json_page import Dialect

_EDITOR = Editor(Dialect())
opened, read = _EDITOR.opened, _EDITOR.read
insert, remove, update = _EDITOR.insert, _EDITOR.remove, _EDITOR.update
