"""The endpoint's own TLS: what it speaks, what it refuses to start with, how it is renewed."""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
import ssl
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.server import certificates
from tests.server.certificates import DAY, Pair
from tests.server.gated import KNOWN, RULES, Gated, gated, read_all
from trunkline_server.errors import TrunklineError
from trunkline_server.serving.gate.certificate import Files, context_of
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.gate.sizes import Sizes


@pytest.fixture
def authority(tmp_path: Path) -> Pair:
    return certificates.make(tmp_path, "Authority", is_authority=True)


@pytest.fixture
def pair(tmp_path: Path, authority: Pair) -> Pair:
    return certificates.make(tmp_path, "127.0.0.1", file="first", by=authority)


def files_of(pair: Pair) -> Files:
    return Files(pair.cert, pair.key)


def rules_of(pair: Pair, **changes: object) -> Rules:
    return replace(RULES, tls=files_of(pair), **changes)


@pytest.fixture
def trusting(authority: Pair) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.cert))


def serial(gate: Gated, context: ssl.SSLContext) -> int:
    """Return the serial number of the certificate a new connection is shown."""
    with gate.dial() as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
        shown = secure.getpeercert()
        assert shown
        return int(str(shown["serialNumber"]), 16)


def renew(old: Pair, new: Pair) -> None:
    """Put new files in the place of old ones, key first, as renewing programs do."""
    for source, target in ((new.key, old.key), (new.cert, old.cert)):
        neighbour = target.with_suffix(".new")
        shutil.copy2(source, neighbour)
        neighbour.replace(target)


def test_the_endpoint_speaks_tls_and_knows_its_callers(pair: Pair, trusting: ssl.SSLContext):
    with gated(rules_of(pair)) as gate:
        answer = httpx2.get(gate.url, headers=KNOWN, verify=trusting)
    assert answer.json() | {"body": 0} == answer.json()
    assert (answer.json()["caller"], answer.json()["scheme"]) == ("tester", "https")


def test_tls_older_than_1_2_is_not_spoken(pair: Pair):
    assert context_of(files_of(pair)).minimum_version == ssl.TLSVersion.TLSv1_2


def test_plain_http_at_a_tls_endpoint_gets_nothing(pair: Pair):
    with gated(rules_of(pair)) as gate, gate.dial() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in read_all(connection)


def test_a_renewed_certificate_is_shown_to_new_connections(
    pair: Pair, authority: Pair, trusting: ssl.SSLContext, tmp_path: Path
):
    new = certificates.make(tmp_path, "127.0.0.1", file="second", by=authority)
    with gated(rules_of(pair)) as gate, httpx2.Client(verify=trusting, headers=KNOWN) as old_client:
        assert old_client.get(gate.url).status_code == 200
        before = serial(gate, trusting)
        renew(pair, new)
        assert serial(gate, trusting) == new.certificate.serial_number != before
        assert old_client.get(gate.url).status_code == 200  # an open connection goes on


