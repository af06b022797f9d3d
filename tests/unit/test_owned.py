"""The list of what we wrote: a damaged one is kept aside, a newer one is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trunkline_server.clients import apps, connections, owned, plan, tokens, writer
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile

SALES = Profile(id="sales", name="Sales", http_port=8765, transport="http")
OPENCODE, CURSOR = apps.ALL["opencode"], apps.ALL["cursor"]


@pytest.fixture
def settings(home: Path, tmp_path: Path, memory_keyring: object) -> Path:
    """OpenCode is connected to an address; it reads the token from a file of ours."""
    secrets.put("sales", "a-token-that-is-long-enough", "token")
    file = tmp_path / "opencode.json"
    writer.apply(plan.connect(OPENCODE, SALES, path=file, transport="http"))
    assert tokens.file_of("sales").exists()
    return file


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"entries": [{}]}', "\0" * 9])
def test_a_damaged_list_is_kept_and_no_token_goes(
    settings: Path, tmp_path: Path, damage: str
) -> None:
    owned.file().write_text(damage)
    assert owned.records() == ()
    writer.apply(plan.connect(CURSOR, SALES, path=tmp_path / "mcp.json"))
    assert [record.client for record in owned.records()] == ["cursor"]
    assert owned.file().with_name("clients.damaged.json").read_text() == damage
    assert tokens.file_of("sales").exists()


def test_what_it_told_is_still_seen_and_taken_out(settings: Path) -> None:
    owned.file().write_text("{")
    assert connections.is_connected(OPENCODE, SALES, path=settings)
    writer.apply(plan.disconnect(OPENCODE, SALES, path=settings))
    assert "sales" not in settings.read_text()


def test_a_list_of_a_newer_trunkline_is_not_touched(settings: Path, tmp_path: Path) -> None:
    newer = json.dumps({"version": 2, "files": ["whatever it will be"]})
    owned.file().write_text(newer)
    change = plan.connect(CURSOR, SALES, path=tmp_path / "mcp.json")
    with pytest.raises(TrunklineError) as caught:
        writer.apply(change)
    assert caught.value.code == "client.newer"
    assert owned.file().read_text() == newer
    assert not (tmp_path / "mcp.json").exists()
    tokens.tidy()
    assert tokens.file_of("sales").exists()
