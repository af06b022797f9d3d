"""Other programs that write an app's file at any line of ours lose nothing, and neither do we."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO
from unittest import mock

import pytest

from tests.unit.interrupting import at_lines
from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.replacing import swapping, transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
BEFORE = b'{\n  "theme": "dark"\n}\n'


@pytest.fixture(params=["at once", "in steps"])
def file(
    quick_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """Return a place for one, on a disk where two files change places at once, or cannot."""
    if request.param == "in steps":
        unknown = mock.Mock(side_effect=OSError(errno.EINVAL, "no such step, as on NFS"))
        monkeypatch.setattr(swapping, "_exchange", unknown)
    monkeypatch.setenv("TRUNKLINE_HOME", str(quick_folder / "home"))
    folder = quick_folder / "Claude"
    folder.mkdir()
    return folder / "claude_desktop_config.json"


@dataclass
class Other:
    """Another program, which sets ``n`` in the file and keeps what it finds there."""

    file: Path
    open: IO[bytes] | None = None
    wrote: list[int] = field(default_factory=list)

    def by_renaming(self) -> None:
        fresh = self.file.with_name("fresh")
        fresh.write_bytes(self._content())
        fresh.replace(self.file)

    def in_place(self) -> None:
        content = self._content()
        self.file.write_bytes(content)

    def begin(self) -> None:
        """Empty the file, as a program does that opens it for writing."""
        self._kept = self._content()
        self.open = self.file.open("wb")

    def finish(self) -> None:
        if self.open:
            self.open.write(self._kept)
            self.open.close()
            self.open = None

    def from_memory(self) -> None:
        """Write what it knew at its start, without a look at the file."""
        self.wrote.append(1)
        self.file.write_bytes(b'{"theme": "light", "n": 1}')

    def _content(self) -> bytes:
        found = json.loads(self.file.read_bytes()) if self.file.exists() else {}
        self.wrote.append(found.get("n", 0) + 1)
        return json.dumps({**found, "n": self.wrote[-1]}).encode()


def lines(file: Path, before: bytes | None, then: Callable[[Other], None]) -> Iterator[Other]:
    """Connect again and again, the other program coming in one line later each time."""
    number = 1
    while True:
        start_again(file, before)
        other = Other(file)
        with at_lines({number: partial(then, other)}) as count, suppress(TrunklineError):
            writer.apply(plan.connect(CLAUDE, SALES, path=file))
        if count() < number:
            return
        yield other
        number += 1


def start_again(file: Path, before: bytes | None) -> None:
    owned.keep(file, ())
    file.unlink(missing_ok=True)
    if before is not None:
        file.write_bytes(before)


def assert_tidy(file: Path) -> None:
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert not transaction.is_left()


@pytest.mark.parametrize("before", [BEFORE, None, b""], ids=["a file", "no file", "an empty file"])
@pytest.mark.parametrize("way", [Other.by_renaming, Other.in_place], ids=["renaming", "in place"])
def test_what_a_careful_program_writes_stays_with_our_entry(
    file: Path, before: bytes | None, way: Callable[[Other], None]
) -> None:
    if before == b"":
        way = Other.from_memory  # nothing else could be read from such a file
    count = 0
    for count, other in enumerate(lines(file, before, way), 1):
        found = json.loads(file.read_bytes())
        assert found.get("n") == other.wrote[-1], count
        is_ours = "sales" in found.get("mcpServers", {})
        assert is_ours or way is Other.from_memory, count
        assert_tidy(file)
    assert count > 200


def test_what_a_program_writes_from_memory_is_never_lost(file: Path) -> None:
    for other in lines(file, BEFORE, Other.from_memory):
        assert other.wrote
        assert json.loads(file.read_bytes())["n"] == 1
        assert_tidy(file)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who writes")
@pytest.mark.parametrize("pause", [1, 4, 30, 120, 240])
def test_a_file_is_not_changed_while_another_program_is_half_through(
    file: Path, pause: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_LOOK_S", 0.0)  # the other program goes on by our lines
    number = 1
    while True:
        start_again(file, BEFORE)
        other = Other(file)
        actions = {number: other.begin, number + pause: other.finish}
        with at_lines(actions) as count, suppress(TrunklineError):
            writer.apply(plan.connect(CLAUDE, SALES, path=file))
        if count() < number:
            return
        other.finish()
        assert json.loads(file.read_bytes())["n"] == other.wrote[-1], number
        assert_tidy(file)
        number += 1
