"""The editor of each format that apps keep their settings in."""

from __future__ import annotations

from types import ModuleType

from trunkline_server.clients.editors import json as strict_json
from trunkline_server.clients.editors import json_comments, jsonc, toml, yaml, yaml_list

BY_FORMAT: dict[str, ModuleType] = {
    "json": strict_json,
    "json+comments": json_comments,
    "jsonc": jsonc,
    "toml": toml,
    "yaml": yaml,
    "yaml-list": yaml_list,
}
