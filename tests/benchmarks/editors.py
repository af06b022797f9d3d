"""How long an entry takes in an AI app's file of five megabytes: in every format, each verb."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

from tests.benchmarks.measure import Row, limit
from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.profiles.profile import Profile

TURNS = 5
LIMIT_S = 0.3
SHOP = Profile(id="shop", name="Shop")
ENTRY = {"command": "x", "env": {"A": "b"}}


def rows() -> Iterator[Row]:
    """Measure the change itself, as processor time, and then all of it: planned, shown, written."""
    for name, app, text in _cases():
        document = text.encode()
        for verb, seconds in _verbs(app, document).items():
            yield limit(f"5 MB of {name}: {verb}", seconds, LIMIT_S, "s", 2)
        with _file(document) as path:
            shown = _mid(lambda: plan.connect(app, SHOP, path=path).diff, process_time)  # noqa: B023
            yield limit(f"5 MB of {name}: planned and shown", shown, LIMIT_S, "s", 2)
            change = plan.connect(app, SHOP, path=path)
            begun = perf_counter()
            writer.apply(change)
            yield limit(f"5 MB of {name}: written", perf_counter() - begun, LIMIT_S, "s", 2)


def _verbs(app: App, document: bytes) -> Mapping[str, float]:
    editor: ModuleType = BY_FORMAT[app.format]
    path = (*app.table, "shop")
    after, trace = editor.insert(document, path, ENTRY)
    verbs: dict[str, Callable[[], Any]] = {
        "insert": lambda: editor.insert(document, path, ENTRY),
        "read": lambda: editor.read(after, path),
        "update": lambda: editor.update(after, path, {"command": "y", "args": []}),
        "remove": lambda: editor.remove(after, path, trace),
    }
    return {verb: _mid(run, process_time) for verb, run in verbs.items()}


def _mid(run: Callable[[], Any], clock: Callable[[], float]) -> float:
    times = []
    for _ in range(TURNS):
        begun = clock()
        run()
        times.append(clock() - begun)
    return median(times)


@contextmanager
def _file(document: bytes) -> Iterator[Path]:
    """Keep the file and everything of Trunkline in a folder of its own."""
    before = os.environ.get("TRUNKLINE_HOME")
    with TemporaryDirectory() as folder:
        os.environ["TRUNKLINE_HOME"] = str(Path(folder) / "home")
        try:
            path = Path(folder) / "settings"
            path.write_bytes(document)
            yield path
        finally:
            os.environ.pop("TRUNKLINE_HOME")
            os.environ.update({} if before is None else {"TRUNKLINE_HOME": before})


def _cases() -> Iterator[tuple[str, App, str]]:
    projects = dict(_projects(36_000))
    plain = json.dumps({"projects": projects, "mcpServers": {"a": {}}}, indent=2)
    noted = plain.replace('"trust"', '// said once\n      "trust"', 20_000)
    tables = "".join(f'[projects."{k}"]\ntrust_level = "trusted"\n\n' for k, _ in _projects(80_000))
    maps = "".join(f"  {k}:\n    trust: yes\n    n: [1, 2]\n" for k, _ in _projects(86_000))
    items = "".join(f"  - name: n{n}\n    command: x\n    args: [a]\n" for n in range(112_000))
    yield "JSON", apps.ALL["cursor"], plain
    yield "JSON, beside ours", apps.ALL["cursor"], json.dumps({"mcpServers": projects}, indent=2)
    yield "JSON, one line", apps.ALL["cursor"], json.dumps({"mcpServers": {}, "projects": projects})
    yield "JSON, one text", apps.ALL["cursor"], json.dumps({"log": "a \\ \n" * 800_000})
    yield "JSON, one list", apps.ALL["cursor"], json.dumps({"n": list(range(700_000))})
    yield "JSON with comments", apps.ALL["gemini-cli"], noted
    yield "JSONC", apps.ALL["zed"], noted.replace("true\n", "true,\n")
    yield "JSONC, all comments", apps.ALL["zed"], '// "mine"\n' * 500_000 + "{}"
    yield "TOML", apps.ALL["codex"], tables
    yield "TOML, beside ours", apps.ALL["codex"], tables.replace("[projects", "[mcp_servers")
    yield "TOML, lines of Windows", apps.ALL["codex"], tables.replace("\n", "\r\n")
    yield "YAML", apps.ALL["goose"], f"projects:\n{maps}"
    yield "YAML, beside ours", apps.ALL["goose"], f"extensions:\n{maps}"
    yield "YAML, one text", apps.ALL["goose"], "log: |\n" + "  said once\n" * 420_000
    yield "YAML, a list beside ours", apps.ALL["continue"], f"mcpServers:\n{items}"


def _projects(count: int) -> Iterator[tuple[str, object]]:
    for number in range(count):
        yield f"/home/user/projects/{number}", {"trust": "yes", "n": [1, 2, 3], "is_open": True}
