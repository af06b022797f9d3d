"""A person's eyes and hand: finds what is on the screen, moves the real pointer, types real keys.

The person lives in a thread of the app's process, looks through the GUI thread, and acts through
the X server only, so that every click takes the way a click takes.
"""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QWidget

PATIENCE_S = 30.0
LOOK_AGAIN_S = 0.03

T = TypeVar("T")


class Hand(QObject):
    """Finds widgets by ``objectName`` and works them through ``xdotool``."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._pause = threading.Event()
        self._asked.connect(self._on_asked, Qt.ConnectionType.QueuedConnection)

    def look(self, question: Callable[[], T]) -> T:
        """Return the answer of ``question``, asked on the GUI thread."""
        answers: queue.Queue[Any] = queue.Queue()
        self._asked.emit((question, answers))
        answer = answers.get(timeout=PATIENCE_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @Slot(object)
    def _on_asked(self, asked: tuple[Callable[[], object], queue.Queue[object]]) -> None:
        question, answers = asked
        try:
            answers.put(question())
        except Exception as exc:  # noqa: BLE001  it is raised again in the person's thread
            answers.put(exc)

    def until(self, is_true: Callable[[], T], what: str) -> T:
        """Look at the app until ``is_true``; a person does not wait for ever."""
        return self.wait(lambda: self.look(is_true), what)

    def wait(self, is_true: Callable[[], T], what: str) -> T:
        """Wait for something outside the app; asked in the person's own thread."""
        deadline = monotonic() + PATIENCE_S
        while not (seen := is_true()):
            assert monotonic() < deadline, f"waited in vain: {what}"
            self._pause.wait(LOOK_AGAIN_S)
        return seen

    def see(self, name: str) -> QWidget:
        """Return the one visible, enabled widget of this name, once it is there."""
        return self.until(lambda: _visible(name), f"no {name} to be seen")

    def click(self, name: str) -> None:
        """Click the middle of a widget."""
        widget = self.see(name)
        self._click_at(self.look(lambda: _middle(widget)))

    def tray(self, button: int = 1) -> None:
        """Click the tray icon; button 3 opens its menu."""
        place = self.until(_tray_place, "no tray icon to be seen")
        self._click_at(place.center(), button)

    def choose(self, name: str) -> None:
        """Click an entry of the open tray menu."""
        self._click_at(self.until(lambda: _entry_place(name), f"no menu entry {name}"))

    def key(self, *keys: str) -> None:
        """Press keys, by their X names: ``ctrl+v``, ``Return``."""
        _xdotool("key", *keys)

    def write(self, text: str) -> None:
        """Type text where the focus is."""
        _xdotool("type", "--delay", "2", text)

    def picture(self, path: Path) -> None:
        """Keep what the screen shows."""
        subprocess.run(["import", "-window", "root", str(path)], check=True)

    def _click_at(self, place: QPoint, button: int = 1) -> None:
        _xdotool("mousemove", str(place.x()), str(place.y()), "click", str(button))


def _visible(name: str) -> QWidget | None:
    found = [
        widget
        for widget in QApplication.allWidgets()
        if widget.objectName() == name
        and widget.isVisible()
        and widget.isEnabled()
        and not widget.visibleRegion().isEmpty()
    ]
    return found[0] if len(found) == 1 else None


def _middle(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(widget.visibleRegion().boundingRect().center())


def _tray_place() -> QRect | None:
    # The window Qt docks into the tray goes by this name.
    docked = [w for w in QApplication.topLevelWidgets() if w.objectName() == "QSystemTrayIconSys"]
    return docked[0].geometry() if docked and docked[0].isVisible() else None


def _entry_place(name: str) -> QPoint | None:
    menu = QApplication.activePopupWidget()
    if not isinstance(menu, QMenu):
        return None
    action = menu.findChild(QAction, name)
    return menu.mapToGlobal(menu.actionGeometry(action).center()) if action else None


def _xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, timeout=PATIENCE_S)
