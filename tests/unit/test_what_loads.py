"""What each command loads, seen from a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import trunkline_server

SHOW = "; import sys; print(*sorted(sys.modules))"


def loaded(code: str) -> set[str]:
    """Return the top-level names of the modules that ``code`` loads."""
    done = subprocess.run(
        [sys.executable, "-c", code + SHOW], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_the_relay_loads_the_standard_library_only():
    before = tops(loaded("pass"))
    extra = tops(loaded("import trunkline_server.relay")) - before
    assert extra - sys.stdlib_module_names - {"__mp_main__"} == {"trunkline_server"}


@pytest.mark.parametrize("costly", ["typing", "dataclasses", "asyncio", "ssl", "tempfile"])
def test_the_relay_leaves_out_what_would_make_it_heavy(costly: str):
    assert costly not in loaded("import trunkline_server.relay") - loaded("pass")


def test_reading_the_options_loads_no_server():
    extra = tops(loaded("import trunkline_server.cli as c; c._parser()"))
    assert not extra & {"fastmcp", "asyncpg", "pglast", "keyring", "mcp"}


def test_a_check_never_loads_fastmcp():
    modules = loaded("import trunkline_server.cli, trunkline_server.postgres.check.check_cli")
    assert not tops(modules) & {"fastmcp", "mcp", "uvicorn"}


def test_a_server_lists_its_tools_without_a_driver():
    modules = loaded("import trunkline_server.serving.app, trunkline_server.serving.order")
    assert not tops(modules) & {"asyncpg", "pglast", "keyring"}


def test_watching_calls_loads_what_is_asked_for_only():
    modules = loaded(
        "from trunkline_server.serving import observe;"
        "o = observe.Observer(observe.Settings(keep_days=0)); o.close()"
    )
    assert "prometheus_client" not in tops(modules)
    assert not {
        m for m in modules if m.startswith(("opentelemetry", "trunkline_server.serving.audit"))
    }


def test_info_loads_no_server():
    modules = loaded("from trunkline_server import info; info.collect")
    assert not tops(modules) & {"fastmcp", "asyncpg", "pglast"}


def test_the_tray_knows_no_ai_app_before_one_is_changed():
    modules = loaded("import trunkline_desktop.app")
    assert not {m for m in modules if m.startswith("trunkline_server.clients")}
    assert "psutil" not in modules


def test_nothing_of_the_server_loads_qt():
    folder = Path(trunkline_server.__file__).parent
    files = [p.relative_to(folder.parent).with_suffix("") for p in folder.rglob("*.py")]
    names = [".".join(f.parts).removesuffix(".__init__") for f in files]
    modules = loaded(f"import importlib; [importlib.import_module(n) for n in {names!r}]")
    assert not {m for m in modules if m.startswith(("PySide6", "trunkline_desktop"))}


def test_nobody_looks_at_processes_before_it_is_needed():
    clients = "trunkline_server.clients"
    modules = loaded(f"import {clients}.processes.restarting, {clients}.upkeep.vanished")
    assert "psutil" not in tops(modules)
