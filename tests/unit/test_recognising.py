"""An entry is ours by what it leads to, not by its name: what is somebody else's stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.clients import apps, connections, entries, owned, plan, writer
from trunkline_server.clients.recognising import leads_to
from trunkline_server.clients.upkeep import removal, vanished
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="shop", name="Shop", http_port=8766)
CURSOR, CODE, ZED = apps.ALL["cursor"], apps.ALL["claude-code"], apps.ALL["zed"]
THEIRS = {"command": "npx", "args": ["shopify-mcp"], "env": {"KEY": "abc"}}


@pytest.fixture
def file(home: Path, tmp_path: Path, memory_keyring: object) -> Path:
    secrets.put("sales", "a-token-that-is-long-enough", "token")
    Store().save(SALES)
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "dark"}')
    return path


def servers(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text()).get("mcpServers", {})
    return found


def write(file: Path, entries: dict[str, Any]) -> str:
    document = json.loads(file.read_text()) | {"mcpServers": entries}
    file.write_text(json.dumps(document))
    return file.read_text()


def connect(file: Path, transport: str = "stdio", **options: Any) -> None:
    way: Any = transport
    writer.apply(plan.connect(CURSOR, SALES, path=file, transport=way, **options))


# What leads where


@pytest.mark.parametrize(
    ("entry", "way"),
    [
        ({"command": "/opt/x/trunkline-stdio", "args": ["sales"]}, "stdio"),
        ({"command": r"C:\Program Files\T\trunkline-stdiow.exe", "args": ["sales"]}, "stdio"),
        ({"type": "local", "command": ["/opt/trunkline-stdio", "sales"]}, "stdio"),
        ({"command": {"path": "/opt/trunkline-stdio", "args": ["sales"]}}, "stdio"),
        ({"cmd": "trunkline-stdio", "args": ["sales"], "type": "stdio"}, "stdio"),
        ({"transport": {"command": "trunkline-stdio", "args": ["sales"]}}, "stdio"),
        ({"command": "sh", "args": ["-c", "exec '/opt/My Apps/trunkline-stdio' sales"]}, "stdio"),
        ({"command": "env", "args": ["A=b", "trunkline-stdio", "sales"]}, "stdio"),
        ({"command": "trunkline-stdio", "args": ["sales"], "env": {"P": "http://x/"}}, "stdio"),
        ({"url": "http://127.0.0.1:8765/mcp"}, "http"),
        ({"httpUrl": "http://localhost:8765/mcp/", "headers": {}}, "http"),
        ({"url": "http://[::1]:8765/sse"}, "sse"),
        ({"transport": {"type": "streamableHttp", "url": "http://127.0.0.1:8765/mcp"}}, "http"),
        ({"command": "npx", "args": ["mcp-remote", "http://127.0.0.1:8765/mcp"]}, "http"),
        ({"command": "/opt/trunkline-stdio", "args": ["shop"]}, None),
        ({"command": "/opt/trunkline", "args": ["sales"]}, None),
        ({"command": "/opt/my-trunkline-stdio-log", "args": ["sales"]}, None),
        ({"url": "http://127.0.0.1:8766/mcp"}, None),
        ({"url": "http://127.0.0.1:8765/other"}, None),
        ({"url": "https://mcp.example.com:8765/mcp"}, None),
        ({"url": "http://[broken/mcp"}, None),
        # An address counts, whatever a helper beside it would do.
        ({"url": "https://x.example/", "headersHelper": "trunkline-stdio --headers sales"}, None),
        # The id is what our program is asked for, not any word.
        ({"type": "sales", "command": ["/opt/trunkline-stdio", "shop"]}, None),
        ({"command": "trunkline-stdio", "args": ["shop"], "description": "our sales"}, None),
        ({"name": "sales", "command": "trunkline-stdio", "args": ["shop"]}, None),
        ({"command": "trunkline-stdio", "args": ["shop"], "cwd": "sales"}, None),
        ({"command": "tee", "args": ["/var/log/trunkline-stdio", "sales"]}, None),
        # Another computer, or the folders of another Trunkline.
        ({"command": "ssh", "args": ["me@prod", "trunkline-stdio", "sales"]}, None),
        ({"command": "docker", "args": ["exec", "box", "trunkline-stdio", "sales"]}, None),
        ({"command": "wsl.exe", "args": ["trunkline-stdio", "sales"]}, None),
        ({"command": "trunkline-stdio", "args": ["sales"], "env": {"TRUNKLINE_HOME": "/x"}}, None),
        (["trunkline-stdio", "sales"], None),
        ("trunkline-stdio sales", None),
        (None, None),
    ],
)  # fmt: skip
def test_an_entry_leads_where_it_says(entry: Any, way: str | None) -> None:
    assert leads_to(entry, "sales", 8765) == way


@pytest.mark.parametrize(
    ("app_id", "transport"), [(i, way) for i, app in apps.ALL.items() for way in app.transports]
)
def test_every_entry_of_ours_is_known_again_without_a_record(
    home: Path, tmp_path: Path, memory_keyring: object, app_id: str, transport: Any
) -> None:
    app, file = apps.ALL[app_id], tmp_path / "settings"
    secrets.put("sales", "a-token-that-is-long-enough", "token")
    change = plan.connect(app, SALES, path=file, transport=transport, may_write_token=True)
    writer.apply(change)
    with owned.alone():
        owned.keep(file, ())
    (found,) = connections.in_file(app, file, (SHOP, SALES))
    assert (found.name, found.profile, found.transport) == ("sales", "sales", transport)


def test_a_word_of_another_database_is_not_its_id(file: Path) -> None:
    local = Profile(id="local", name="Local", http_port=8767)
    opencode = apps.ALL["opencode"]
    entry = {"type": "local", "command": ["/opt/trunkline-stdio", "sales"], "enabled": True}
    file.write_text(json.dumps({"mcp": {"sales": entry}}))
    (found,) = connections.in_file(opencode, file, (local, SALES))
    assert found.profile == "sales"
    assert not plan.disconnect(opencode, local, path=file).is_needed
    writer.apply(plan.connect(opencode, local, path=file))
    assert json.loads(file.read_text())["mcp"]["sales"] == entry


# Our entry by another way


@pytest.mark.parametrize(("first", "then"), [("stdio", "http"), ("http", "stdio")])
def test_an_export_of_another_way_that_was_pasted_over_it_is_still_ours(
    file: Path, first: str, then: Any
) -> None:
    connect(file, first)
    target = entries.target(CURSOR, SALES, "sales", then)
    write(file, {"sales": CURSOR.entry(target)})
    assert vanished.vanished() == ()
    (found,) = connections.in_file(CURSOR, file, (SALES,))
    assert found.transport == then
    writer.apply(plan.connect(CURSOR, SALES, path=file, transport=then))
    assert servers(file)["sales"] == CURSOR.entry(target)
    connect(file, first)
    assert ("command" in servers(file)["sales"]) == (first == "stdio")
    assert ("url" in servers(file)["sales"]) == (first == "http")
    writer.apply(plan.disconnect(CURSOR, SALES, path=file))
    assert "sales" not in servers(file)


def test_a_program_that_was_pasted_over_an_address_does_not_follow_the_address(file: Path) -> None:
    connect(file, "http")
    program = CURSOR.entry(entries.target(CURSOR, SALES, "sales", "stdio"))
    before = write(file, {"sales": program})
    assert plan.switch(apps.ALL, replace(SALES, http_port=9999)) == ()
    assert file.read_text() == before


def test_what_the_command_of_cline_wrote_is_replaced_as_a_whole(file: Path) -> None:
    cline = apps.ALL["cline"]
    nested = {"type": "stdio", "command": "/old/trunkline-stdio", "args": ["sales"]}
    write(file, {"mydb": {"transport": nested, "timeout": 9}})
    writer.apply(plan.connect(cline, SALES, path=file, transport="http", may_write_token=True))
    (entry,) = servers(file).values()
    assert "transport" not in entry
    assert (entry["timeout"], entry["url"]) == (9, "http://127.0.0.1:8765/mcp")


def test_two_apps_with_one_file_keep_apart(file: Path) -> None:
    code, studio = apps.ALL["claude-code"], apps.ALL["visual-studio"]
    before = file.read_text()
    writer.apply(plan.connect(code, SALES, path=file))
    connected = file.read_text()
    writer.apply(plan.connect(studio, SALES, path=file))
    writer.apply(plan.disconnect(studio, SALES, path=file))
    assert file.read_text() == connected
    writer.apply(plan.disconnect(studio, SALES, path=file))
    writer.apply(plan.disconnect(code, SALES, path=file))
    assert (file.read_text(), owned.records()) == (before, ())


# Somebody else's entry in the place of ours


def test_what_took_the_place_of_our_entry_is_not_changed(file: Path) -> None:
    connect(file)
    theirs = write(file, {"sales": THEIRS})
    with pytest.raises(TrunklineError) as caught:
        connect(file)
    assert caught.value.code == "client.taken"
    assert "sales-2" in caught.value.failure.hint
    assert file.read_text() == theirs
    assert not connections.is_connected(CURSOR, SALES, path=file)


def test_disconnecting_leaves_it_and_forgets_ours(file: Path) -> None:
    connect(file)
    theirs = write(file, {"sales": THEIRS})
    applied = writer.apply(plan.disconnect(CURSOR, SALES, path=file))
    assert not applied.plan.is_needed
    assert (file.read_text(), owned.records()) == (theirs, ())


def test_removing_the_database_leaves_it_too(file: Path) -> None:
    connect(file)
    theirs = write(file, {"sales": THEIRS})
    assert removal.take_out((SALES,)) == ((), ())
    assert file.read_text() == theirs


def test_another_port_leaves_it_too(file: Path) -> None:
    connect(file, "http")
    theirs = write(file, {"sales": {"url": "https://mcp.example.com/mine"}})
    writer.apply_all(plan.switch(apps.ALL, replace(SALES, http_port=9001), "http"))
    assert file.read_text() == theirs


def test_the_window_puts_ours_beside_it(file: Path) -> None:
    connect(file)
    write(file, {"sales": THEIRS})
    writer.apply(plan.arrange(CURSOR, (SALES, SHOP), {"sales"}, path=file))
    found = servers(file)
    assert found.keys() == {"sales", "sales-2"}
    assert found["sales"] == THEIRS
    assert [record.name for record in owned.records()] == ["sales-2"]
    writer.apply(plan.arrange(CURSOR, (SALES, SHOP), (), path=file))
    assert servers(file) == {"sales": THEIRS}


# Our entry under another key


def test_a_key_that_the_person_has_changed_is_followed(file: Path) -> None:
    before = file.read_text()
    connect(file)
    file.write_text(file.read_text().replace('"sales": {', '"my-sales": {'))
    assert connections.is_connected(CURSOR, SALES, path=file)
    assert not plan.connect(CURSOR, SALES, path=file).is_needed
    change = plan.disconnect(CURSOR, SALES, path=file)
    assert [step.name for step in change.steps] == ["my-sales"]
    writer.apply(change)
    assert (file.read_text(), owned.records()) == (before, ())


def test_it_is_followed_to_another_address(file: Path) -> None:
    connect(file, "http")
    file.write_text(file.read_text().replace('"sales": {', '"my-sales": {'))
    moved = replace(SALES, http_port=9001)
    writer.apply_all(plan.switch(apps.ALL, moved, "http"))
    assert servers(file)["my-sales"]["url"] == "http://127.0.0.1:9001/mcp"
    assert [record.name for record in owned.records()] == ["my-sales"]
    assert connections.is_connected(CURSOR, moved, path=file)


# Entries that others wrote and that lead to us


def test_what_leads_to_us_is_shown_and_taken_over_by_connecting(file: Path) -> None:
    write(file, {"mine": {"command": "/old/trunkline-stdio", "args": ["sales"], "timeout": 9}})
    (found,) = connections.in_file(CURSOR, file, (SALES, SHOP))
    assert (found.name, found.record) == ("mine", None)
    writer.apply(plan.connect(CURSOR, SALES, path=file))
    (entry,) = servers(file).values()
    assert (entry["timeout"], entry["command"] != "/old/trunkline-stdio") == (9, True)
    assert [record.name for record in owned.records()] == ["mine"]


def test_taken_over_it_may_be_reached_another_way(file: Path) -> None:
    write(file, {"sales": {"command": "/old/trunkline-stdio", "args": ["sales"], "timeout": 9}})
    connect(file, "http")
    entry = servers(file)["sales"]
    assert (entry["url"], entry["timeout"]) == ("http://127.0.0.1:8765/mcp", 9)
    assert "command" not in entry


def test_undoing_the_taking_over_gives_it_back(file: Path) -> None:
    before = write(file, {"sales": {"command": "/old/trunkline-stdio", "args": ["sales"]}})
    applied = writer.apply(plan.connect(CURSOR, SALES, path=file))
    writer.undo(applied)
    assert file.read_text() == before
    applied = writer.apply(plan.connect(CURSOR, SALES, path=file))
    file.write_text(file.read_text() + "\n")  # the bytes cannot simply be put back
    writer.undo(applied)
    assert servers(file) == json.loads(before)["mcpServers"]
    assert owned.records() == ()


def test_undoing_gives_an_entry_back_with_what_the_person_had_added(file: Path) -> None:
    cline = apps.ALL["cline"]
    writer.apply(plan.connect(cline, SALES, path=file))
    entry = servers(file)["sales"] | {"disabled": True, "autoApprove": ["x"], "timeout": 77}
    write(file, {"sales": entry})
    applied = writer.apply(plan.disconnect(cline, SALES, path=file))
    write(file, {"theirs": THEIRS})
    writer.undo(applied)
    assert servers(file) == {"theirs": THEIRS, "sales": entry}
    writer.apply(plan.disconnect(cline, SALES, path=file))
    assert servers(file) == {"theirs": THEIRS}


def test_disconnecting_takes_it_out(file: Path) -> None:
    write(file, {"mine": {"command": "/old/trunkline-stdio", "args": ["sales"]}, "x": THEIRS})
    writer.apply(plan.disconnect(CURSOR, SALES, path=file))
    assert servers(file) == {"x": THEIRS}


def test_the_window_leaves_it_as_it_is_while_it_stays_ticked(file: Path) -> None:
    before = write(file, {"mine": {"command": "/old/trunkline-stdio", "args": ["sales"]}})
    assert not plan.arrange(CURSOR, (SALES, SHOP), {"sales"}, path=file).is_needed
    writer.apply(plan.arrange(CURSOR, (SALES, SHOP), {"sales", "shop"}, path=file))
    assert servers(file).keys() == {"mine", "shop"}
    assert servers(file)["mine"] == json.loads(before)["mcpServers"]["mine"]
