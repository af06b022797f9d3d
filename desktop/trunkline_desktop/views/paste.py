"""The field that takes whatever connection text a person was given, and hides its password."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtGui import QColor, QInputMethodEvent, QTextCharFormat
from PySide6.QtWidgets import QLineEdit, QWidget

from trunkline_desktop import theme
from trunkline_desktop.views.masking import DOTS, masked
from trunkline_server.profiles import dsn
from trunkline_server.profiles.dsn import BadDsn, Parsed


class PasteField(QLineEdit):
    """One line that is read while it changes; ``objectName`` is ``pasteField``.

    The password leaves the visible text as soon as the text is understood. It is kept here until
    the text no longer shows its dots, so correcting a typo next to it does not lose it.

    Signals:
        understood(Parsed): the text now reads as a connection; the password is the real one.
        misunderstood(BadDsn): the text cannot be read; sent when it was pasted or left.
        emptied(): nothing is left in the field.
    """

    understood = Signal(object)
    misunderstood = Signal(object)
    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pasteField")
        self.setPlaceholderText("postgresql://…")
        self.setAccessibleName(self.tr("Paste what you were given"))
        self.setProperty("tall", True)
        self._password: str | None = None
        self._before = ""
        self._complaint: BadDsn | None = None
        self.textChanged.connect(self._on_changed)
        self.editingFinished.connect(self._on_left)

    def parsed(self) -> Parsed:
        """Return what the text says, with the real password. Raises ``BadDsn``."""
        found = dsn.parse(self.text())
        return replace(found, password=self._password) if found.password == DOTS else found

    @property
    def complaint(self) -> BadDsn | None:
        """Why the text is not understood, when that has been said."""
        return self._complaint

    @Slot(str)
    def _on_changed(self, text: str) -> None:
        was_pasted = len(text) - len(self._before) > 1
        self._before = text
        if not text.strip():
            self._forget()
            self.emptied.emit()
            return
        self._read(say=was_pasted or self._complaint is not None)

    @Slot()
    def _on_left(self) -> None:
        if not self.text().strip():
            return
        try:
            self.parsed()  # what is understood was told when it was typed
        except BadDsn as problem:
            self._complain(problem)

    def _read(self, *, say: bool) -> None:
        try:
            found = self.parsed()
        except BadDsn as problem:
            if say:
                self._complain(problem)
            return
        self._complaint = None
        if found.password and found.password != DOTS:
            self._hide(found)
        self.understood.emit(found)

    def _complain(self, problem: BadDsn) -> None:
        self._complaint = problem
        self._mark(problem.position)
        self.misunderstood.emit(problem)

    def _hide(self, found: Parsed) -> None:
        password = found.password or ""
        hidden = masked(self.text(), password, _password_of) or _rewritten(found)
        self._password = password
        if hidden != self.text():
            self._show(hidden)
            self.home(False)  # the start says where it leads to

    def _show(self, text: str) -> None:
        self.blockSignals(True)
        self.setText(text)
        self.blockSignals(False)
        self._before = text

    def _forget(self) -> None:
        self._password = None
        self._complaint = None

    def _mark(self, position: int) -> None:
        """Underline the place that is not understood, without moving the cursor."""
        wave = QTextCharFormat()
        wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        wave.setUnderlineColor(QColor(theme.current().failed))
        start = min(position, max(len(self.text()) - 1, 0))
        kind = QInputMethodEvent.AttributeType.TextFormat
        length = max(len(self.text()) - start, 1)
        place = QInputMethodEvent.Attribute(kind, start - self.cursorPosition(), length, wave)
        self.blockSignals(True)
        QCoreApplication.sendEvent(self, QInputMethodEvent("", [place]))
        self.blockSignals(False)


def _password_of(text: str) -> str | None:
    try:
        return dsn.parse(text).password
    except BadDsn:
        return None


def _rewritten(found: Parsed) -> str:
    """Return a URL that says the same as ``found`` without its password."""
    values = {"user": "", "host": "", "port": 5432, "database": "", **found.fields}
    place = "{user}:" + DOTS + "@{host}:{port}/{database}"
    return "postgresql://" + place.format(**values)
