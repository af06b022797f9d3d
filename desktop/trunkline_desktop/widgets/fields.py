"""A labelled place to type, with a hint, and the words for what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from trunkline_desktop import icons
from trunkline_desktop.tokens import LABEL_GAP
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.text import Text, name_part, restyle


class Field(QWidget):
    """A label above a widget, and below it a hint or, in its place, the problem."""

    def __init__(
        self, label: str, widget: QWidget, hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "Field")
        self.widget, self._hint_words = widget, hint
        self.label = Text(label, "head", "text2")
        self.label.setBuddy(widget)
        widget.setAccessibleName(label)
        self._sign = IconLabel("warning-circle", "failed", 14)
        self._words = Text("", "caption", "text3", wraps=True)
        self._lay_out()
        self.set_problem("")

    @property
    def problem(self) -> str:
        """What is wrong with the value; "" when nothing is."""
        return self._words.text() if self.widget.property("problem") else ""

    def set_label(self, label: str) -> None:
        """Show another label."""
        self.label.setText(label)
        self.widget.setAccessibleName(label)

    def set_hint(self, hint: str) -> None:
        """Show another hint; a problem stays in its place."""
        self._hint_words = hint
        if not self.problem:
            self.set_problem("")

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong with the value, or take it back with ""."""
        restyle(self.widget, "problem", bool(sentence))
        self._sign.setVisible(bool(sentence))
        self._words.setText(sentence or self._hint_words)
        self._words.set_tone("failed" if sentence else "text3")
        self._words.setVisible(bool(sentence or self._hint_words))
        self.widget.setAccessibleDescription(sentence or self._hint_words)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(LABEL_GAP)
        column.addWidget(self.label)
        column.addWidget(self.widget)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._words, 1)
        column.addLayout(line)


class PasswordField(QLineEdit):
    """A line edit that shows dots; the eye shows what was typed while it is there.

    Signals:
        textChanged(str): as in any line edit.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "PasswordField")
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self._eye = QAction(icons.icon("eye"), self.tr("Show the password"), self)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._on_eye_toggled)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._eye.setVisible(False)
        self.textChanged.connect(self._on_text_changed)

    def _on_eye_toggled(self, is_shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password
        self.setEchoMode(mode)
        words = self.tr("Hide the password") if is_shown else self.tr("Show the password")
        self._eye.setText(words)
        self._eye.setIcon(icons.icon("eye-slash" if is_shown else "eye"))

    def _on_text_changed(self, text: str) -> None:
        self._eye.setVisible(bool(text))
        if not text:
            self._eye.setChecked(False)
