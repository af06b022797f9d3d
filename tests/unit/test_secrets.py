"""Secrets are in a real keyring, or the person hears why not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError

from tests.fakes import MemoryKeyring
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets

SECRET = "correct horse"


@pytest.fixture
def chosen() -> Iterator[None]:
    """Put the keyring of this process back after the test."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_secret_comes_back(memory_keyring: MemoryKeyring) -> None:
    secrets.put("sales", SECRET)
    assert secrets.get("sales") == SECRET


def test_there_is_no_secret_until_one_is_put(memory_keyring: MemoryKeyring) -> None:
    assert secrets.get("sales") is None


def test_password_and_token_have_accounts_of_their_own(memory_keyring: MemoryKeyring) -> None:
    secrets.put("sales", "p")
    secrets.put("sales", "t", "token")
    assert memory_keyring.kept == {
        ("Trunkline", "sales"): "p",
        ("Trunkline", "sales/token"): "t",
    }


def test_forgetting_deletes_every_kind_and_only_of_this_profile(
    memory_keyring: MemoryKeyring,
) -> None:
    for kind in secrets.KINDS:
        secrets.put("sales", "s", kind)
        secrets.put("other", "o", kind)
    secrets.forget("sales")
    secrets.forget("sales")
    assert {a for _, a in memory_keyring.kept} == {"other", "other/ssh", "other/token"}


class Broken(KeyringBackend):
    """A keyring that fails with what it was given."""

    priority = 1

    def __init__(self, exc: Exception) -> None:
        super().__init__()
        self.exc = exc

    def get_password(self, service: str, username: str) -> str | None:
        raise self.exc

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.exc

    def delete_password(self, service: str, username: str) -> None:
        raise self.exc


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (KeyringLocked("dismissed"), "secrets.locked"),
        (InitError("no collection"), "secrets.locked"),
        (PasswordSetError(f"cannot keep {SECRET}"), "secrets.locked"),
        (OSError(5, "bus went away"), "secrets.locked"),
        (NoKeyringError("none"), "secrets.missing"),
    ],
)
def test_a_keyring_that_fails_is_explained(exc: Exception, code: str) -> None:
    keyring.set_keyring(Broken(exc))
    for call in (
        lambda: secrets.get("sales"),
        lambda: secrets.put("sales", SECRET),
        lambda: secrets.forget("sales"),
    ):
        with pytest.raises(TrunklineError) as caught:
            call()
        assert caught.value.code == code
        assert caught.value.failure.hint
    with pytest.raises(TrunklineError) as caught:
        secrets.put("sales", SECRET)
    assert SECRET not in repr(caught.value.failure)


class Chain(MemoryKeyring):
    """A keyring made of others, like the chainer of the library."""

    def __init__(self, *backends: KeyringBackend) -> None:
        super().__init__()
        self.backends = backends


def stand_in(module: str) -> MemoryKeyring:
    """Return a working keyring of a class that lives in ``module``."""
    return type("Keyring", (MemoryKeyring,), {"__module__": module, "priority": 0.1})()


REFUSED = ["keyrings.alt.file", "keyrings.alt.Windows", "keyring.backends.null"]


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize("module", REFUSED)
def test_a_keyring_that_keeps_plain_text_or_nothing_counts_as_none(module: str) -> None:
    backend = stand_in(module)
    keyring.set_keyring(backend)
    with pytest.raises(TrunklineError) as caught:
        secrets.put("sales", SECRET)
    assert caught.value.code == "secrets.missing"
    assert backend.kept == {}


@pytest.mark.usefixtures("chosen")
def test_of_several_keyrings_the_first_safe_one_is_used() -> None:
    plain, safe = stand_in("keyrings.alt.file"), MemoryKeyring()
    keyring.set_keyring(Chain(plain, safe))
    secrets.put("sales", SECRET)
    assert (plain.kept, secrets.get("sales")) == ({}, SECRET)


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_a_process_without_a_keyring_says_so(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"keyring.backends.{backend}.Keyring")
    code = (
        "from trunkline_server.profiles import secrets\n"
        "from trunkline_server.errors import TrunklineError\n"
        "try: secrets.get('x')\n"
        "except TrunklineError as exc: print(exc.code)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "secrets.missing"


def test_a_hidden_session_bus_is_found_at_its_well_known_place(tmp_path: Path) -> None:
    (tmp_path / "bus").touch()
    assert secrets.session_bus({}, tmp_path) == {
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path / 'bus'}",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }


def test_variables_that_are_set_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "bus").touch()
    assert secrets.session_bus({"DBUS_SESSION_BUS_ADDRESS": "x"}, tmp_path) == {}
    assert "XDG_RUNTIME_DIR" not in secrets.session_bus({"XDG_RUNTIME_DIR": "x"}, tmp_path)


def test_no_bus_means_no_variables(tmp_path: Path) -> None:
    assert secrets.session_bus({}, tmp_path) == {}


def test_the_keyring_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, trunkline_server.profiles.saving; print('keyring' in sys.modules)"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "False"
