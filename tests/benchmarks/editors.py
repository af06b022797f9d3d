"""How long an entry takes to get into an AI app's file of five megabytes, in every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from types import ModuleType

from tests.benchmarks.measure import Row, limit
from trunkline_server.clients.editors import json as strict_json
from trunkline_server.clients.editors import jsonc, toml, yaml

TURNS = 5
LIMIT_S = 0.3


def rows() -> Iterator[Row]:
    """Measure the change alone: no file is read or written."""
    for name, editor, table, document in _cases():
        seconds = median(_insertion(editor, table, document) for _ in range(TURNS))
        yield limit(f"an entry into 5 MB of {name}", seconds, LIMIT_S, "s", 2)


def _insertion(editor: ModuleType, table: str, document: bytes) -> float:
    begun = perf_counter()
    editor.insert(document, (table, "shop"), {"command": "x"})
    return perf_counter() - begun


def _cases() -> Iterator[tuple[str, ModuleType, str, bytes]]:
    plain = json.dumps({"projects": dict(_projects(36_000)), "mcpServers": {"a": {}}}, indent=2)
    noted = plain.replace('"trust"', '// said once\n      "trust"', 20_000)
    tables = "".join(f'[projects."{k}"]\ntrust_level = "trusted"\n\n' for k, _ in _projects(80_000))
    maps = "".join(f"  {k}:\n    trust: yes\n    n: [1, 2]\n" for k, _ in _projects(100_000))
    yield "JSON", strict_json, "mcpServers", plain.encode()
    yield "JSON with comments", jsonc, "mcpServers", noted.encode()
    yield "TOML", toml, "mcp_servers", tables.encode()
    yield "YAML, under another key", yaml, "extensions", f"projects:\n{maps}".encode()
    yield "YAML, under the same key", yaml, "extensions", f"extensions:\n{maps}".encode()


def _projects(count: int) -> Iterator[tuple[str, object]]:
    for number in range(count):
        yield f"/home/user/projects/{number}", {"trust": "yes", "n": [1, 2, 3], "is_open": True}
