"""From encryption fields to a context: which mode checks what, and files that are not right."""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server import certificates
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.tls import context_for
from trunkline_server.profiles.profile import Profile


def profile(**fields: Any) -> Profile:
    return Profile(id="t", name="T", host="db.example.com", **fields)


@pytest.fixture
def pair(tmp_path: Path) -> certificates.Pair:
    return certificates.make(tmp_path, "client")


def code_of(**fields: Any) -> str:
    with pytest.raises(TrunklineError) as caught:
        context_for(profile(**fields))
    return caught.value.code


def test_disable_is_no_context():
    assert context_for(profile(sslmode="disable")) is None


def test_a_unix_socket_is_never_encrypted():
    socket = Profile(id="t", name="T", host="/run/postgresql", sslmode="verify-full")
    assert context_for(socket) is None


@pytest.mark.parametrize(
    ("mode", "checks_chain", "checks_name"),
    [
        ("allow", False, False),
        ("prefer", False, False),
        ("require", False, False),
        ("verify-ca", True, False),
        ("verify-full", True, True),
    ],
)
def test_a_mode_checks_what_it_says(mode: str, checks_chain: bool, checks_name: bool):
    context = context_for(profile(sslmode=mode))
    assert context is not None
    assert (context.verify_mode == ssl.CERT_REQUIRED) is checks_chain
    assert context.check_hostname is checks_name


def test_require_checks_the_chain_when_an_authority_is_named(pair: certificates.Pair):
    context = context_for(profile(sslmode="require", sslrootcert=str(pair.cert)))
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert not context.check_hostname


def test_a_named_authority_is_the_only_one(pair: certificates.Pair):
    context = context_for(profile(sslmode="verify-ca", sslrootcert=str(pair.cert)))
    assert context is not None
    assert context.cert_store_stats()["x509"] == 1


def test_without_a_file_the_authorities_are_the_systems():
    named = context_for(profile(sslmode="verify-full", sslrootcert="system"))
    unnamed = context_for(profile(sslmode="verify-full"))
    assert named is not None
    assert unnamed is not None
    assert named.cert_store_stats() == unnamed.cert_store_stats()


def test_nothing_older_than_tls_1_2_is_spoken():
    context = context_for(profile(sslmode="require"))
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_certificate_is_loaded(pair: certificates.Pair):
    fields = {"sslcert": str(pair.cert), "sslkey": str(pair.key)}
    assert context_for(profile(sslmode="require", **fields)) is not None


def test_a_path_may_start_at_home(pair: certificates.Pair, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(pair.cert.parent))
    monkeypatch.setenv("USERPROFILE", str(pair.cert.parent))
    assert context_for(profile(sslmode="verify-ca", sslrootcert="~/client.crt")) is not None


def test_a_missing_authority_says_so():
    assert code_of(sslmode="verify-ca", sslrootcert="/no/such/file") == "tls.root_missing"


def test_an_authority_without_a_certificate_says_so(tmp_path: Path):
    file = tmp_path / "root.crt"
    file.write_text("not a certificate")
    assert code_of(sslmode="verify-ca", sslrootcert=str(file)) == "tls.root_invalid"


def test_a_folder_instead_of_a_file_says_so(tmp_path: Path):
    assert code_of(sslmode="verify-ca", sslrootcert=str(tmp_path)) == "tls.root_missing"


def test_a_missing_certificate_says_so(pair: certificates.Pair):
    assert code_of(sslcert="/no/such/file", sslkey=str(pair.key)) == "tls.cert_missing"


def test_a_missing_key_says_so(pair: certificates.Pair):
    assert code_of(sslcert=str(pair.cert), sslkey="/no/such/file") == "tls.key_missing"


def test_a_key_of_another_certificate_says_so(pair: certificates.Pair, tmp_path: Path):
    other = certificates.make(tmp_path, "other")
    assert code_of(sslcert=str(pair.cert), sslkey=str(other.key)) == "tls.key_mismatch"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_key_others_can_read_says_so(pair: certificates.Pair):
    pair.key.chmod(0o644)
    assert code_of(sslcert=str(pair.cert), sslkey=str(pair.key)) == "tls.key_open"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_key_we_cannot_read_says_so(pair: certificates.Pair):
    pair.key.chmod(0o000)
    assert code_of(sslcert=str(pair.cert), sslkey=str(pair.key)) == "tls.key_missing"


def test_a_key_with_a_pass_phrase_says_so_instead_of_asking(pair: certificates.Pair):
    certificates.write_key(pair.key, pair.private, b"open sesame")
    assert code_of(sslcert=str(pair.cert), sslkey=str(pair.key)) == "tls.key_encrypted"


def test_a_certificate_that_is_none_says_so(pair: certificates.Pair):
    pair.cert.write_text("not a certificate")
    assert code_of(sslcert=str(pair.cert), sslkey=str(pair.key)) == "tls.cert_invalid"
