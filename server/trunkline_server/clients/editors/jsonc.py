"""JSON with comments, trailing commas and a byte-order mark, as code editors read it. Pure."""

from __future__ import annotations

from trunkline_server.clients.editors.json_edit import Editor
from trunkline_server.clients.editors.json_page import Dialect

_EDITOR = Editor(Dialect(has_comments=True, has_trailing_commas=True, keeps_bom=True))
opened, read = _EDITOR.opened, _EDITOR.read
insert, remove, update = _EDITOR.insert, _EDITOR.remove, _EDITOR.update