def test_half_a_renewal_keeps_the_certificate_in_use(
    pair: Pair,
    authority: Pair,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    new = certificates.make(tmp_path, "127.0.0.1", file="second", by=authority)
    with gated(rules_of(pair)) as gate:
        before = serial(gate, trusting)
        new.cert.replace(pair.cert)  # its key has not arrived yet
        assert serial(gate, trusting) == before
        assert serial(gate, trusting) == before
        new.key.replace(pair.key)
        assert serial(gate, trusting) == new.certificate.serial_number
    assert [r.levelno for r in caplog.records].count(logging.WARNING) == 1


def code_of(files: Files) -> str:
    with pytest.raises(TrunklineError) as caught:
        context_of(files)
    failure = caught.value.failure
    assert failure.title.endswith(".")
    assert failure.hint
    assert str(files.cert.parent) not in f"{failure}"
    return failure.code


def test_a_missing_certificate_is_said(pair: Pair):
    assert code_of(Files(pair.cert.with_name("none"), pair.key)) == "endpoint.cert"


def test_a_missing_key_is_said(pair: Pair):
    assert code_of(Files(pair.cert, pair.key.with_name("none"))) == "endpoint.key"


def test_a_file_that_is_no_certificate_is_said(pair: Pair):
    pair.cert.write_text("hello")
    assert code_of(files_of(pair)) == "endpoint.cert"


def test_a_file_that_is_no_key_is_said(pair: Pair):
    pair.key.write_text("hello")
    assert code_of(files_of(pair)) == "endpoint.key"


def test_a_key_of_another_certificate_is_said(pair: Pair, tmp_path: Path):
    other = certificates.make(tmp_path, "127.0.0.1", file="other")
    assert code_of(Files(pair.cert, other.key)) == "endpoint.mismatch"


def test_an_expired_certificate_is_said(tmp_path: Path):
    old = certificates.make(tmp_path, "127.0.0.1", starts=-2 * DAY, ends=-DAY)
    assert code_of(files_of(old)) == "endpoint.expired"


def test_a_certificate_of_the_future_is_said(tmp_path: Path):
    early = certificates.make(tmp_path, "127.0.0.1", starts=dt.timedelta(hours=1))
    assert code_of(files_of(early)) == "endpoint.expired"


def test_a_key_with_a_passphrase_is_said_and_nobody_is_asked(pair: Pair):
    certificates.write_key(pair.key, pair.private, b"secret")
    assert code_of(files_of(pair)) == "endpoint.key"


@pytest.mark.parametrize(
    ("mode", "owner", "is_fine"),
    [(0o600, "me", True), (0o400, "me", True), (0o644, "me", False), (0o604, "me", False),
     (0o660, "me", False), (0o640, "root", True), (0o644, "root", False), (0o640, "other", False)],
)  # fmt: skip
def test_a_key_that_others_can_read_is_refused(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, mode: int, owner: str, is_fine: bool
):
    pair.key.chmod(mode)
    uid = {"me": os.getuid() or 1000, "root": 0, "other": 4242}[owner]
    real = Path.stat

    def stat_of(path: Path, **given: bool) -> os.stat_result:
        found = real(path, **given)
        fields = list(found)
        fields[4] = uid  # who owns a file: only the administrator could really change it
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "stat", stat_of)
    if is_fine:
        assert context_of(files_of(pair))
    else:
        assert code_of(files_of(pair)) == "endpoint.key_open"


def test_an_endpoint_with_a_wrong_key_does_not_start(pair: Pair, tmp_path: Path):
    other = certificates.make(tmp_path, "127.0.0.1", file="other")
    wrong = replace(RULES, tls=Files(pair.cert, other.key))
    with pytest.raises(TrunklineError, match="do not belong together"), gated(wrong):
        pass


def test_a_handshake_that_never_comes_gives_its_place_back(pair: Pair, trusting: ssl.SSLContext):
    sizes = Sizes(header_s=0.4, connections=1)
    with gated(rules_of(pair, sizes=sizes)) as gate:
        with gate.dial() as silent:
            assert read_all(silent) == b""
        answer = httpx2.get(gate.url, headers=KNOWN, verify=trusting)
    assert answer.status_code == 200


def test_slow_headers_within_tls_are_cut_off(pair: Pair, trusting: ssl.SSLContext):
    sizes = Sizes(header_s=0.4)
    with gated(rules_of(pair, sizes=sizes)) as gate, gate.dial() as plain:
        secure = trusting.wrap_socket(plain, server_hostname="127.0.0.1")
        secure.sendall(b"GET / HTTP/1.1\r\n")
        assert b"408" in read_all(secure)
        secure.close()


def test_beyond_the_last_place_a_tls_connection_is_closed_without_a_handshake(
    pair: Pair, trusting: ssl.SSLContext
):
    with (
        gated(rules_of(pair, sizes=Sizes(connections=1))) as gate,
        gate.dial() as plain,
        trusting.wrap_socket(plain, server_hostname="127.0.0.1"),
        gate.dial() as refused,
    ):
        assert read_all(refused) == b""
        assert gate.refused == [("connections", "127.0.0.1")]
