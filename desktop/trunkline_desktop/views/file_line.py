"""One line that names a file and shows it in its folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QWidget

from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.flush import flush
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.shapes import IconLabel


class FileLine(QWidget):
    """The name of a file; the tool tip says where it is.

    Object names: ``showInFolder``.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = Path()
        self._name = Elided("", "caption", "text2", is_name=True)
        show = Button(self.tr("Show in folder"), "link", small=True)
        show.setObjectName("showInFolder")
        show.clicked.connect(self._on_show)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("file-text"))
        row.addWidget(self._name)
        row.addStretch(1)
        row.addWidget(flush(show))

    def set_path(self, path: str) -> None:
        """Name another file."""
        self._path = Path(path)
        self._name.set_whole(self._path.name)
        self._name.setToolTip(path)

    @Slot()
    def _on_show(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))
