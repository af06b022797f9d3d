"""A profile and its secrets are saved together or not at all."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import keyring
import pytest

from tests.fakes import MemoryKeyring
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import atomic, saving, secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

SALES = Profile(id="sales", name="Sales", host="db.example.com")


@pytest.fixture
def store(tmp_path: Path, memory_keyring: MemoryKeyring) -> Store:
    return Store(tmp_path / "profiles.json")


def break_saving(store: Store) -> None:
    """Make the neighbour file impossible to write, for the superuser too."""
    obstacle = store.path.with_name(f"{store.path.name}{atomic.HALF}")
    obstacle.mkdir()
    (obstacle / "x").touch()
    backup = store.path.with_name(f"{store.path.name}.bak.new")
    backup.mkdir()


class Refusing(MemoryKeyring):
    """A keyring that is locked for what it was told to refuse, after ``allowed`` changes."""

    def __init__(self, kept: dict[tuple[str, str], str], allowed: int) -> None:
        super().__init__()
        self.kept = kept
        self.allowed = allowed

    def _count(self) -> None:
        self.allowed -= 1
        if self.allowed == -1:
            raise keyring.errors.KeyringLocked("dismissed")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._count()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._count()
        super().delete_password(service, username)


def test_adding_keeps_profile_password_port_and_token(store: Store) -> None:
    saved = saving.add(store, SALES, "pw")
    assert store.load() == (saved,)
    assert saved == replace(SALES, http_port=saved.http_port)
    assert saved.http_port >= saving.FIRST_PORT
    assert secrets.get("sales") == "pw"
    assert len(secrets.get("sales", "token") or "") == 43


def test_a_given_port_and_token_are_kept(store: Store) -> None:
    saved = saving.add(store, replace(SALES, http_port=9999), "pw", token="abc")
    assert (saved.http_port, secrets.get("sales", "token")) == (9999, "abc")


def test_a_profile_without_a_password_has_none_in_the_keyring(store: Store) -> None:
    secrets.put("sales", "left over")
    saving.add(store, SALES, None)
    assert secrets.get("sales") is None


def test_a_taken_id_is_replaced_by_a_free_one(store: Store) -> None:
    saving.add(store, SALES, "first")
    second = saving.add(store, replace(SALES, name="Sales 2"), "second")
    assert second.id == "sales-2"
    assert (secrets.get("sales"), secrets.get("sales-2")) == ("first", "second")


def test_a_taken_name_is_refused_and_nothing_is_kept(
    store: Store, memory_keyring: MemoryKeyring
) -> None:
    saving.add(store, SALES, "pw")
    before = dict(memory_keyring.kept)
    with pytest.raises(TrunklineError) as caught:
        saving.add(store, replace(SALES, id="other", name="SALES"), "x")
    assert caught.value.code == "profile.invalid"
    assert caught.value.failure.detail == "field: name"
    assert (len(store.load()), memory_keyring.kept) == (1, before)


def test_an_id_that_an_app_still_has_is_not_given_again(store: Store) -> None:
    saved = saving.add(store, SALES, "pw", avoid=["sales", "sales-2"])
    assert saved == replace(SALES, id="sales-3", http_port=saved.http_port)


def test_a_removed_profile_is_not_saved_over_one_with_its_name(store: Store) -> None:
    saving.add(store, replace(SALES, id="other", name="sales"), "pw")
    with pytest.raises(TrunklineError, match="no database with the id “sales”"):
        saving.update(store, replace(SALES, name="Sales archive"))


def test_two_profiles_never_share_a_port(store: Store) -> None:
    ports = {saving.add(store, Profile(id=f"p{n}", name=f"P{n}"), None).http_port for n in range(4)}
    assert len(ports) == 4


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_avoided(address: str) -> None:
    with socket.create_server((address, 0)) as listener:
        used = listener.getsockname()[1]
        assert not saving.is_free(used)
        assert saving.free_port((), used) > used


def test_a_port_of_another_profile_is_avoided_though_nothing_listens() -> None:
    free = saving.free_port(())
    assert saving.free_port([free], free) > free


def test_no_free_port_is_a_failure_in_words() -> None:
    with pytest.raises(TrunklineError) as caught:
        saving.free_port([65535], 65535)
    assert caught.value.code == "port.none"


def test_when_the_profile_cannot_be_saved_the_new_secrets_go_again(
    store: Store, memory_keyring: MemoryKeyring
) -> None:
    break_saving(store)
    with pytest.raises(TrunklineError) as caught:
        saving.add(store, SALES, "pw")
    assert caught.value.code.startswith("store.")
    assert memory_keyring.kept == {}


@pytest.mark.parametrize("allowed", [0, 1])
def test_when_the_keyring_does_not_open_no_profile_is_saved(store: Store, allowed: int) -> None:
    locked = Refusing({}, allowed)
    keyring.set_keyring(locked)
    with pytest.raises(TrunklineError) as caught:
        saving.add(store, SALES, "pw")
    assert caught.value.code == "secrets.locked"
    assert store.load() == ()
    assert locked.kept == {}


def test_updating_keeps_the_secrets_that_are_not_given(store: Store) -> None:
    saved = saving.add(store, SALES, "pw", token="abc")
    changed = saving.update(store, replace(saved, host="elsewhere"))
    assert store.load() == (changed,)
    assert (changed.host, changed.http_port) == ("elsewhere", saved.http_port)
    assert (secrets.get("sales"), secrets.get("sales", "token")) == ("pw", "abc")


def test_updating_replaces_or_deletes_the_secrets_that_are_given(store: Store) -> None:
    saved = saving.add(store, SALES, "pw", token="abc")
    saving.update(store, saved, "new", token="def")
    assert (secrets.get("sales"), secrets.get("sales", "token")) == ("new", "def")
    saving.update(store, saved, "")
    assert secrets.get("sales") is None


def test_updating_what_was_removed_meanwhile_is_refused(store: Store) -> None:
    with pytest.raises(TrunklineError) as caught:
        saving.update(store, SALES, "pw")
    assert caught.value.code == "profile.unknown"
    assert secrets.get("sales") is None


def test_when_an_update_fails_the_former_password_is_back(store: Store) -> None:
    saved = saving.add(store, SALES, "pw")
    break_saving(store)
    with pytest.raises(TrunklineError):
        saving.update(store, replace(saved, host="x"), "new")
    assert (secrets.get("sales"), store.load()) == ("pw", (saved,))


def test_removing_forgets_every_secret(store: Store, memory_keyring: MemoryKeyring) -> None:
    saved = saving.add(store, SALES, "pw")
    saving.remove(store, saved)
    assert (store.load(), memory_keyring.kept) == ((), {})


def test_when_removing_fails_profile_and_secrets_are_as_before(
    store: Store, memory_keyring: MemoryKeyring
) -> None:
    saved = saving.add(store, SALES, "pw")
    before = dict(memory_keyring.kept)
    break_saving(store)
    with pytest.raises(TrunklineError):
        saving.remove(store, saved)
    assert (store.load(), memory_keyring.kept) == ((saved,), before)


@pytest.mark.parametrize("allowed", [0, 1])
def test_when_the_keyring_locks_while_removing_everything_is_as_before(
    store: Store, memory_keyring: MemoryKeyring, allowed: int
) -> None:
    saved = saving.add(store, SALES, "pw")
    before = dict(memory_keyring.kept)
    locked = Refusing(memory_keyring.kept, allowed)
    keyring.set_keyring(locked)
    with pytest.raises(TrunklineError):
        saving.remove(store, saved)
    assert (store.load(), locked.kept) == ((saved,), before)


def test_two_programs_do_not_add_at_the_same_time(store: Store, tmp_path: Path) -> None:
    other = Store(store.path, wait_s=0.05)
    with store.alone(), pytest.raises(TrunklineError) as caught:
        saving.add(other, SALES, "pw")
    assert caught.value.code == "store.busy"
