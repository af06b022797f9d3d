"""The check of a database behind an SSH server: a stage of its own, and what it tells apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import MemoryKeyring
from tests.server import certificates, servers, ssh_servers
from tests.server.certificates import Pair
from tests.server.checking import checked, ended, failure_of
from tests.server.conftest import PASSWORD, READER, Server
from tests.server.processes import talking
from tests.server.servers import LOCAL
from tests.server.ssh_servers import ME, SshServer, fingerprint, make_key, ssh_server
from trunkline_server import cli, events
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not ssh_servers.SSHD, reason="there is no OpenSSH server here"
)


@pytest.fixture(scope="module")
def bastion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    folder = tmp_path_factory.mktemp("ssh")
    make_key(folder / "mine")
    with ssh_server(folder / "bastion") as found:
        found.admit(folder / "mine")
        yield found


@pytest.fixture
def known(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of known hosts of a person who has no agent."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (home / ".ssh").mkdir()
    (home / ".ssh" / "known_hosts").touch()
    return home / ".ssh" / "known_hosts"


@pytest.fixture
def stranger(server: Server, bastion: SshServer, known: Path) -> Profile:
    """The shop behind an SSH server nobody knows yet."""
    return Profile(
        id="shop", name="Shop", host=LOCAL, port=server.port, database="shop", user=READER,
        connect_timeout=10.0, ssh_host=LOCAL, ssh_port=bastion.port, ssh_user=ME,
        ssh_key=str(bastion.folder.parent / "mine"),
    )  # fmt: skip


@pytest.fixture
def profile(stranger: Profile, bastion: SshServer, known: Path) -> Profile:
    """The shop behind an SSH server that is known."""
    known.write_text(bastion.known_line)
    return stranger


async def test_every_stage_passes_through_a_tunnel(profile: Profile):
    found = await ended(profile, PASSWORD)
    assert list(found)[:3] == ["resolve", "tunnel", "reach"]
    assert {e.state for e in found.values()} <= {"done", "warned"}
    assert found["tls"].note == "Encrypted by SSH"


async def test_without_an_ssh_host_there_is_no_such_stage(profile: Profile):
    assert "tunnel" not in await ended(replace(profile, ssh_host=""), PASSWORD)


async def test_an_unknown_server_stops_at_the_tunnel_with_its_fingerprint(
    stranger: Profile, bastion: SshServer
):
    failed = [e for e in await checked(stranger, PASSWORD) if isinstance(e, events.Failed)]
    assert (failed[0].stage, failed[0].code) == ("tunnel", "ssh.key_unknown")
    assert fingerprint(bastion.host_key) in failed[0].hint


async def test_the_name_of_the_ssh_server_is_looked_up_first(profile: Profile):
    found = await failure_of(replace(profile, ssh_host="bastion..example"))
    assert found == ("resolve", "ssh.resolve")


async def test_a_database_the_ssh_server_cannot_reach_stops_at_the_tunnel(profile: Profile):
    found = await failure_of(replace(profile, port=servers.free_port()))
    assert found == ("tunnel", "ssh.target")


async def test_another_program_behind_the_tunnel_is_named(profile: Profile):
    async with servers.listening(servers.saying(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        found = await failure_of(replace(profile, port=port, connect_timeout=2.0))
    assert found == ("reach", "reach.not_postgres.ssh")


async def test_a_password_is_refused_behind_the_tunnel_as_without(profile: Profile):
    assert await failure_of(profile, "wrong") == ("login", "login.password")


# TLS inside the tunnel


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("authority")
    return certificates.make(folder, "authority", is_authority=True)


@pytest.mark.parametrize(("name", "is_right"), [("localhost", True), ("db.example.com", False)])
async def test_the_certificate_must_carry_the_name_of_the_database(
    profile: Profile, authority: Pair, tmp_path: Path, name: str, is_right: bool
):
    pair = certificates.make(tmp_path, name, by=authority)
    strict = replace(
        profile, host="localhost", sslmode="verify-full", sslrootcert=str(authority.cert)
    )
    handler = servers.tls_before(profile.port, certificates.serving(pair))
    async with servers.listening(handler) as port:
        seen = await checked(replace(strict, port=port), PASSWORD)
    failed = [e.code for e in seen if isinstance(e, events.Failed)]
    assert failed == ([] if is_right else ["tls.wrong_name"])


# In a terminal


@pytest.fixture
def saved(stranger: Profile, memory_keyring: MemoryKeyring) -> Profile:
    Store().save(stranger)
    return stranger


def run(*arguments: str) -> int:
    return cli.main(["trust-ssh", "--profile", "shop", *arguments])


def test_the_fingerprint_is_shown_and_nothing_kept(
    saved: Profile, bastion: SshServer, home: Path, capsys: pytest.CaptureFixture[str]
):
    assert run() == 1
    assert fingerprint(bastion.host_key) in capsys.readouterr().out
    assert not (home / "config" / "known_hosts").exists()


def test_a_confirmed_fingerprint_is_kept(saved: Profile, bastion: SshServer, home: Path):
    assert run("--fingerprint", fingerprint(bastion.host_key)) == 0
    assert (home / "config" / "known_hosts").read_text() == bastion.known_line


def test_another_fingerprint_is_refused(
    saved: Profile, home: Path, capsys: pytest.CaptureFixture[str]
):
    assert run("--fingerprint", "SHA256:" + "A" * 43) == 1
    assert "shows another key" in capsys.readouterr().err
    assert not (home / "config" / "known_hosts").exists()


def test_what_was_accepted_can_be_forgotten(saved: Profile, bastion: SshServer, home: Path):
    run("--fingerprint", fingerprint(bastion.host_key))
    assert run("--forget") == 0
    assert (home / "config" / "known_hosts").read_text() == ""


def test_servers_on_the_way_are_accepted_one_after_the_other(
    saved: Profile, bastion: SshServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with ssh_server(tmp_path / "edge") as edge:
        edge.admit(Path(saved.ssh_key))
        Store().save(replace(saved, ssh_jump=(f"{ME}@{LOCAL}:{edge.port}",)))
        assert run("--fingerprint", fingerprint(edge.host_key)) == 1
        assert fingerprint(bastion.host_key) in capsys.readouterr().out
        assert run("--fingerprint", fingerprint(bastion.host_key)) == 0
        assert run() == 0


def test_a_profile_without_ssh_has_nothing_to_trust(
    saved: Profile, capsys: pytest.CaptureFixture[str]
):
    Store().save(replace(saved, ssh_host=""))
    assert run() == 2
    assert "without SSH" in capsys.readouterr().err


def test_the_check_of_a_saved_profile_goes_through_its_tunnel(
    saved: Profile, bastion: SshServer, known: Path, memory_keyring: MemoryKeyring,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    known.write_text(bastion.known_line)
    memory_keyring.set_password("Trunkline", "shop", PASSWORD)
    assert cli.main(["check", "--profile", "shop", "--json"]) == 0
    stages = json.loads(capsys.readouterr().out)["stages"]
    assert [stage["stage"] for stage in stages][:2] == ["resolve", "tunnel"]


# Serving


def test_an_ai_app_is_answered_through_a_tunnel_that_needs_a_passphrase(
    profile: Profile, bastion: SshServer, tmp_path: Path
):
    key = make_key(tmp_path / "locked", "open sesame")
    bastion.admit(key)
    with talking("trunkline-server", "run", "--profile", "-") as app:
        locked = replace(profile, ssh_key=str(key))
        document = {"profile": locked.as_json(), "password": PASSWORD, "ssh": "open sesame"}
        app.say(json.dumps(document))
        app.introduce()
        app.ask(1, "SELECT count(*) FROM customers")
        assert app.rows() == [[3]]


def test_an_ai_app_reads_why_a_tunnel_cannot_be_opened(stranger: Profile, bastion: SshServer):
    with talking("trunkline-server", "run", "--profile", "-") as app:
        app.say(json.dumps({"profile": stranger.as_json(), "password": PASSWORD}))
        app.introduce()
        app.ask(1, "SELECT 1")
        said = json.dumps(app.reply()["result"])
    assert "is not known on this computer yet" in said
    assert fingerprint(bastion.host_key) in said
