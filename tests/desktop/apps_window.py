"""The real window with real settings files of AI apps, for the tests of their pages."""

from __future__ import annotations

import shiboken6
from PySide6.QtWidgets import QAbstractButton

from trunkline_desktop.controllers.main import Main
from trunkline_desktop.following import Following
from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.clients import apps
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="shop", name="Shop", http_port=8766)


def live_in(folder, monkeypatch):
    """Let ``folder`` be the person's home on every system, and save both databases."""
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(folder))
    for profile in (SALES, SHOP):
        Store().save(profile)


def opened(qtbot):
    """Return the window's controller once it has looked at the apps."""
    profiles = Profiles()
    supervisor = Supervisor(profiles)
    following = Following(profiles, supervisor)
    made = Main(profiles, supervisor, following)
    following.followed.connect(made.tell_followed)
    following.failed.connect(made.tell)
    qtbot.waitUntil(lambda: bool(made._apps.facts))
    made.window.show()
    return made


def closed(qtbot, main):
    """Let what is under way end, then take the window away."""
    end_jobs(qtbot, main._profiles, main._following)
    for one in (main.window, main, main._following, main._supervisor, main._profiles):
        shiboken6.delete(one)


def end_jobs(qtbot, *owners):
    """Let every job end and tell."""
    for owner in owners:
        owner.settle(5000)
    qtbot.waitUntil(lambda: not Job._under_way)


def seen(main, name):
    """Return the button of this name."""
    found = main.window.findChild(QAbstractButton, name)
    assert found is not None
    return found


def planned(qtbot, main):
    """Return the button that changes the file, once it can be pressed."""
    button = seen(main, "changeFile")
    qtbot.waitUntil(button.isEnabled)
    return button
