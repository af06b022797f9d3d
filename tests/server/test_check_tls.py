"""Encrypting: a TLS end with the wrong certificate for every taste, before a real PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.server import certificates, servers
from tests.server.certificates import DAY, Pair
from tests.server.checking import checked, ended, failure_of, profile_at
from tests.server.conftest import PASSWORD, Server
from trunkline_server import events
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import SSL_MODES, Profile

PROTOCOL_VERSION_ALERT = b"\x15\x03\x01\0\x02\x02\x46"


@dataclass(frozen=True)
class Papers:
    """An authority and what it, or somebody else, has signed."""

    folder: Path
    authority: Pair
    right: Pair
    client: Pair


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    authority = certificates.make(folder, "authority", is_authority=True)
    return Papers(
        folder,
        authority,
        certificates.make(folder, servers.LOCAL, by=authority),
        certificates.make(folder, "known", by=authority),
    )


def front(server: Server, pair: Pair, **options: Pair) -> servers.Handler:
    """Return a TLS end with this certificate before the test server."""
    return servers.tls_before(server.port, certificates.serving(pair, **options))


async def test_a_right_certificate_passes_every_stage(server: Server, papers: Papers):
    async with servers.listening(front(server, papers.right)) as port:
        found = await ended(strict(port, papers), PASSWORD)
    assert found["tls"].note == "TLS 1.3"
    assert found["posture"].state == "done"


def strict(port: int, papers: Papers, **fields: str) -> Profile:
    """Return a profile that checks the authority and the name."""
    values = {"user": "shop_reader", "sslmode": "verify-full", **fields}
    return profile_at(port, sslrootcert=str(papers.authority.cert), connect_timeout=3.0, **values)


async def test_an_expired_certificate_says_so(server: Server, papers: Papers):
    pair = dated(papers, "old", -9 * DAY, -DAY)
    assert await refusal(server, pair, papers) == ("tls", "tls.expired")


async def test_a_certificate_of_tomorrow_says_so(server: Server, papers: Papers):
    pair = dated(papers, "new", DAY, 9 * DAY)
    assert await refusal(server, pair, papers) == ("tls", "tls.not_yet_valid")


def dated(papers: Papers, file: str, starts: timedelta, ends: timedelta) -> Pair:
    """Return a certificate that is right but for its dates."""
    return certificates.make(
        papers.folder, servers.LOCAL, file=file, by=papers.authority, starts=starts, ends=ends
    )


async def test_a_self_signed_certificate_says_so(server: Server, papers: Papers):
    pair = certificates.make(papers.folder, "alone")
    assert await refusal(server, pair, papers) == ("tls", "tls.self_signed")


async def test_an_unknown_authority_says_so(server: Server, papers: Papers):
    other = certificates.make(papers.folder, "other", is_authority=True)
    pair = certificates.make(papers.folder, "theirs", by=other)
    assert await refusal(server, pair, papers) == ("tls", "tls.unknown_ca")


async def test_a_certificate_for_another_name_says_so(server: Server, papers: Papers):
    pair = certificates.make(papers.folder, "db.example.com", by=papers.authority)
    assert await refusal(server, pair, papers) == ("tls", "tls.wrong_name")


async def refusal(server: Server, pair: Pair, papers: Papers) -> tuple[str, str]:
    """Return how a strict check of a server with this certificate fails."""
    async with servers.listening(front(server, pair)) as port:
        return await failure_of(strict(port, papers), PASSWORD)


async def test_verify_ca_does_not_mind_the_name(server: Server, papers: Papers):
    pair = certificates.make(papers.folder, "any.example.com", by=papers.authority)
    async with servers.listening(front(server, pair)) as port:
        found = await ended(strict(port, papers, sslmode="verify-ca"), PASSWORD)
    assert found["posture"].state == "done"


@pytest.mark.parametrize("mode", SSL_MODES)
async def test_a_server_without_encryption_satisfies_the_modes_it_may(server: Server, mode: str):
    profile = profile_at(server.port, user="shop_reader", sslmode=mode)
    found = await ended(profile, PASSWORD)
    state = "done" if mode in {"disable", "allow", "prefer"} else "failed"
    assert found["tls"].state == state


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
async def test_going_on_without_encryption_over_a_network_is_a_warning(mode: str):
    if (address := servers.own_address()) is None:
        pytest.skip("this computer has no address but 127.0.0.1")
    old = servers.postgres_like(lambda _: servers.welcome("9.6.24"))
    async with servers.listening(old, address) as port:
        found = await ended(profile_at(port, host=address, sslmode=mode))
    assert found["tls"].state == "warned"
    assert found["tls"].note == "Not encrypted. Ask the administrator to switch on TLS."


async def test_a_server_without_encryption_is_refused_when_it_is_required(server: Server):
    found = await failure_of(profile_at(server.port, sslmode="require"), PASSWORD)
    assert found == ("tls", "tls.refused")


async def outdated(reader: StreamReader, writer: StreamWriter) -> None:
    """Offer TLS, then refuse every version a client of today speaks."""
    await servers.offering(reader, writer, PROTOCOL_VERSION_ALERT)


async def test_outdated_encryption_says_so():
    async with servers.listening(outdated) as port:
        found = await failure_of(profile_at(port, sslmode="require"))
    assert found == ("tls", "tls.too_old")


async def test_prefer_goes_on_without_encryption_when_the_handshake_fails():
    async with servers.listening(outdated) as port:
        found = await ended(profile_at(port, sslmode="prefer"))
    assert (found["tls"].state, found["tls"].note) == ("done", "Not encrypted (local)")


async def test_a_broken_handshake_has_its_own_words():
    async def nonsense(reader: StreamReader, writer: StreamWriter) -> None:
        await servers.offering(reader, writer, b"nonsense!")

    async with servers.listening(nonsense) as port:
        found = await failure_of(profile_at(port, sslmode="require"))
    assert found == ("tls", "tls.failed")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sslrootcert": "/no/such/file"}, "tls.root_missing"),
        ({"sslcert": "/no/such/file", "sslkey": "/no/such/file"}, "tls.cert_missing"),
    ],
    ids=["root", "client"],
)
async def test_a_missing_file_fails_the_encryption(
    server: Server, papers: Papers, fields: dict[str, str], code: str
):
    async with servers.listening(front(server, papers.right)) as port:
        profile = profile_at(port, sslmode="verify-full", **fields)
        assert await failure_of(profile) == ("tls", code)


async def test_an_end_that_insists_on_a_client_certificate_says_so(papers: Papers):
    context = certificates.serving(papers.right, clients_of=papers.authority)
    with servers.blocking_tls(context) as port:
        found = await failure_of(strict(port, papers), PASSWORD)
    assert found == ("login", "tls.client_cert_required")


async def test_a_client_certificate_of_a_stranger_is_refused(papers: Papers):
    context = certificates.serving(papers.right, clients_of=papers.authority)
    with servers.blocking_tls(context) as port:
        found = await failure_of(strict(port, papers, **a_strangers(papers)), PASSWORD)
    assert found == ("login", "tls.client_cert_refused")


def a_strangers(papers: Papers) -> dict[str, str]:
    """Return the fields of a client certificate nobody else has signed."""
    stranger = certificates.make(papers.folder, "stranger")
    return {"sslcert": str(stranger.cert), "sslkey": str(stranger.key)}


NO_ENTRY = servers.error("28000", "no pg_hba.conf entry for host", "ClientAuthentication")
ASKS = servers.auth(3)


@pytest.mark.parametrize(
    ("welcome", "mode", "code"),
    [
        (lambda tls: ASKS if tls else NO_ENTRY, "disable", "login.tls_required"),
        (lambda tls: NO_ENTRY if tls else ASKS, "require", "login.tls_unwanted"),
        (lambda _: NO_ENTRY, "require", "login.not_allowed"),
        (lambda _: NO_ENTRY, "prefer", "login.not_allowed"),
    ],
    ids=["hostssl", "hostnossl", "neither", "neither-preferred"],
)
async def test_rules_about_encryption_are_told_from_no_rule(
    papers: Papers, welcome: servers.Answer, mode: str, code: str
):
    handler = servers.postgres_like(welcome, certificates.serving(papers.right))
    async with servers.listening(handler) as port:
        found = await failure_of(profile_at(port, sslmode=mode), "s3cret")
    assert found == ("login", code)


RULES = """
local all all trust
hostssl all encrypted 127.0.0.1/32 scram-sha-256
hostssl all known 127.0.0.1/32 scram-sha-256 clientcert=verify-full
hostssl all bearer 127.0.0.1/32 cert
hostnossl all open 127.0.0.1/32 scram-sha-256
"""


_TLS = "ssl = on\nssl_ca_file = 'root.crt'\n"


@pytest.fixture(scope="module")
def encrypted(papers: Papers) -> Iterator[servers.Instance]:
    """Start a PostgreSQL with TLS; the embedded one is built without."""
    programs = programs_with_tls()
    if programs is None:
        pytest.skip("no PostgreSQL with TLS is installed (the embedded one is built without)")
    files = papers.folder / "server"
    files.mkdir()
    shutil.copy(papers.right.cert, files / "server.crt")
    shutil.copy(papers.right.key, files / "server.key")
    shutil.copy(papers.authority.cert, files / "root.crt")
    with servers.instance(programs, rules=RULES, settings=_TLS, files=files) as running:
        for user in ("encrypted", "known", "open", "bearer"):
            running.psql(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
        running.psql("CREATE DATABASE shop")
        yield running


def programs_with_tls() -> Path | None:
    """Return the folder of an installed PostgreSQL server that can encrypt."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/bin"), Path("/usr/local/bin")]
    for folder in folders:
        if not (folder / "postgres").exists() or not (folder / "initdb").exists():
            continue
        command = [str(folder / "pg_config"), "--configure"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "ssl" in done.stdout:
            return folder
    return None


async def test_a_real_server_with_tls_passes(encrypted: servers.Instance, papers: Papers):
    found = await ended(strict(encrypted.port, papers, user="encrypted"), PASSWORD)
    assert (found["tls"].note, found["login"].state) == ("TLS 1.3", "done")


@pytest.mark.parametrize(
    ("user", "mode", "code"),
    [
        ("encrypted", "disable", "login.tls_required"),
        ("open", "require", "login.tls_unwanted"),
        ("known", "require", "tls.client_cert_required"),
        ("nobody", "require", "login.not_allowed"),
    ],
)
async def test_a_real_server_says_what_its_rules_ask_for(
    encrypted: servers.Instance, user: str, mode: str, code: str
):
    profile = profile_at(encrypted.port, user=user, sslmode=mode, connect_timeout=3.0)
    assert await failure_of(profile, PASSWORD) == ("login", code)


@pytest.mark.parametrize(
    ("user", "mode", "state", "note"),
    [
        ("encrypted", "prefer", "done", ""),
        ("open", "prefer", "warned", "Not encrypted: the server refuses it for this login."),
        ("open", "allow", "done", ""),
        ("encrypted", "allow", "done", "Encrypted after all"),
    ],
)
async def test_prefer_and_allow_find_the_way_a_real_server_lets_them(
    encrypted: servers.Instance, user: str, mode: str, state: str, note: str
):
    profile = profile_at(encrypted.port, user=user, sslmode=mode, connect_timeout=3.0)
    login = (await ended(profile, PASSWORD))["login"]
    assert (login.state, login.note) == (state, note)


async def test_a_real_server_refuses_a_strangers_certificate(
    encrypted: servers.Instance, papers: Papers
):
    profile = strict(encrypted.port, papers, user="encrypted", **a_strangers(papers))
    assert await failure_of(profile, PASSWORD) == ("login", "tls.client_cert_refused")


async def test_a_real_server_accepts_its_own_client(encrypted: servers.Instance, papers: Papers):
    mine = {"sslcert": str(papers.client.cert), "sslkey": str(papers.client.key)}
    found = await ended(strict(encrypted.port, papers, user="known", **mine), PASSWORD)
    assert found["login"].state == "done"


async def test_a_certificate_alone_opens_the_door(encrypted: servers.Instance, papers: Papers):
    pair = certificates.make(papers.folder, "bearer", by=papers.authority)
    mine = {"sslcert": str(pair.cert), "sslkey": str(pair.key)}
    database = Database(strict(encrypted.port, papers, user="bearer", **mine), None)
    try:
        assert (await database.read("SELECT current_user::text")).rows == [["bearer"]]
    finally:
        await database.close()


async def test_a_certificate_of_another_user_does_not(encrypted: servers.Instance, papers: Papers):
    mine = {"sslcert": str(papers.client.cert), "sslkey": str(papers.client.key)}
    profile = strict(encrypted.port, papers, user="bearer", **mine)
    assert await failure_of(profile) == ("login", "login.refused")


@pytest.fixture(scope="module")
def two(
    encrypted: servers.Instance, papers: Papers
) -> Iterator[tuple[servers.Instance, servers.Instance]]:
    """Start another PostgreSQL with TLS, which only lets read; yield the first and this one."""
    settings = f"{_TLS}default_transaction_read_only = on"
    files = papers.folder / "server"
    with servers.instance(
        encrypted.programs, rules=RULES, settings=settings, files=files
    ) as running:
        may_write = "SET default_transaction_read_only = off;"
        running.psql(f"{may_write} CREATE ROLE encrypted LOGIN PASSWORD '{PASSWORD}'")
        yield encrypted, running


@pytest.mark.parametrize("wanted", ["read-write", "read-only"])
@pytest.mark.parametrize("order", ["first", "last"])
async def test_the_wanted_kind_of_server_is_found_among_encrypted_ones(
    two: tuple[servers.Instance, servers.Instance], papers: Papers, wanted: str, order: str
):
    right, other = two if wanted == "read-write" else two[::-1]
    first, then = (right, other) if order == "first" else (other, right)
    profile = replace(
        strict(first.port, papers, user="encrypted", database="postgres"),
        fallback_hosts=(f"{servers.LOCAL}:{then.port}",),
        target_session_attrs=wanted,
    )
    asked = "SELECT inet_server_port(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    database = Database(profile, PASSWORD)
    try:
        assert (await database.read(asked)).rows == [[right.port, True]]
    finally:
        await database.close()


async def test_a_private_authority_is_explained_with_both_ways_on(server: Server, papers: Papers):
    handler = front(server, certificates.make(papers.folder, servers.LOCAL, file="lone"))
    async with servers.listening(handler) as port:
        seen = await checked(profile_at(port, sslmode="verify-full"), PASSWORD)
    hint = next(e.hint for e in seen if isinstance(e, events.Failed))
    assert "choose it" in hint
    assert "With “require” the connection is encrypted, but any server would be believed." in hint
