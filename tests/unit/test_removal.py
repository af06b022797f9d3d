"""A database that is removed leaves no entry of ours in any AI app's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.upkeep import removal
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES, SHOP = Profile(id="sales", name="Sales"), Profile(id="shop", name="Shop")


@pytest.fixture
def files(home: Path, tmp_path: Path) -> list[Path]:
    found = [tmp_path / "one.json", tmp_path / "other.json"]
    for file in found:
        file.write_text('{"theme": "dark"}')
        writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}, path=file))
    return found


def test_it_goes_from_every_file_and_the_others_stay(files: list[Path]) -> None:
    removal.take_out((SALES,))
    assert not any(connections.is_connected(CLAUDE, SALES, path=file) for file in files)
    assert all(connections.is_connected(CLAUDE, SHOP, path=file) for file in files)


def test_it_can_be_undone(files: list[Path]) -> None:
    before = [file.read_bytes() for file in files]
    done, failures = removal.take_out((SALES,))
    for applied in done:
        writer.undo(applied)
    assert ([file.read_bytes() for file in files], failures) == (before, ())


def test_a_broken_file_is_told_and_keeps_no_other_from_being_cleaned(files: list[Path]) -> None:
    files[0].write_text("{")
    done, failures = removal.take_out((SALES,))
    assert [applied.plan.path for applied in done] == [files[1]]
    assert [failure.code for _, failure in failures] == ["client.malformed"]
    assert connections.remembered(CLAUDE, SALES, path=files[0]) is not None


def test_an_entry_of_somebody_else_stays(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text('{"mcpServers": {"sales": {"command": "x"}}}')
    assert removal.take_out((SALES,)) == ((), ())
