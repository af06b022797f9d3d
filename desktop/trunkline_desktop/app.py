"""The tray app: builds every object, makes every connection, and ends all of it together."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from trunkline_desktop import appearance, display, jobs
from trunkline_desktop.following import Followed, Following
from trunkline_desktop.guarding import Guard
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.process import GRACE_MS
from trunkline_desktop.signals import TerminalSignals
from trunkline_desktop.single_instance import SingleInstance
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.tray import Tray
from trunkline_server.errors import EXIT_FAILED, Failure, TrunklineError

if TYPE_CHECKING:
    from trunkline_desktop.controllers.main import Main
    from trunkline_server.clients.upkeep.vanished import Vanished

NO_DISPLAY = "There is no screen for the tray app. Run “trunkline demo” to try it in this terminal."
_LAST_MS = GRACE_MS + 1000
_WHOLE_MS = 20_000  # for an AI app that was quit to be started again
_GUARD_MS = 3000  # when everything else has started


class App(QObject):
    """Everything between the start and the end of the tray app.

    Signals:
        ended(): every server has ended; the program may.
    """

    ended = Signal()

    def __init__(self, qt: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = appearance.Theme(qt)
        self.profiles = Profiles(parent=self)
        self.supervisor = Supervisor(self.profiles, self)
        self.guard = Guard(self)
        self.following = Following(self.profiles, self.supervisor, self)
        self.tray = Tray(self.profiles, self.supervisor, self)
        self._window: Main | None = None
        self._has_said_hidden = False
        self._is_ending = False
        self._connect()

    @property
    def is_ending(self) -> bool:
        """Whether :meth:`quit` was called."""
        return self._is_ending

    def start(self) -> None:
        """Show the icon, start what was on, and the window when the person has to do something."""
        if Tray.is_available():
            self.tray.show()
        if not Tray.is_available() or not self.profiles.all or self.profiles.problem:
            self.open_window()
        self.supervisor.start_switched_on()
        QTimer.singleShot(_GUARD_MS, self, self.guard.look)

    @Slot()
    def open_window(self) -> None:
        """Bring the window forward; it is built the first time."""
        if not self._is_ending:
            self.window().come_forward()

    def window(self) -> Main:
        """Return the window, built on demand: most starts never show it."""
        if self._window is None:
            from trunkline_desktop.controllers.main import Main  # views load when wanted

            self._window = Main(self.profiles, self.supervisor, self.following, self)
            self._window.closed.connect(self._on_window_closed)
        return self._window

    @Slot()
    def quit(self) -> None:
        """Stop every server, then end; servers that do not listen are killed."""
        if self._is_ending:
            return
        self._is_ending = True
        self.tray.hide()
        if self._window:
            self._window.hide()
        QTimer.singleShot(_LAST_MS, self, self.supervisor.kill_all)
        self.supervisor.stop_all()

    def _connect(self) -> None:
        self.tray.open_wanted.connect(self.open_window)
        self.tray.database_wanted.connect(self._on_database_wanted)
        self.tray.edit_wanted.connect(self._on_edit_wanted)
        self.tray.app_wanted.connect(self._on_app_wanted)
        self.tray.quit_wanted.connect(self.quit)
        self.theme.changed.connect(self.tray.refresh)
        self.supervisor.said.connect(self._on_said)
        self.supervisor.all_off.connect(self.ended)
        self.profiles.failed.connect(self._on_not_saved)
        self.following.followed.connect(self._on_followed)
        self.following.failed.connect(self._on_said)
        self.guard.vanished.connect(self._on_vanished)
        self.guard.changed.connect(self._on_gone_changed)
        self.guard.touched.connect(self._on_files_touched)

    @Slot(str)
    def _on_database_wanted(self, profile_id: str) -> None:
        self.open_window()
        self.window().show_database(profile_id)

    @Slot(str)
    def _on_edit_wanted(self, profile_id: str) -> None:
        self.open_window()
        self.window().show_form(profile_id)

    @Slot(str)
    def _on_app_wanted(self, app_id: str) -> None:
        self.open_window()
        self.window().show_app(app_id)

    @Slot(object)
    def _on_vanished(self, gone: Vanished) -> None:
        title = self.tr("Trunkline’s entry is gone from the settings of {app}.")
        self.tray.say(title.format(app=gone.app.name), self.tr("Open Trunkline to put it back."))

    @Slot()
    def _on_gone_changed(self) -> None:
        self.tray.show_gone({gone.app.id: gone.app.name for gone in self.guard.gone})

    @Slot()
    def _on_files_touched(self) -> None:
        if self._window:
            self._window.refresh_apps()

    @Slot(str, object)
    def _on_said(self, profile_id: str, words: Failure | str) -> None:
        profile = self.profiles.get(profile_id)
        name = profile.name if profile else profile_id
        is_seen = self._window is not None and self._window.is_visible
        if self._window:
            self._window.tell(profile_id, words)
        if isinstance(words, str) or not is_seen:
            self.tray.say(name, str(words))

    @Slot(object)
    def _on_followed(self, done: Followed) -> None:
        """A window that is seen offers the way back; a port that was taken was told already."""
        if self._window:
            self._window.tell_followed(done)
        if done.can_go_back and not (self._window and self._window.is_visible):
            self.tray.say(done.after.name, done.words)

    @Slot(object)
    def _on_not_saved(self, failure: Failure) -> None:
        self.tray.say(failure.title, failure.hint)
        if self._window:
            self._window.tell("", failure)

    @Slot()
    def _on_window_closed(self) -> None:
        """Without a tray the window is the app; with one, closing only hides it."""
        if not Tray.is_available():
            self.quit()
        elif not self._has_said_hidden:
            self._has_said_hidden = True
            self.tray.say(
                self.tr("Trunkline keeps running"),
                self.tr("Your databases stay on. Quit from this icon."),
            )


def main() -> int:
    """Run the tray app; return its exit code."""
    if not display.is_there():
        sys.stderr.write(f"{NO_DISPLAY}\n")
        return EXIT_FAILED
    qt = _application()
    try:
        instance = SingleInstance()
        if not instance.claim():
            return 0
        app = App(qt)
    except TrunklineError as exc:
        sys.stderr.write(f"{exc.failure}\n")
        return EXIT_FAILED
    return _run(qt, app, instance)


def _run(qt: QApplication, app: App, instance: SingleInstance) -> int:
    terminal = TerminalSignals(app)
    terminal.asked_to_end.connect(app.quit)
    instance.raised.connect(app.open_window)
    qt.commitDataRequest.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    app.ended.connect(qt.quit)
    QTimer.singleShot(0, app, app.start)
    QTimer.singleShot(0, instance, instance.listen)
    code = qt.exec()
    _leave(app)
    instance.release()
    sys.stdout.flush()
    sys.stderr.flush()
    # A job may still wait for an unlock prompt nobody answers; Qt would wait for it for ever.
    os._exit(code)


def _leave(app: App) -> None:
    if "trunkline_server.sample" in sys.modules:
        from trunkline_server import sample

        jobs.start(sample.stop)
    app.profiles.settle(1000)
    app.following.settle(1000)
    jobs.settle(3000)
    jobs.settle_whole(_WHOLE_MS)


def _application() -> QApplication:
    QGuiApplication.setDesktopFileName("trunkline")
    qt = QApplication.instance() or QApplication(["trunkline"])
    assert isinstance(qt, QApplication)  # noqa: S101  nothing else is made in this program
    qt.setApplicationName("trunkline")
    qt.setApplicationDisplayName("Trunkline")
    qt.setQuitOnLastWindowClosed(False)
    return qt
