"""Nothing in the profile file is ever lost."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import STEPS, VERSION, Store, exactly, migrate

# A busy computer is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30)

SALES = Profile(id="sales", name="Sales", host="db.example.com")
REPORTS = Profile(id="reports", name="Web Reports")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "profiles.json")


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(TrunklineError) as caught:
        call(*arguments)
    return caught.value.code


def names_beside(store: Store) -> set[str]:
    return {path.name for path in store.path.parent.iterdir()}


def test_no_file_means_no_profiles(store: Store) -> None:
    assert store.load() == ()
    assert not store.path.exists()


def test_the_file_is_in_the_configuration_folder(home: Path) -> None:
    assert Store().path == home.resolve() / "config" / "profiles.json"


def test_saved_profiles_come_back_in_order(store: Store) -> None:
    store.save(SALES)
    store.save(REPORTS)
    assert store.load() == (SALES, REPORTS)


def test_saving_again_replaces_in_its_place(store: Store) -> None:
    store.save(SALES)
    store.save(REPORTS)
    changed = Profile(id="sales", name="Sales EU")
    store.save(changed)
    assert store.load() == (changed, REPORTS)


def test_a_removed_profile_is_gone_and_removing_it_again_does_nothing(store: Store) -> None:
    store.save(SALES)
    store.remove("sales")
    store.remove("sales")
    assert store.load() == ()


def test_the_file_is_versioned_and_holds_no_secret_field(store: Store) -> None:
    store.save(SALES)
    document = json.loads(store.path.read_text("utf-8"))
    assert document["version"] == VERSION
    assert not {"password", "token"} & set(document["profiles"][0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_this_user_may_read_the_file(store: Store) -> None:
    store.save(SALES)
    store.save(REPORTS)
    for name in ("profiles.json", "profiles.json.bak", "profiles.json.lock"):
        assert stat.S_IMODE((store.path.parent / name).stat().st_mode) == 0o600


def test_the_state_before_the_last_save_is_kept(store: Store) -> None:
    store.save(SALES)
    before = store.path.read_bytes()
    store.save(REPORTS)
    assert store.path.with_name("profiles.json.bak").read_bytes() == before


def test_unknown_keys_survive_a_save(store: Store) -> None:
    entry = {**SALES.as_json(), "colour": "red"}
    document = {"version": 1, "theme": "dark", "profiles": [entry, REPORTS.as_json()]}
    store.path.write_text(json.dumps(document))
    store.save(Profile(id="sales", name="New"))
    after = json.loads(store.path.read_text())
    assert (after["theme"], after["profiles"][0]["colour"]) == ("dark", "red")


def test_a_byte_order_mark_of_an_editor_is_accepted(store: Store) -> None:
    text = json.dumps({"version": 1, "profiles": [SALES.as_json()]})
    store.path.write_text(text, encoding="utf-8-sig")
    assert store.load() == (SALES,)


@unhurried
@given(st.lists(st.text(st.characters()), min_size=1, unique=True))
def test_any_text_comes_back(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "p.json")
        profiles = tuple(Profile(id=f"p{n}", name=name) for n, name in enumerate(names))
        for profile in profiles:
            store.save(profile)
        assert store.load() == profiles


# --- finding


def test_a_profile_is_found_by_id_or_by_name(store: Store) -> None:
    named_like_an_id = Profile(id="other", name="sales")
    store.save(named_like_an_id)
    assert store.get(" SALES ") == store.get("other") == named_like_an_id


def test_the_id_of_one_and_name_of_another_is_no_answer(store: Store) -> None:
    """After a database was renamed and another one got its name."""
    old, new = Profile(id="sales", name="Archive"), Profile(id="sales-2", name="Sales")
    store.save(new)
    store.save(old)
    with pytest.raises(TrunklineError) as caught:
        store.get("sales")
    assert caught.value.code == "profile.ambiguous"
    assert str(caught.value) == (
        "“sales” is the id of “Archive” and the name of “Sales”. "
        "Say id:sales for “Archive”, id:sales-2 for “Sales”."
    )
    assert store.get("archive") == store.get("id:sales") == store.by_id("sales") == old
    assert store.get("sales-2") == store.get("id:sales-2") == new


def test_two_that_changed_names_can_both_be_said(store: Store) -> None:
    for profile in (Profile(id="a", name="b"), Profile(id="b", name="a")):
        store.save(profile)
        assert store.get(exactly(profile.id)) == profile
    for word in "ab":
        with pytest.raises(TrunklineError, match="Say id:"):
            store.get(word)


def test_an_exact_id_is_no_name(store: Store) -> None:
    store.save(Profile(id="sales-2", name="Sales"))
    for find, word in ((store.get, "id:sales"), (store.by_id, "sales")):
        with pytest.raises(TrunklineError) as caught:
            find(word)
        assert str(caught.value) == (
            "There is no database with the id “sales”. The id of “Sales” is sales-2."
        )


def test_an_unknown_name_is_answered_with_the_nearest(store: Store) -> None:
    store.save(REPORTS)
    with pytest.raises(TrunklineError) as caught:
        store.get("web report")
    assert caught.value.code == "profile.unknown"
    assert caught.value.failure.hint == "Did you mean “Web Reports”?"


def test_an_unknown_name_in_an_empty_list_says_what_to_do(store: Store) -> None:
    with pytest.raises(TrunklineError, match="Add a database first"):
        store.get("x")


# --- versions


def test_a_file_without_a_version_becomes_version_1() -> None:
    assert migrate({"profiles": [], "x": 1}) == {"profiles": [], "x": 1, "version": 1}


def test_migrations_run_one_step_at_a_time_from_where_the_file_is() -> None:
    def to_2(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "version": 2, "seen": document["version"]}

    steps = (*STEPS, to_2)
    assert migrate({"version": 1}, steps) == {"version": 2, "seen": 1}
    assert migrate({}, steps) == {"version": 2, "seen": 1}
    assert migrate({"version": 2}, steps) == {"version": 2}


def test_a_dated_copy_is_kept_before_an_old_file_is_rewritten(store: Store) -> None:
    store.path.write_text(json.dumps({"profiles": [SALES.as_json()]}))
    before = store.path.read_bytes()
    store.save(REPORTS)
    assert store.load() == (SALES, REPORTS)
    kept = [name for name in names_beside(store) if ".version-0-" in name]
    assert [store.path.with_name(name).read_bytes() for name in kept] == [before]


def test_a_newer_file_is_refused_and_not_touched(store: Store) -> None:
    store.path.write_text('{"version": 99, "profiles": "something else by then"}')
    before = store.path.read_bytes()
    assert code_of(store.load) == "store.newer"
    assert code_of(store.save, SALES) == "store.newer"
    assert code_of(store.remove, "sales") == "store.newer"
    assert store.path.read_bytes() == before


# --- malformed files

MALFORMED = {
    '{"version": 1,\n "profiles": [}': "line 2, column 15",
    "": "line 1, column 1",
    "[]": "no JSON object",
    '{"version": "1", "profiles": []}': "“version”",
    '{"version": true, "profiles": []}': "“version”",
    '{"version": -1, "profiles": []}': "“version”",
    '{"version": 1, "profiles": {}}': "“profiles”",
    '{"version": 1, "profiles": [3]}': "Entry 1",
    '{"version": 1, "profiles": [{"id": "a"}]}': "“name” of entry 1",
    '{"version": 1, "profiles": [{"id":"a","name":"A","port":"abc"}]}': "“port” of entry 1, “A”",
    '{"version": 1, "profiles": [{"id":"a","name":"A"},{"id":"a","name":"B"}]}': "used twice",
    '{"version": 1, "profiles": [{"id":"a","name":"A","connect_timeout":NaN}]}': "not valid JSON",
    "[" * 100_000: "not valid JSON",
}


@pytest.mark.parametrize(("text", "said"), MALFORMED.items(), ids=range(len(MALFORMED)))
def test_a_malformed_file_is_explained_and_kept(store: Store, text: str, said: str) -> None:
    store.path.write_text(text)
    for call in (store.load, lambda: store.save(SALES), lambda: store.remove("a")):
        with pytest.raises(TrunklineError) as caught:
            call()
        assert caught.value.code == "store.malformed"
        assert said in caught.value.failure.title
        assert str(store.path) in caught.value.failure.title
    assert store.path.read_text() == text
    kept = [name for name in names_beside(store) if ".malformed-" in name]
    assert len(kept) == 1
    assert kept[0] in caught.value.failure.hint
    assert store.path.with_name(kept[0]).read_text() == text


def test_bytes_that_are_no_text_are_named_by_line_and_column(store: Store) -> None:
    store.path.write_bytes(b'{"version": 1,\n "x": "\xff"}')
    with pytest.raises(TrunklineError, match="line 2, column 8"):
        store.load()


def test_two_malformed_states_are_both_kept(store: Store) -> None:
    for number, text in enumerate(("{", "[{")):
        store.path.write_text(text)
        os.utime(store.path, (1_700_000_000, 1_700_000_000))
        assert code_of(store.load) == "store.malformed"
        kept = [name for name in names_beside(store) if ".malformed-" in name]
        assert len(kept) == number + 1


# --- places


@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a right to make links")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "p.json"
    real.parent.mkdir()
    link = tmp_path / "profiles.json"
    link.symlink_to(real)
    Store(link).save(SALES)
    Store(link).save(REPORTS)
    assert link.is_symlink()
    assert Store(real).load() == (SALES, REPORTS)


def test_a_folder_in_place_of_the_file_is_a_failure_in_words(store: Store) -> None:
    store.path.mkdir()
    assert code_of(store.load).startswith("store.")
    assert code_of(store.save, SALES).startswith("store.")


CHILD = """
import os, resource, sys
from pathlib import Path
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
import encodings.utf_8_sig, json
store = Store(Path(sys.argv[1]))
exec(sys.argv[2])
try:
    store.save(Profile(id="new", name="New", description="x" * 20_000))
