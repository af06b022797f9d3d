"""The icon in the panel, and everything that can be done without opening the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QRectF, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QActionGroup, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from trunkline_desktop import icons, mark, run_words
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.run_state import Run
from trunkline_desktop.status import paint_status
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import TRANSPORTS, Profile

Act = Callable[[], object]


class Tray(QObject):
    """Shows how the databases are and lets the person switch them.

    The menu is a native one and made anew each time it opens.

    Signals:
        open_wanted(): the window is to come forward.
        database_wanted(str): the window with the page of this profile.
        edit_wanted(str): the form of this profile, where its password can be typed.
        app_wanted(str): the window with the panel of this AI app.
        quit_wanted(): end the app.
    """

    open_wanted = Signal()
    database_wanted = Signal(str)
    edit_wanted = Signal(str)
    app_wanted = Signal(str)
    quit_wanted = Signal()

    def __init__(
        self, profiles: Profiles, supervisor: Supervisor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._profiles, self._supervisor = profiles, supervisor
        self._shown: tuple[mark.State, bool] | None = None
        self._gone: dict[str, str] = {}
        self.menu = QMenu()
        self.menu.setObjectName("trayMenu")
        self.menu.aboutToShow.connect(self._on_menu_opens)
        self._icon = QSystemTrayIcon(self)
        self._icon.setObjectName("tray")
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._on_activated)
        self._icon.messageClicked.connect(self._on_message_clicked)
        profiles.changed.connect(self.refresh)
        supervisor.changed.connect(self.refresh)
        self.refresh()

    @property
    def tool_tip(self) -> str:
        """What the icon says under the pointer."""
        return self._icon.toolTip()

    @property
    def state(self) -> mark.State:
        """The state the icon shows."""
        is_well = not self._profiles.problem and not self._gone
        return icon_state(self._supervisor.runs().values(), is_well=is_well)

    @staticmethod
    def is_available() -> bool:
        """Whether this desktop has a place for the icon."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Put the icon into the panel."""
        self._icon.show()
        QTimer.singleShot(0, self, self._on_menu_opens)  # some panels ask for it before it opens

    def hide(self) -> None:
        """Take the icon out of the panel."""
        self._icon.hide()

    def say(self, title: str, text: str = "") -> None:
        """Show a notification, if this desktop has them."""
        if self._icon.isVisible() and self._icon.supportsMessages():
            self._icon.showMessage(title, text, self._icon.icon())

    def show_gone(self, apps: Mapping[str, str]) -> None:
        """Show which AI apps have lost our entry: their names by id."""
        self._gone = dict(apps)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the state as it is now."""
        wanted = (self.state, is_panel_dark())
        if wanted != self._shown:
            self._shown = wanted
            self._icon.setIcon(mark.tray_icon(wanted[0], dark_panel=wanted[1]))
        self._icon.setToolTip("\n".join(self._lines()))

    def _lines(self) -> Iterable[str]:
        runs = self._supervisor.runs()
        on = sum(run.state == "on" for run in runs.values())
        yield self.tr("Trunkline: {on} of {all} databases on").format(on=on, all=len(runs))
        yield from self._troubles()

    def _troubles(self) -> Iterable[str]:
        if problem := self._profiles.problem:
            yield problem.title
        for name in self._gone.values():
            yield self._gone_words(name)
        for profile in self._profiles.all:
            if failure := _trouble(self._supervisor.run(profile.id)):
                yield trouble_words(profile, failure)

    # The menu

    @Slot()
    def _on_menu_opens(self) -> None:
        self.menu.clear()
        for submenu in self.menu.findChildren(QMenu):
            submenu.deleteLater()
        self._add_file_trouble()
        self._add_gone()
        for profile in self._profiles.all:
            self._add_trouble(profile)
        for profile in self._profiles.all:
            self._add_database(profile)
        self.menu.addSeparator()
        self._add(self.menu, "app-window", self.tr("Open Trunkline"), "open", self.open_wanted.emit)
        self.menu.addSeparator()
        self._add(self.menu, "power", self.tr("Quit"), "quit", self.quit_wanted.emit)

    def _add_file_trouble(self) -> None:
        if problem := self._profiles.problem:
            self._add_title(_status_icon("attention"), problem.title)
            self._add(self.menu, "", self.tr("Show…"), "showProblem", self.open_wanted.emit)
            self.menu.addSeparator()

    def _add_gone(self) -> None:
        for app_id, name in self._gone.items():
            show = partial(self.app_wanted.emit, app_id)
            self._add_title(_status_icon("attention"), self._gone_words(name))
            self._add(self.menu, "", self.tr("Put it back…"), f"putBack-{app_id}", show)
            self.menu.addSeparator()

    def _gone_words(self, name: str) -> str:
        return self.tr("{app}: its entry is gone").format(app=name)

    def _add_trouble(self, profile: Profile) -> None:
        run = self._supervisor.run(profile.id)
        if failure := _trouble(run):
            self._add_title(_status_icon(run_words.status(run)), trouble_words(profile, failure))
            self._add_remedy(profile, failure)
            self.menu.addSeparator()

    def _add_title(self, icon: QIcon, text: str) -> None:
        action = self.menu.addAction(icon, _plain(text))
        font = action.font()
        font.setBold(True)
        action.setFont(font)
        action.triggered.connect(self.open_wanted)

    def _add_remedy(self, profile: Profile, failure: Failure) -> None:
        if failure.code == "login.password":
            text, act = self.tr("Type the password…"), self.edit_wanted
            self._add(self.menu, "", text, "typePassword", partial(act.emit, profile.id))
        else:
            start = partial(self._supervisor.restart, profile.id)
            self._add(self.menu, "", self.tr("Try again"), "tryAgain", start)

    def _add_database(self, profile: Profile) -> None:
        run = self._supervisor.run(profile.id)
        title = f"{run_words.shortened(profile.name, 40)}  ({run_words.state(run)})"
        menu = QMenu(_plain(title), self.menu)
        menu.setObjectName(f"database-{profile.id}")
        menu.setIcon(_status_icon(run_words.status(run)))
        self.menu.addMenu(menu)
        self._add_switch(menu, profile, run)
        menu.addSeparator()
        self._add_transports(menu, profile, run)
        menu.addSeparator()
        self._add_rest(menu, profile, run)

    def _add_switch(self, menu: QMenu, profile: Profile, run: Run) -> None:
        if run.wanted:
            off = partial(self._supervisor.switch_off, profile.id)
            self._add(menu, "stop", self.tr("Switch off"), "switchOff", off)
        else:
            on = partial(self._supervisor.switch_on, profile.id)
            self._add(menu, "play", self.tr("Switch on"), "switchOn", on)

    def _add_transports(self, menu: QMenu, profile: Profile, run: Run) -> None:
        group = QActionGroup(menu)
        for transport in TRANSPORTS:
            action = menu.addAction(run_words.TRANSPORTS[transport])
            action.setObjectName(transport)
            action.setCheckable(True)
            action.setChecked(transport == (run.wanted or profile.transport))
            switch = partial(self._supervisor.switch_transport, profile.id, transport)
            action.triggered.connect(_without_argument(switch))
            group.addAction(action)

    def _add_rest(self, menu: QMenu, profile: Profile, run: Run) -> None:
        if run.url:
            copy = partial(QGuiApplication.clipboard().setText, run.url)
            self._add(menu, "copy", self.tr("Copy address"), "copyAddress", copy)
        show = partial(self.database_wanted.emit, profile.id)
        self._add(menu, "app-window", self.tr("Open"), "openDatabase", show)

    def _add(self, menu: QMenu, icon: str, text: str, name: str, act: Act) -> None:
        action = menu.addAction(icons.icon(icon, "text") if icon else QIcon(), text)
        action.setObjectName(name)
        action.triggered.connect(_without_argument(act))

    @Slot()
    def _on_message_clicked(self) -> None:
        """A message may have told of an app; then that is what the person wants to see."""
        if self._gone:
            self.app_wanted.emit(next(iter(self._gone)))
        else:
            self.open_wanted.emit()

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        # On macOS a click opens the menu already.
        if reason == QSystemTrayIcon.ActivationReason.Trigger and sys.platform != "darwin":
            self.open_wanted.emit()


def icon_state(runs: Iterable[Run], *, is_well: bool = True) -> mark.State:
    """Return what the foot of the mark says: the worst of all runs, else whether any is on.

    ``is_well`` says that there is no trouble besides.
    """
    found = {run_words.status(run) for run in runs}
    if "failed" in found:
        return "failed"
    if not is_well or "attention" in found:
        return "attention"
    if "starting" in found:
        return "starting"
    return "on" if "on" in found else "nothing"


def trouble_words(profile: Profile, failure: Failure) -> str:
    """Return a trouble in one line, such as "Support: password refused"."""
    words = run_words.short(failure.code)
    return f"{profile.name}: {words[:1].lower()}{words[1:]}"


def is_panel_dark() -> bool:
    """Whether the panel is dark, which is not the same question as the app's theme."""
    if sys.platform == "win32":
        return _is_windows_taskbar_dark()
    desktop = os.environ.get("XDG_CURRENT_DESKTOP", "").upper()
    if "GNOME" in desktop or "UNITY" in desktop:
        return True  # the top bar is black in both appearances
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def _is_windows_taskbar_dark() -> bool:
    key = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    settings = QSettings(key, QSettings.Format.NativeFormat)
    return not settings.value("SystemUsesLightTheme", 1, int)


def _trouble(run: Run) -> Failure | None:
    return run.failure if run_words.status(run) in {"failed", "attention"} else None


def _plain(text: str) -> str:
    return text.replace("&", "&&")  # a menu would underline the next letter


def _without_argument(act: Act) -> Callable[[bool], object]:
    return lambda _: act()  # triggered says whether it is checked


def _status_icon(status: run_words.Status) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(2)
    painter = QPainter(pixmap)
    paint_status(painter, QRectF(2, 2, 12, 12), status)
    painter.end()
    return QIcon(pixmap)
