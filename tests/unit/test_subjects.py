"""Where the secrets of a database on a command line come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import MemoryKeyring
from trunkline_server import subjects
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

SALES = Profile(id="my-sales", name="Sales", host="db.example.com", ssh_host="bastion")


@pytest.fixture(autouse=True)
def saved(home: Path) -> None:
    Store().save(SALES)


def test_the_keyring_is_asked_when_nothing_else_says(memory_keyring: MemoryKeyring):
    secrets.put("my-sales", "kept")
    assert subjects.saved("sales").password() == "kept"


def test_a_variable_stands_for_the_keyring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRUNKLINE_PASSWORD_MY_SALES", "given")
    monkeypatch.setenv("TRUNKLINE_SSH_MY_SALES", "phrase")
    subject = subjects.saved("my-sales")
    assert (subject.password(), subject.ssh()) == ("given", "phrase")


def test_an_empty_variable_means_that_no_password_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRUNKLINE_PASSWORD_MY_SALES", "")
    assert subjects.saved("my-sales").password() is None


def test_without_a_keyring_the_variable_is_named(monkeypatch: pytest.MonkeyPatch):
    def missing(*_: object) -> str:
        raise fail("secrets.missing", "This computer has no keyring to keep passwords in.")

    monkeypatch.setattr(secrets, "get", missing)
    with pytest.raises(TrunklineError) as caught:
        subjects.saved("my-sales").password()
    assert caught.value.failure.hint == "Start one, or set TRUNKLINE_PASSWORD_MY_SALES."


def test_a_url_with_a_password_is_warned_about_and_one_without_is_not():
    said: list[str] = []
    subjects.from_url("postgresql://ann@db.example.com/sales", said.append)
    assert not [sentence for sentence in said if "Warning" in sentence]
    subjects.from_url("postgresql://ann:secret@db.example.com/sales", said.append)
    assert [sentence for sentence in said if "Warning" in sentence]
    assert "secret" not in "".join(said)


def test_the_surroundings_are_told_of(tmp_path: Path):
    (tmp_path / ".env").write_text("PGHOST=db.example.com\nPGUSER=ann\nPGPASSWORD=secret\n")
    said: list[str] = []
    subject = subjects.from_surroundings({}, tmp_path, said.append)
    assert (subject.profile.host, subject.password()) == ("db.example.com", "secret")
    assert ".env" in said[-1]
    assert "secret" not in "".join(said)
