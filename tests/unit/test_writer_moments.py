"""Another program that writes an app's file at one bad moment: what each then finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO
from unittest import mock

import pytest

from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.replacing import swapping, transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
BEFORE = b'{\n  "theme": "dark"\n}\n'
FIRST, SECOND = b'{"n": 1}', b'{"n": 2}'


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    file = tmp_path / "Claude" / "settings.json"
    file.parent.mkdir()
    file.write_bytes(BEFORE)
    return file


def connect(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))


def backups(home: Path) -> list[bytes]:
    return [path.read_bytes() for path in (home / "state/backups").glob("*/*")]


def servers(file: Path) -> list[str]:
    return list(json.loads(file.read_bytes()).get("mcpServers", {}))


def assert_tidy(file: Path) -> None:
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert not transaction.is_left()


@contextmanager
def exchanges(
    before: Mapping[int, bytes], after: Mapping[int, bytes] | None = None
) -> Iterator[None]:
    """Let another program write its file before and after exchanges, by their numbers."""
    real, numbers = swapping.exchange, count(1)

    def written(other: Path, content: bytes | None) -> None:
        if content is not None:
            fresh = other.with_name("fresh")
            fresh.write_bytes(content)
            fresh.replace(other)

    def exchange(one: Path, other: Path) -> None:
        number = next(numbers)
        written(other, before.get(number))
        real(one, other)
        written(other, (after or {}).get(number))

    with mock.patch.object(swapping, "exchange", exchange):
        yield


def test_of_two_writings_the_newer_stays_and_the_older_is_kept(file: Path, home: Path) -> None:
    """The first falls into our exchange, the second into that which gives the first back."""
    with exchanges({1: FIRST, 2: SECOND}):
        connect(file)
    assert json.loads(file.read_bytes())["n"] == 2
    assert servers(file) == ["sales"]
    assert FIRST in backups(home)
    assert_tidy(file)


def test_a_change_that_was_written_over_at_once_is_made_again(file: Path) -> None:
    with exchanges({}, {1: FIRST}):
        connect(file)
    assert json.loads(file.read_bytes())["n"] == 1
    assert servers(file) == ["sales"]
    assert connections.is_connected(CLAUDE, SALES, path=file)
    assert_tidy(file)


# Open for writing


@pytest.fixture
def held(file: Path) -> Iterator[IO[bytes]]:
    with file.open("r+b") as opened:
        if not swapping.is_being_written(file):
            pytest.skip("this system does not tell who writes")
        yield opened


def looking(then: Callable[[], None]) -> mock._patch[mock.Mock]:
    """Call ``then`` instead of waiting for the next look."""
    return mock.patch.object(writer.time, "sleep", side_effect=lambda _seconds: then())


def test_who_is_writing_is_waited_for(file: Path, held: IO[bytes]) -> None:
    with looking(held.close) as looks:
        connect(file)
    assert looks.call_count == 1
    assert servers(file) == ["sales"]


def test_who_does_not_close_the_file_is_told_from_who_writes(
    file: Path, held: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_CALM_S", 0.0)
    with pytest.raises(TrunklineError) as caught:
        connect(file)
    assert caught.value.code == "client.held"
    assert "open for writing" in caught.value.failure.title
    assert file.read_bytes() == BEFORE
    held.close()
    connect(file)
