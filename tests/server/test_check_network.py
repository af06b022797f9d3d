"""Finding and reaching: names, ports, sockets, and programs that are not PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server import servers
from tests.server.checking import checked, ended, failure_of, profile_at
from tests.server.conftest import Server
from trunkline_server.errors import fail
from trunkline_server.postgres.check import probe, refusals
from trunkline_server.postgres.check.check import check
from trunkline_server.profiles.profile import Profile

needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets, no Windows ones")


async def failed_lookup(number: int) -> str:
    """Return the code of a lookup that ends with this number of getaddrinfo."""

    def lookup(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(number, "as the system says it")

    with pytest.raises(socket.gaierror) as caught:
        await probe.resolve("db.example.com", 5432, timeout_s=1, lookup=lookup)
    return refusals.resolving(caught.value, "db.example.com").code


async def test_a_name_nobody_has_is_unknown():
    assert await failed_lookup(socket.EAI_NONAME) == "resolve.unknown"


async def test_a_name_that_cannot_be_one_is_unknown():
    assert await failure_of(profile_at(5432, host="db..example")) == ("resolve", "resolve.unknown")


@pytest.mark.skipif(not hasattr(socket, "EAI_NODATA"), reason="this system has no EAI_NODATA")
async def test_a_name_without_an_address_says_so():
    assert await failed_lookup(socket.EAI_NODATA) == "resolve.no_address"


async def test_a_name_server_in_trouble_is_temporary():
    assert await failed_lookup(socket.EAI_AGAIN) == "resolve.temporary"


async def test_a_broken_lookup_has_its_own_words():
    assert await failed_lookup(socket.EAI_FAIL) == "resolve.failed"


async def test_a_slow_lookup_ends_with_the_time_to_connect():
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    hold = threading.Event()

    def lookup(*_: object, **__: object) -> list[object]:
        loop.call_soon_threadsafe(asked.set)
        hold.wait(10)
        return []

    with pytest.raises(TimeoutError) as caught:
        await probe.resolve("db.example.com", 5432, timeout_s=0.05, lookup=lookup)
    hold.set()
    assert asked.is_set()
    assert refusals.resolving(caught.value, "x").code == "resolve.temporary"


async def test_a_closed_port_is_refused():
    assert await failure_of(profile_at(servers.free_port())) == ("reach", "reach.refused")


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog drops only on Linux")
async def test_a_port_that_drops_everything_is_filtered():
    with servers.full_backlog() as port:
        found = await failure_of(profile_at(port, connect_timeout=0.2))
    assert found == ("reach", "reach.filtered")


async def test_a_network_without_a_way_says_so():
    found = await failure_of(profile_at(5432, host="255.255.255.255"))
    assert found == ("reach", "reach.no_route")


async def test_a_local_firewall_is_told_apart():
    place = probe.Place(host="db", port=5432, address="192.0.2.1")
    assert refusals.reaching(PermissionError(13, "no"), place).code == "reach.blocked"


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (servers.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "reach.not_postgres.http"),
        (
            servers.answering(b"HTTP/1.1 200 OK\r\n\r\n", until=b"\r\n\r\n"),
            "reach.not_postgres.http",
        ),
        (servers.saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "reach.not_postgres.ssh"),
        (servers.saying(b"\x0a\0\0\0\x0a8.4.0\0\x01\0\0\0"), "reach.not_postgres.mysql"),
        (servers.answering(b"\x15\x03\x01\0\x02\x02\x0a"), "reach.not_postgres.tls"),
        (servers.answering(b"-ERR unknown command\r\n"), "reach.not_postgres.other"),
        (servers.silent, "reach.silent"),
        (servers.hanging_up, "reach.closed"),
    ],
    ids=["http", "patient-http", "ssh", "mysql", "https", "redis", "silent", "closes"],
)
async def test_another_program_at_the_port_is_named(handler: servers.Handler, code: str):
    async with servers.listening(handler) as port:
        assert await failure_of(profile_at(port, connect_timeout=0.3)) == ("reach", code)


@needs_unix
async def test_a_folder_without_a_socket_says_so(tmp_path: Path):
    assert await failure_of(profile_at(5432, host=str(tmp_path))) == ("reach", "reach.no_socket")


@needs_unix
async def test_a_socket_left_behind_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(".s.PGSQL.5432")
    assert await failure_of(profile_at(5432, host=str(tmp_path))) == ("reach", "reach.stale_socket")


@needs_unix
async def test_a_socket_one_may_not_use_says_so(tmp_path: Path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    with as_somebody_without_rights():
        found = await failure_of(profile_at(5432, host=str(locked)))
    assert found == ("reach", "reach.socket_denied")


@contextlib.contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """Lay down root's right to walk through every door."""
    if not servers.IS_ROOT:
        yield
        return
    os.seteuid(servers.NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@needs_unix
async def test_a_unix_socket_needs_no_encryption(reader_profile: Profile, password: str):
    found = await ended(replace(reader_profile, sslmode="verify-full"), password)
    assert found["resolve"].note == "Unix socket"
    assert found["tls"].note == "Not needed on this computer"


async def test_the_next_host_is_tried_when_the_first_is_down(server: Server, password: str):
    spare = (f"127.0.0.1:{server.port}",)
    profile = profile_at(servers.free_port(), user="shop_reader", fallback_hosts=spare)
    found = await ended(profile, password)
    assert found["reach"].note == f"127.0.0.1, port {server.port}"
    assert found["posture"].state == "done"


async def test_a_host_without_a_name_does_not_hide_the_next(server: Server, password: str):
    spare = (f"127.0.0.1:{server.port}",)
    profile = profile_at(1, host="db..example", user="shop_reader", fallback_hosts=spare)
    found = await ended(profile, password)
    assert (found["resolve"].state, found["posture"].state) == ("warned", "done")


async def test_a_missing_sample_is_said_at_the_first_stage(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    from trunkline_server import embedded

    def programs() -> Path:
        raise fail("sample.missing", "The sample database is not here.", "Install it.")

    monkeypatch.setattr(embedded, "programs", programs)
    found = await failure_of(profile_at(5432, id="sample", sample=True))
    assert found == ("resolve", "sample.missing")


async def test_cancelling_hangs_up_at_once():
    async with servers.listening(servers.silent) as port:
        visit = check(profile_at(port, connect_timeout=60), None)
        await skip_to(visit, "reach")
        waiting = asyncio.ensure_future(anext(visit))
        await asyncio.wait([waiting], timeout=0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def skip_to(visit: object, stage: str) -> None:
    while (await anext(visit)).stage != stage:  # type: ignore[call-overload]  # an iterator
        pass


async def test_every_stage_has_its_time(server: Server, password: str):
    seen = await checked(profile_at(server.port, user="shop_reader"), password)
    assert all(e.ms > 0 for e in seen if e.state == "done")
    assert sum(e.ms for e in seen) < 5000
