"""JSON with comments but no trailing commas, as some command-line apps read it. Pure."""

from __future__ import annotations

from trunkline_server.clients.editors.json_edit import Editor
from trunkline_server.clients.editors.json_page import Dialect

_EDITOR = Editor(Dialect(has_comments=True))
opened, read = _EDITOR.opened, _EDITOR.read
insert, remove, update = _EDITOR.insert, _EDITOR.remove, _EDITOR.update
