"""SSH tunnels through real OpenSSH servers: whose key, whose login, where to, and again."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.server import servers, ssh_servers
from tests.server.conftest import PASSWORD, READER, Server
from tests.server.servers import LOCAL
from tests.server.ssh_servers import ME, SshServer, agent, fingerprint, make_key, ssh_server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres import tunnel
from trunkline_server.postgres.database import Database
from trunkline_server.postgres.tunnel import Tunnel, opening
from trunkline_server.postgres.tunnel import keys as agent_keys
from trunkline_server.postgres.tunnel.tunnel import pause_after
from trunkline_server.profiles.profile import Profile

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not ssh_servers.SSHD, reason="there is no OpenSSH server here"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys of the person: ``mine``, ``locked``, ``pem``, ``other``."""
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "mine")
    make_key(folder / "other")
    make_key(folder / "locked", "open sesame")
    make_key(folder / "pem", "open sesame", form="PEM", kind="rsa")
    return folder


@pytest.fixture(scope="module")
def bastion(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[SshServer]:
    """An OpenSSH server that admits the keys of the person."""
    with ssh_server(tmp_path_factory.mktemp("ssh") / "bastion") as found:
        for name in ("mine", "locked", "pem"):
            found.admit(keys / name)
        yield found


@dataclass(frozen=True)
class Person:
    """Whose files of SSH are read."""

    home: Path

    @property
    def file(self) -> Path:
        return self.home / ".ssh" / "known_hosts"

    @property
    def text(self) -> str:
        return self.file.read_text()

    @property
    def pins(self) -> str:
        """What our own file of known hosts says."""
        ours = self.home / "config" / "known_hosts"
        return ours.read_text() if ours.exists() else ""

    def knows(self, *lines: str) -> None:
        self.file.write_text("".join(lines))

    def keeps(self, name: str, content: bytes) -> Path:
        """Put a file beside that of the known hosts."""
        file = self.file.with_name(name)
        file.write_bytes(content)
        file.chmod(0o600)
        return file

    def hashes(self) -> None:
        """Hide the names, as OpenSSH can."""
        subprocess.run(["ssh-keygen", "-H", "-f", str(self.file)], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def person(home: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person without keys, agent and known hosts."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (home / ".ssh").mkdir()
    return Person(home)


@pytest.fixture
def profile(server: Server, bastion: SshServer, keys: Path, person: Person) -> Profile:
    """The shop behind ``bastion``, which is known."""
    person.knows(bastion.known_line)
    return Profile(
        id="shop", name="Shop", host=LOCAL, port=server.port, database="shop", user=READER,
        connect_timeout=10.0, ssh_host=LOCAL, ssh_port=bastion.port, ssh_user=ME,
        ssh_key=str(keys / "mine"),
    )  # fmt: skip


async def failure_of(profile: Profile, secret: str | None = None) -> TrunklineError:
    """Return why the tunnel of ``profile`` cannot be opened, or passes nothing on."""
    way = Tunnel(profile, secret)
    try:
        with pytest.raises(TrunklineError) as caught:
            await way.dial(profile.host, profile.port)
    finally:
        await way.close()
    return caught.value


async def rows_of(profile: Profile, secret: str | None = None) -> list[Any]:
    """Return what the shop behind the tunnel answers."""
    database = Database(profile, PASSWORD, ssh_secret=secret)
    try:
        return (await database.read("SELECT count(*) FROM customers")).rows
    finally:
        await database.close()


async def test_a_database_is_read_through_a_tunnel(profile: Profile):
    assert await rows_of(profile) == [[3]]


# Whose key


async def test_a_server_nobody_knows_is_refused_with_its_fingerprint(
    profile: Profile, bastion: SshServer, person: Person
):
    person.knows("")
    failure = (await failure_of(profile)).failure
    shown = fingerprint(bastion.host_key)
    assert failure.code == "ssh.key_unknown"
    assert f"trunkline-server trust-ssh --profile shop --fingerprint {shown}" in failure.hint


async def test_an_accepted_key_is_pinned_in_our_own_file(
    profile: Profile, bastion: SshServer, person: Person
):
    person.knows("")
    accepted = await tunnel.accept(profile, fingerprint(bastion.host_key))
    assert accepted is not None
    assert person.pins == bastion.known_line
    assert person.text == ""
    assert await rows_of(profile) == [[3]]


async def test_only_the_confirmed_fingerprint_is_pinned(
    profile: Profile, keys: Path, person: Person
):
    person.knows("")
    with pytest.raises(TrunklineError) as caught:
        await tunnel.accept(profile, fingerprint(keys / "other"))
    assert caught.value.code == "ssh.fingerprint"
    assert person.pins == ""


async def test_a_changed_key_is_refused(
    profile: Profile, bastion: SshServer, keys: Path, person: Person
):
    person.knows(f"{bastion.place} {ssh_servers.public(keys / 'other')}\n")
    failure = (await failure_of(profile)).failure
    assert failure.code == "ssh.key_changed"
    assert "somebody may be in between" in failure.title


async def test_a_changed_key_of_another_kind_is_refused_as_one(
    profile: Profile, bastion: SshServer, keys: Path, person: Person
):
    person.knows(f"{bastion.place} {ssh_servers.public(keys / 'pem')}\n")
    assert (await failure_of(profile)).code == "ssh.key_changed"


async def test_a_changed_key_is_never_accepted(
    profile: Profile, bastion: SshServer, keys: Path, person: Person
):
    person.knows(f"{bastion.place} {ssh_servers.public(keys / 'other')}\n")
    with pytest.raises(TrunklineError) as caught:
        await tunnel.accept(profile, fingerprint(bastion.host_key))
    assert caught.value.code == "ssh.key_changed"


async def test_a_pinned_key_can_be_forgotten(profile: Profile, bastion: SshServer, person: Person):
    person.knows("")
    await tunnel.accept(profile, fingerprint(bastion.host_key))
    assert tunnel.forget(profile) == (bastion.place,)
    assert (await failure_of(profile)).code == "ssh.key_unknown"


async def test_a_revoked_key_is_refused(profile: Profile, bastion: SshServer, person: Person):
    revoked = f"@revoked * {ssh_servers.public(bastion.host_key)}\n"
    person.knows(f"{bastion.known_line}{revoked}")
    assert (await failure_of(profile)).code == "ssh.key_revoked"


async def test_hashed_names_of_known_hosts_are_understood(profile: Profile, person: Person):
    person.hashes()
    assert person.text.startswith("|1|")
    assert await rows_of(profile) == [[3]]


async def test_a_broken_line_does_not_hide_the_others(
    profile: Profile, bastion: SshServer, person: Person
):
    person.knows(f"broken\n@strange x y\n|1|no|hash ssh-rsa x\n{bastion.known_line}")
    assert await rows_of(profile) == [[3]]


async def test_a_host_certificate_of_a_known_authority_is_trusted(
    profile: Profile, keys: Path, person: Person, tmp_path: Path
):
    with _certified(tmp_path, keys, LOCAL) as server:
        server.admit(keys / "mine")
        authority = ssh_servers.public(keys / "other")
        person.knows(f"@cert-authority {server.place} {authority}\n")
        assert await rows_of(replace(profile, ssh_port=server.port)) == [[3]]


async def test_a_host_certificate_for_another_name_is_refused(
    profile: Profile, keys: Path, person: Person, tmp_path: Path
):
    with _certified(tmp_path, keys, "elsewhere.example") as server:
        authority = ssh_servers.public(keys / "other")
        person.knows(f"@cert-authority {server.place} {authority}\n")
        found = await failure_of(replace(profile, ssh_port=server.port))
    assert found.code == "ssh.certificate"


def _certified(folder: Path, keys: Path, name: str) -> Any:
    """Return an SSH server whose key ``other`` has certified for ``name``."""
    certificate = folder / "certified" / "host_key-cert.pub"
    context = ssh_server(folder / "certified", HostCertificate=str(certificate))

    class Certified:
        def __enter__(self) -> SshServer:
            server: SshServer = context.__enter__()
            command = ["ssh-keygen", "-q", "-s", str(keys / "other"), "-I", "host", "-h"]
            command += ["-n", name, str(server.host_key)]
            subprocess.run(command, check=True)
            server.stop()
            server.start()
            return server

        def __exit__(self, *exc: object) -> None:
            context.__exit__(None, None, None)

    return Certified()


# Whose login


@pytest.mark.parametrize("name", ["locked", "pem"])
async def test_a_key_is_opened_with_its_passphrase(profile: Profile, keys: Path, name: str):
    assert await rows_of(replace(profile, ssh_key=str(keys / name)), "open sesame") == [[3]]


async def test_a_wrong_passphrase_says_so(profile: Profile, keys: Path):
    locked = replace(profile, ssh_key=str(keys / "locked"))
    assert (await failure_of(locked, "open barley")).code == "ssh.key_passphrase"


async def test_a_locked_key_without_a_passphrase_says_so(profile: Profile, keys: Path):
    locked = replace(profile, ssh_key=str(keys / "locked"))
    assert (await failure_of(locked)).code == "ssh.key_locked"


async def test_a_missing_key_says_so(profile: Profile, keys: Path):
    found = await failure_of(replace(profile, ssh_key=str(keys / "nowhere")))
    assert found.code == "ssh.key_unreadable"


async def test_a_file_that_is_no_key_says_so(profile: Profile, person: Person):
    file = person.keeps("notes", b"not a key\n")
    assert (await failure_of(replace(profile, ssh_key=str(file)))).code == "ssh.key_invalid"


async def test_a_key_others_can_read_is_refused(profile: Profile, keys: Path, person: Person):
    file = person.keeps("open", (keys / "mine").read_bytes())
    file.chmod(0o644)
    assert (await failure_of(replace(profile, ssh_key=str(file)))).code == "ssh.key_open"


async def test_a_key_the_server_does_not_know_is_told_with_what_it_accepts(
    profile: Profile, keys: Path
):
    failure = (await failure_of(replace(profile, ssh_key=str(keys / "other")))).failure
    assert failure.code == "ssh.login"
    assert "It accepts a key." in failure.hint


async def test_the_agent_opens_the_door(
    profile: Profile, keys: Path, monkeypatch: pytest.MonkeyPatch
):
    with agent(keys / "mine") as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        assert await rows_of(replace(profile, ssh_key="")) == [[3]]


async def test_an_empty_agent_is_told_from_none(profile: Profile, monkeypatch: pytest.MonkeyPatch):
    assert (await failure_of(replace(profile, ssh_key=""))).code == "ssh.no_agent"
    with agent() as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        assert (await failure_of(replace(profile, ssh_key=""))).code == "ssh.no_key"


async def test_an_agent_that_does_not_answer_holds_up_nobody(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(agent_keys, "AGENT_S", 0.1)
    ended = asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(512):
            pass
        writer.close()
        await writer.wait_closed()
        ended.set()

    with tempfile.TemporaryDirectory(prefix="tla", dir="/tmp") as folder:
        path = f"{folder}/agent"
        silent = await asyncio.start_unix_server(says_nothing, path)
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        assert (await failure_of(replace(profile, ssh_key=""))).code == "ssh.no_key"
        await ended.wait()
        silent.close()


async def test_the_usual_keys_are_found(profile: Profile, keys: Path, person: Person):
    person.keeps("id_ed25519", (keys / "mine").read_bytes())
    assert await rows_of(replace(profile, ssh_key="")) == [[3]]


async def test_the_configuration_of_ssh_is_not_read(profile: Profile, person: Person):
    person.keeps("config", b"Host *\n  Port 1\n  ProxyCommand false\n")
    assert await rows_of(profile) == [[3]]


class _Passwords(asyncssh.SSHServer):
    """Takes the password ``let me in`` in one way, and passes connections on."""

    asks = False

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return not self.asks

    def validate_password(self, _username: str, password: str) -> bool:
        return password == "let me in"

    def kbdint_auth_supported(self) -> bool:
        return self.asks

    def get_kbdint_challenge(self, _username: str, _lang: str, _submethods: str) -> Any:
        return "", "", "", [("Kennwort: ", False)]

    def validate_kbdint_response(self, _username: str, responses: Any) -> bool:
        return list(responses) == ["let me in"]

    def connection_requested(self, *_: object) -> bool:
        return True


class _Questions(_Passwords):
    asks = True


@pytest.fixture(params=[_Passwords, _Questions], ids=["password", "keyboard-interactive"])
async def by_password(
    request: pytest.FixtureRequest, profile: Profile, person: Person, bastion: SshServer
) -> AsyncIterator[Profile]:
    """A profile whose SSH server takes passwords only."""
    listening = await asyncssh.listen(
        LOCAL, 0, server_factory=request.param, server_host_keys=[str(bastion.host_key)]
    )
    port = listening.get_port()
    person.knows(f"[{LOCAL}]:{port} {ssh_servers.public(bastion.host_key)}\n")
    yield replace(profile, ssh_port=port, ssh_key="")
    listening.close()
    await listening.wait_closed()


async def test_a_password_opens_the_door(by_password: Profile):
    assert await rows_of(by_password, "let me in") == [[3]]


async def test_a_wrong_password_is_refused(by_password: Profile):
    failure = (await failure_of(by_password, "let me out")).failure
    assert failure.code == "ssh.login"
    assert "password" in failure.hint


async def test_a_password_that_is_not_saved_is_asked_for(by_password: Profile):
    assert (await failure_of(by_password)).code == "ssh.password_missing"


# Where to


async def test_jump_hosts_are_passed_in_order(
    profile: Profile, keys: Path, bastion: SshServer, person: Person, tmp_path: Path
):
    with (
        ssh_server(tmp_path / "first", PermitOpen=f"{LOCAL}:{bastion.port}") as first,
    ):
        first.admit(keys / "mine")
        person.knows(first.known_line + bastion.known_line)
        jumping = replace(profile, ssh_jump=(f"{ME}@{LOCAL}:{first.port}",))
        assert await rows_of(jumping) == [[3]]


async def test_the_key_of_a_jump_host_is_checked_too(profile: Profile, keys: Path, tmp_path: Path):
    with ssh_server(tmp_path / "first") as first:
        first.admit(keys / "mine")
        jumping = replace(profile, ssh_jump=(f"{LOCAL}:{first.port}",))
        failure = (await failure_of(jumping)).failure
        assert failure.code == "ssh.key_unknown"
        assert fingerprint(first.host_key) in failure.hint


async def test_a_jump_host_that_cannot_reach_the_next_says_so(
    profile: Profile, bastion: SshServer, person: Person
):
    nowhere = replace(
        profile, ssh_port=servers.free_port(), ssh_jump=(f"{ME}@{LOCAL}:{bastion.port}",)
    )
    assert (await failure_of(nowhere)).code == "ssh.jump"


async def test_a_server_that_forbids_passing_on_says_so(
    profile: Profile, keys: Path, person: Person, tmp_path: Path
):
    with ssh_server(tmp_path / "strict", AllowTcpForwarding="no") as strict:
        strict.admit(keys / "mine")
        person.knows(strict.known_line)
        found = await failure_of(replace(profile, ssh_port=strict.port))
    assert found.code == "ssh.forbidden"


async def test_a_database_the_server_cannot_reach_is_told(profile: Profile):
    found = await failure_of(replace(profile, port=servers.free_port()))
    assert found.code == "ssh.target"


async def test_the_next_host_is_tried_when_the_first_is_not_reached(profile: Profile):
    several = replace(
        profile, port=servers.free_port(), fallback_hosts=(f"{LOCAL}:{profile.port}",)
    )
    assert await rows_of(several) == [[3]]


async def test_a_name_nobody_has_is_told(profile: Profile):
    found = await failure_of(replace(profile, ssh_host="bastion..example"))
    assert found.code == "ssh.resolve"


async def test_a_closed_port_is_told(profile: Profile):
    found = await failure_of(replace(profile, ssh_port=servers.free_port()))
    assert found.code == "ssh.refused"


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog drops only on Linux")
async def test_a_port_that_drops_everything_is_told(profile: Profile):
    with servers.full_backlog() as port:
        found = await failure_of(replace(profile, ssh_port=port, connect_timeout=0.3))
    assert found.code == "ssh.filtered"


@pytest.mark.parametrize(
    "handler",
    [servers.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), servers.hanging_up, servers.silent],
    ids=["http", "closes", "silent"],
)
async def test_another_program_is_no_ssh_server(profile: Profile, handler: servers.Handler):
    async with servers.listening(handler) as port:
        found = await failure_of(replace(profile, ssh_port=port, connect_timeout=0.5))
    assert found.code == "ssh.not_ssh"


# Shared, and again


async def test_connections_share_one_tunnel(profile: Profile, bastion: SshServer):
    import psutil

    database = Database(profile, PASSWORD)
    try:
        await asyncio.gather(*(database.read("SELECT 1") for _ in range(4)))
        assert bastion.running is not None
        logins = psutil.Process(bastion.running.pid).children()
        assert len(logins) == 1
    finally:
        await database.close()


async def test_a_dropped_tunnel_is_opened_again(
    profile: Profile, keys: Path, person: Person, tmp_path: Path
):
    with ssh_server(tmp_path / "shaky") as shaky:
        shaky.admit(keys / "mine")
        person.knows(shaky.known_line)
        database = Database(replace(profile, ssh_port=shaky.port), PASSWORD)
        try:
            assert (await database.read("SELECT 1")).rows == [[1]]
            shaky.stop()
            shaky.start()
            assert (await database.read("SELECT 2")).rows == [[2]]
        finally:
            await database.close()


_UNTIL_IT_RUNS = """
DO $$ BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active'
      AND query LIKE '%broken off%' AND pid <> pg_backend_pid()) LOOP
    PERFORM pg_sleep(0.02);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END $$
"""


async def test_a_question_in_a_tunnel_that_breaks_fails_in_words_about_reaching(
    profile: Profile, keys: Path, person: Person, tmp_path: Path, server: Server
):
    with ssh_server(tmp_path / "shaky") as shaky:
        shaky.admit(keys / "mine")
        person.knows(shaky.known_line)
        database = Database(replace(profile, ssh_port=shaky.port), PASSWORD)
        asking = asyncio.create_task(database.read("SELECT pg_sleep(4), 'broken off'"))
        await asyncio.to_thread(server.psql, _UNTIL_IT_RUNS)
        shaky.stop()
        with pytest.raises(TrunklineError) as caught:
            await asking
        await database.close()
    assert caught.value.code.startswith("reach.")


async def test_the_password_of_the_last_server_is_not_shown_to_the_first(
    by_password: Profile, person: Person, bastion: SshServer
):
    seen: list[str] = []

    class Curious(_Passwords):
        def validate_password(self, _username: str, password: str) -> bool:
            seen.append(password)
            return False

    listening = await asyncssh.listen(
        LOCAL, 0, server_factory=Curious, server_host_keys=[str(bastion.host_key)]
    )
    port = listening.get_port()
    person.knows(person.text, f"[{LOCAL}]:{port} {ssh_servers.public(bastion.host_key)}\n")
    found = await failure_of(replace(by_password, ssh_jump=(f"{LOCAL}:{port}",)), "let me in")
    listening.close()
    await listening.wait_closed()
    assert found.code == "ssh.login"
    assert seen == []


async def test_nothing_listens_on_this_computer_for_a_tunnel(profile: Profile, home: Path):
    import psutil

    me = psutil.Process()
    before = {str(c.laddr) for c in me.net_connections("all") if c.status in {"LISTEN", "NONE"}}
    way = Tunnel(profile, None)
    sock = await way.dial(profile.host, profile.port)
    after = {str(c.laddr) for c in me.net_connections("all") if c.status in {"LISTEN", "NONE"}}
    sock.close()
    await way.close()
    assert after <= before | {"", "()"}


async def test_a_closed_tunnel_dials_no_more(profile: Profile):
    way = Tunnel(profile, None)
    await way.ready()
    await way.close()
    with pytest.raises(TrunklineError) as caught:
        await way.dial(profile.host, profile.port)
    assert caught.value.code == "ssh.closed"


async def test_after_several_failures_the_server_is_left_alone(profile: Profile, keys: Path):
    tries: list[object] = []

    class Counting(_Passwords):
        def connection_made(self, _conn: object) -> None:
            tries.append(1)

    listening = await asyncssh.listen(
        LOCAL, 0, server_factory=Counting, server_host_keys=[str(keys / "mine")]
    )
    way = Tunnel(replace(profile, ssh_port=listening.get_port()), None)
    for _ in range(5):
        with pytest.raises(TrunklineError) as caught:
            await way.ready()
        assert caught.value.code == "ssh.key_unknown"
    await way.close()
    listening.close()
    await listening.wait_closed()
    assert len(tries) < 5


async def test_an_ssh_server_that_falls_silent_counts_as_dropped(
    profile: Profile,
    keys: Path,
    person: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(opening, "KEEPALIVE_S", 0.05)
    with ssh_server(tmp_path / "frozen") as frozen:
        frozen.admit(keys / "mine")
        person.knows(frozen.known_line)
        way = Tunnel(replace(profile, ssh_port=frozen.port), None)
        try:
            await way.ready()
            frozen.freeze()
            async with asyncio.timeout(10):
                await way._chain[-1].wait_closed()  # no public word: nobody else waits for it
            assert not way.is_open
        finally:
            await way.close()


async def test_a_statement_given_up_is_stopped_at_the_server(profile: Profile, server: Server):
    database = Database(profile, PASSWORD)
    asking = asyncio.create_task(database.read("SELECT pg_sleep(60), 'broken off'"))
    await asyncio.to_thread(server.psql, _UNTIL_IT_RUNS)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    await database.close()
    assert server.psql(_STILL_RUNNING) == "0"


_STILL_RUNNING = """
SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%broken off%' AND pid <> pg_backend_pid()
"""


def test_a_tunnel_also_works_on_uvloop(profile: Profile):
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed here")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(rows_of(profile)) == [[3]]


def test_a_database_without_ssh_never_loads_its_library(server: Server):
    program = f"""
import asyncio, sys
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

async def read():
    database = Database(Profile(id="s", name="S", host="{LOCAL}", port={server.port},
        database="shop", user="{READER}"), "{PASSWORD}")
    await database.read("SELECT 1")
    await database.close()

asyncio.run(read())
sys.exit("asyncssh" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_the_tunnel_takes_no_longer_than_the_time_to_connect(
    profile: Profile, bastion: SshServer
):
    async with servers.listening(servers.saying(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        found = await failure_of(replace(profile, ssh_port=port, connect_timeout=0.5))
    assert found.code == "ssh.slow"


def test_pauses_grow_and_end():
    assert [pause_after(n) for n in (0, 1, 2, 3)] == [0.0, 0.5, 1.0, 2.0]
    assert pause_after(2000) == 30.0
