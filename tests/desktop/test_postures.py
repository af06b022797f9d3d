"""The line about safety outlives the app, and tells about the login that was checked."""

from __future__ import annotations

import json
import sys

import pytest

from trunkline_desktop.jobs import Job
from trunkline_desktop.models.postures import Postures
from trunkline_server import folders
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile

SALES = Profile(id="sales", name="Sales", host="db.example", user="ada")
SAFE = "AI apps can read 42 tables and change nothing."
CHECK = """
import json, sys
sys.stdin.readline()
said = {"event": "stage", "stage": "posture", "state": "warned", "note": "It can write."}
print(json.dumps(said))
"""


def check_command():
    return (sys.executable, "-c", CHECK)


def kept(qtbot):
    qtbot.waitUntil(lambda: not Job._under_way)
    return folders.state() / "postures.json"


@pytest.fixture
def postures(home, memory_keyring, qtbot):
    secrets.put("sales", "s3cret")
    yield (made := Postures(command=check_command))
    kept(qtbot)
    made.deleteLater()


def test_it_is_known_after_a_restart(qtbot, postures):
    postures.remember(SALES, "ok", SAFE)
    kept(qtbot)
    found = Postures().of(SALES)
    assert (found.level, found.sentence) == ("ok", SAFE)


def test_another_login_has_none(postures):
    postures.remember(SALES, "ok", SAFE)
    assert postures.of(Profile(id="sales", name="Sales", host="db.example", user="bob")) is None


def test_a_database_that_was_never_checked_is_checked_once(qtbot, postures):
    with qtbot.waitSignal(postures.changed) as changed:
        postures.find_out(SALES)
    assert changed.args == ["sales"]
    assert (postures.of(SALES).level, postures.of(SALES).sentence) == ("attention", "It can write.")
    qtbot.waitUntil(lambda: not postures._check.is_running)
    with qtbot.assertNotEmitted(postures.changed):
        postures.find_out(SALES)


def test_no_secret_is_kept(qtbot, postures):
    postures.remember(SALES, "ok", SAFE)
    document = json.loads(kept(qtbot).read_text())
    assert set(document["profiles"]["sales"]) == {"login", "level", "sentence", "at"}
    assert "s3cret" not in kept(qtbot).read_text()


@pytest.mark.parametrize("text", ["", "[]", '{"profiles": {"sales": {"x": 1}}}', '{"profiles": 3}'])
def test_a_damaged_file_is_as_good_as_none(postures, text):
    (folders.state() / "postures.json").write_text(text)
    assert Postures().of(SALES) is None
