"""Awkward files of every format: an entry goes in at the expected bytes, and out again."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module

import pytest

from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.editors.text import MalformedError, Trace

FORMATS = {
    "json": (("mcpServers", "shop"), {"command": "x"}),
    "json+comments": (("mcpServers", "shop"), {"command": "x"}),
    "jsonc": (("mcpServers", "shop"), {"command": "x"}),
    "toml": (("mcp_servers", "shop"), {"command": "x"}),
    "yaml": (("extensions", "shop"), {"cmd": "x", "args": ["a"]}),
    "yaml-list": (("mcpServers", "shop"), {"name": "shop", "cmd": "x"}),
}
MODULES = {"json+comments": "json_comments", "yaml-list": "yaml_list"}
MARKED = re.compile("«(?:([^«»|]*)\\|)?([^«»]*)»")


def files() -> list[tuple[str, str, str]]:
    modules = {
        kind: import_module(f"tests.unit.corpus.{MODULES.get(kind, kind)}") for kind in FORMATS
    }
    return [(kind, name, text) for kind, m in modules.items() for name, text in m.FILES.items()]


CASES = [pytest.param(kind, text, id=f"{kind}: {name}") for kind, name, text in files()]


def before(text: str) -> bytes:
    return MARKED.sub(lambda m: m.group(1) or "", text).encode()


def after(text: str) -> bytes:
    return MARKED.sub(lambda m: m.group(2), text).encode()


def test_there_are_more_than_sixty_files() -> None:
    assert len({before(text) for _, _, text in files()}) > 60


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_the_entry_goes_in_at_the_expected_bytes(kind: str, text: str) -> None:
    path, entry = FORMATS[kind]
    assert BY_FORMAT[kind].insert(before(text), path, entry)[0] == after(text)


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_the_entry_comes_out_again_without_a_trace(kind: str, text: str) -> None:
    (path, entry), editor = FORMATS[kind], BY_FORMAT[kind]
    _, trace = editor.insert(before(text), path, entry)
    assert editor.read(after(text), path) == entry
    assert editor.remove(after(text), path, trace) == before(text)


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_an_entry_beside_ours_survives_it(kind: str, text: str) -> None:
    """Theirs came after ours; ours goes first."""
    (path, entry), editor = FORMATS[kind], BY_FORMAT[kind]
    theirs = (path[0], "zoo")
    fields = {**entry, "name": "zoo"}
    document, trace = editor.insert(before(text), path, entry)
    document, _ = editor.insert(document, theirs, fields)
    document = editor.remove(document, path, trace)
    assert editor.read(document, theirs) == fields
    assert editor.read(document, path) is None


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_an_entry_that_says_the_same_is_not_touched(kind: str, text: str) -> None:
    path, entry = FORMATS[kind]
    assert BY_FORMAT[kind].update(after(text), path, entry) == after(text)


# Where others refer to a neighbour, nobody may take it away.
FREE = [case for case in CASES if "&" not in str(case.values[1])]


@pytest.mark.parametrize(("kind", "text"), FREE)
def test_what_a_person_takes_away_meanwhile_stays_away(kind: str, text: str) -> None:
    (path, entry), editor = FORMATS[kind], BY_FORMAT[kind]
    document, trace = editor.insert(before(text), path, entry)
    for name in editor.read(before(text), path[:1]) or {}:
        theirs = (path[0], name)
        if name == "shop" or editor.read(document, theirs) is None:
            continue
        left = editor.remove(editor.remove(document, theirs, Trace()), path, trace)
        assert dense(left) == dense(editor.remove(before(text), theirs, Trace()))


NOTES = {"json": b"  ", "toml": b"# note", "yaml": b"# note", "yaml-list": b"# note"}


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_notes_that_a_person_adds_on_any_line_cost_nothing_else(kind: str, text: str) -> None:
    (path, entry), editor = FORMATS[kind], BY_FORMAT[kind]
    document, trace = editor.insert(before(text), path, entry)
    note = NOTES.get(kind, b"// note")
    lines = document.splitlines(keepends=True)
    for number in range(1, len(lines)):
        noted = b"".join((*lines[:number], note + b"\n", *lines[number:]))
        try:
            if editor.read(noted, path) != entry:
                continue  # it became a part of a text
        except MalformedError:
            continue
        left = editor.remove(noted, path, trace)
        if kind.startswith("json") and trace.made and editor.read(left, path[:1]) == {}:
            # Our table stays where a note moved in; without the note it can go.
            left = editor.remove(left, path[:1], Trace(trace.made - 1, trace.gap))
        editor.read(left, path[:1])
        kept = dense(left.replace(note, b""))
        assert kept.removesuffix(b"{}" if trace.made == 2 else b"") == dense(before(text))


def dense(document: bytes) -> bytes:
    return b"".join(document.split())


def test_the_list_of_apps_loads_no_parser() -> None:
    code = (
        "import sys, trunkline_server.clients.plan; print({'yaml', 'rtoml'} & sys.modules.keys())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
