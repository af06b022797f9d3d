"""The real window with real settings files of AI apps, for the tests of their pages."""

from __future__ import annotations

import shiboken6
from PySide6.QtWidgets import QAbstractButton

from trunkline_desktop.controllers.main import Main
from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.clients import apps
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="shop", name="Shop", http_port=8766)


def opened(qtbot):
    """Return the window's controller once it has looked at the apps."""
    profiles = Profiles()
    made = Main(profiles, Supervisor(profiles))
    qtbot.waitUntil(lambda: bool(made._apps.facts))
    made.window.show()
    return made


def closed(qtbot, main):
    """Let what is under way end, then take the window away."""
    main._profiles.settle(5000)
    qtbot.waitUntil(lambda: not Job._under_way)
    shiboken6.delete(main.window)
    shiboken6.delete(main)


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