except TrunklineError as exc:
    print(exc.code, "|", exc.failure)
else:
    print("saved")
"""


def child(path: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(path), code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for a file's size")
def test_a_full_disk_loses_nothing(store: Store) -> None:
    store.save(SALES)
    store.save(REPORTS)
    before = {path.name: path.read_bytes() for path in store.path.parent.iterdir()}
    said = child(store.path, "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))")
    assert said.stdout.startswith("store.full | ")
    after = {path.name: path.read_bytes() for path in store.path.parent.iterdir()}
    assert after == {**before, "profiles.json.bak": before["profiles.json"]}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows folders have no write bit")
def test_a_read_only_folder_is_said_and_can_still_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "profiles.json")
        store.save(SALES)
        store.path.chmod(0o644)
        folder.chmod(0o555)
        # The superuser may write anywhere, so the child gives that up after its imports.
        said = child(store.path, "os.getuid() or os.setuid(65534); assert store.load()")
        folder.chmod(0o755)
        assert said.stdout.startswith("store.read_only | ")
        assert store.load() == (SALES,)


# --- several writers


def test_a_second_writer_is_told_when_the_first_does_not_finish(store: Store) -> None:
    impatient = Store(store.path, wait_s=0.05)
    with atomic.locked(store.path.with_name("profiles.json.lock"), 1):
        assert code_of(impatient.save, SALES) == "store.busy"
    impatient.save(SALES)
    assert store.load() == (SALES,)


def test_reading_does_not_wait_for_a_writer(store: Store) -> None:
    store.save(SALES)
    with atomic.locked(store.path.with_name("profiles.json.lock"), 1):
        assert store.load() == (SALES,)


WRITER = """
import sys
from pathlib import Path
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
store = Store(Path(sys.argv[1]), wait_s=60)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store.save(Profile(id=f"{sys.argv[2]}-{number}", name=f"{sys.argv[2]} {number}"))
    print(number, flush=True)
