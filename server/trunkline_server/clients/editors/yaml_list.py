"""YAML whose entries are in a list, each known by its ``name``, as Continue has it. Pure."""

from __future__ import annotations

from trunkline_server.clients.editors.yaml_edit import Editor

_EDITOR = Editor(in_list=True)
opened, read = _EDITOR.opened, _EDITOR.read
insert, remove, update = _EDITOR.insert, _EDITOR.remove, _EDITOR.update
