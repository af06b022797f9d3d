"""The private link: who gets in, who keeps whom waiting, and what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import anyio
import pytest

from trunkline_server import folders, frames, runfile
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.lines import Inbox, Outbox
from trunkline_server.serving.link import Claim, Link

PROFILE = Profile(id="shop", name="The Shop")


async def echo(inbox: Inbox, outbox: Outbox) -> None:
    """Say everything back."""
    async for line in inbox:
        await outbox.write(line)


@pytest.fixture
async def link(home: Path) -> AsyncIterator[Link]:
    link = Link(PROFILE, echo)
    link.announce("http", "http://127.0.0.1:1/mcp")
    yield link
    await link.close()


def found() -> runfile.RunFile:
    run = runfile.find("shop")
    assert run is not None
    return run


def mode(path: str | Path) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def exchange(line: bytes) -> bytes:
    connection = runfile.connect(found())
    try:
        connection.send_bytes(line)
        return connection.recv_bytes()
    finally:
        connection.close()


async def in_thread(function, *arguments):
    with anyio.fail_after(20):
        return await anyio.to_thread.run_sync(function, *arguments)


async def test_lines_of_any_length_pass_whole(link: Link):
    line = ("é" * 2_000_000).encode()
    assert await in_thread(exchange, line) == line


async def test_python_s_own_client_is_let_in(link: Link):
    def talk() -> bytes:
        with Client(found().address, authkey=found().key) as connection:
            connection.send_bytes(b"hello")
            return connection.recv_bytes()

    assert await in_thread(talk) == b"hello"


async def test_a_wrong_key_is_refused_and_the_next_one_served(link: Link):
    def fail() -> None:
        with pytest.raises(AuthenticationError):
            Client(found().address, authkey=b"wrong")
        with pytest.raises(frames.RefusedError):
            frames.connect(found().address, b"wrong", 5.0)

    await in_thread(fail)
    assert await in_thread(exchange, b"hello") == b"hello"


async def test_those_who_say_nothing_keep_nobody_waiting(link: Link):
    silent = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    try:
        for peer in silent:
            peer.connect(found().address)
        assert await in_thread(exchange, b"hello") == b"hello"
    finally:
        for peer in silent:
            peer.close()


async def test_a_server_that_does_not_know_the_key_is_no_server(home: Path):
    address = str(home / "impostor")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()

        def pretend() -> None:
            peer, _ = listener.accept()
            with peer:
                for frame in (b"#CHALLENGE#" + bytes(20), b"#WELCOME#", bytes(16)):
                    peer.sendall(len(frame).to_bytes(4, "big") + frame)
                    peer.recv(100)

        async with anyio.create_task_group() as group:
            group.start_soon(in_thread, pretend)
            with pytest.raises(frames.RefusedError):
                await in_thread(frames.connect, address, b"key", 5.0)


async def test_the_run_file_is_for_this_user_only_and_complete(link: Link):
    path = runfile.path_of("shop")
    document = json.loads(path.read_text())
    assert mode(path) == 0o600
    assert set(document) == {
        "version", "id", "name", "pid", "address", "key", "transport", "url", "started",
    }  # fmt: skip
    assert (document["pid"], document["name"]) == (os.getpid(), "The Shop")
    assert mode(link.address) == 0o600


@pytest.mark.parametrize("name", ["../shop", "/etc/passwd", "", "Shop", "The Shop", "the shop"])
async def test_other_names_find_nothing(link: Link, name: str):
    assert runfile.find(name) is None


async def test_nothing_is_left_behind(home: Path):
    link = Link(PROFILE, echo)
    link.announce("stdio")
    await link.close()
    assert list(folders.run().iterdir()) == []


async def test_closing_hangs_up(link: Link):
    connection = await in_thread(runfile.connect, found())
    connection.send_bytes(b"hello")
    assert await in_thread(connection.recv_bytes) == b"hello"
    await link.close()
    with pytest.raises((EOFError, OSError)):
        await in_thread(connection.recv_bytes)
    connection.close()


async def test_a_long_folder_moves_the_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRUNKLINE_HOME", str(tmp_path / ("long" * 30)))
    link = Link(PROFILE, echo)
    link.announce("stdio")
    assert len(link.address) <= 100
    assert mode(Path(link.address).parent) == 0o700
    assert await in_thread(exchange, b"hello") == b"hello"
    await link.close()
    assert not Path(link.address).parent.exists()


def test_only_one_server_may_claim_a_profile(home: Path):
    first = Claim(PROFILE)
    with pytest.raises(TrunklineError) as caught:
        Claim(PROFILE)
    assert caught.value.code == "run.already_running"
    first.release()
    Claim(PROFILE).release()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 2}', b'{"version": 1}', b"\xff"])
def test_a_run_file_that_makes_no_sense_is_ignored(home: Path, content: bytes):
    runfile.path_of("shop").write_bytes(content)
    assert runfile.find("shop") is None


@pytest.mark.skipif(os.name == "nt", reason="Files of others are found out by their user id.")
@pytest.mark.usefixtures("link")
async def test_a_run_file_of_another_user_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    assert runfile.find("shop")
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert runfile.find("shop") is None
    assert runfile.running() == []