"""


def writer(store: Store, name: str, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(store.path), name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline().strip() == b"ready"
    return process


def test_two_processes_writing_at_once_lose_no_update(store: Store) -> None:
    writers = [writer(store, name, 25) for name in ("a", "b")]
    for process in writers:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in writers:
        process.communicate(timeout=60)
    saved = {profile.id for profile in store.load()}
    assert saved == {f"{name}-{n}" for name in ("a", "b") for n in range(25)}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("after", [1, 3, 7])
def test_a_writer_killed_in_the_middle_loses_nothing(store: Store, after: int) -> None:
    process = writer(store, "k", 100_000)
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"go\n")
    process.stdin.flush()
    told = [int(process.stdout.readline()) for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert {f"k-{n}" for n in told} <= {profile.id for profile in store.load()}
    store.save(SALES)
    assert store.get("sales") == SALES


INTERRUPTED = """
import os, sys
from pathlib import Path
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
real = os.fsync
def fsync(descriptor):  # the file is written and has not yet its name
    real(descriptor)
    calls.append(descriptor)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
calls = []
os.fsync = fsync
Store(Path(sys.argv[1])).save(Profile(id="new", name="New"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_writer_killed_at_any_moment_of_a_save_leaves_a_whole_file(
    store: Store, moment: int
) -> None:
    store.save(SALES)
    command = [sys.executable, "-c", INTERRUPTED, str(store.path), str(moment)]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    assert SALES in store.load()
    store.save(REPORTS)
    assert {SALES, REPORTS} <= set(store.load())


def test_the_store_loads_little() -> None:
    code = (
        "import sys; import trunkline_server.profiles.store;"
        "print([m for m in ('keyring', 'asyncpg', 'fastmcp', 'difflib', 'platformdirs', 'dotenv',"
        " 'asyncio') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "[]"
