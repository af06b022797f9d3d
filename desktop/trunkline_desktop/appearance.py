"""Puts the theme on the application: palette, style sheet and style, following the system."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from trunkline_desktop import theme
from trunkline_desktop.qss import TEMPLATE
from trunkline_desktop.style import TrunklineStyle
from trunkline_desktop.tokens import DARK, FONT_ROLES, LIGHT, Tokens, high_contrast

Appearance = Literal["system", "light", "dark"]


class Theme(QObject):
    """Keeps the application in the colours the system, or the person, asks for.

    Signals:
        changed(Tokens): another scheme was applied; repaint whatever is kept as an image.
    """

    changed = Signal(object)

    def __init__(self, app: QApplication, appearance: Appearance = "system") -> None:
        super().__init__(app)
        self._app = app
        self._hints = QGuiApplication.styleHints()
        self._hints.colorSchemeChanged.connect(self._on_scheme_changed)
        self._hints.accessibility().contrastPreferenceChanged.connect(self._on_scheme_changed)
        app.installEventFilter(self)
        self._appearance: Appearance = appearance
        self.set_appearance(appearance)

    @property
    def appearance(self) -> Appearance:
        """What the person chose: "system", "light" or "dark"."""
        return self._appearance

    def set_appearance(self, appearance: Appearance) -> None:
        """Follow the system, or stay light or dark; acts at once."""
        self._appearance = appearance
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            appearance, Qt.ColorScheme.Unknown
        )
        self._hints.setColorScheme(scheme)  # window frames and file pickers follow too
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Scale everything again when the system's text size changes."""
        if watched is self._app and event.type() == QEvent.Type.ApplicationFontChange:
            self._refresh()
        return False

    def wanted(self) -> Tokens:
        """Return the tokens for the choice, the system's scheme and its contrast preference."""
        is_dark = self._appearance == "dark" or (
            self._appearance == "system" and self._hints.colorScheme() == Qt.ColorScheme.Dark
        )
        chosen = DARK if is_dark else LIGHT
        preference = self._hints.accessibility().contrastPreference()
        is_strong = preference == Qt.ContrastPreference.HighContrast
        return high_contrast(chosen) if is_strong else chosen

    def _on_scheme_changed(self) -> None:
        self._refresh()

    def _refresh(self) -> None:
        tokens = self.wanted()
        apply(self._app, tokens)
        self.changed.emit(tokens)


def apply(app: QApplication, tokens: Tokens) -> None:
    """Show the application in ``tokens``; repeating the same call costs nothing."""
    key = (tokens, app.font().toString())
    if app.property("trunkline_applied") == key:
        return
    app.setProperty(theme.TOKENS, tokens)
    app.setProperty("trunkline_applied", key)
    if app.property("trunkline_style") is None:
        app.setProperty("trunkline_style", True)
        app.setStyle(TrunklineStyle())
    app.setPalette(palette(tokens))
    app.setStyleSheet(style_sheet(tokens, app.font()))


def palette(tokens: Tokens) -> QPalette:
    """Return the palette for everything the style sheet does not reach."""
    found = QPalette()
    for role, name in _PALETTE.items():
        found.setColor(role, QColor(getattr(tokens, name)))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        found.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text3))
    return found


def style_sheet(tokens: Tokens, base: QFont) -> str:
    """Return the style sheet: the template with colours, sizes and families filled in."""
    filled = {f.name: str(getattr(tokens, f.name)) for f in fields(tokens)}
    for role, (ratio, weight) in FONT_ROLES.items():
        filled[f"font_{role}"] = (
            f"font-size: {theme.points(base, ratio):.2f}pt; font-weight: {weight};"
        )
    filled["mono"] = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    filled["code_small"] = f"font-size: {theme.points(base, 0.85):.2f}pt;"
    return TEMPLATE.substitute(filled)


_ROLE = QPalette.ColorRole
_PALETTE = {
    _ROLE.Window: "window",
    _ROLE.WindowText: "text",
    _ROLE.Base: "surface",
    _ROLE.AlternateBase: "sunken",
    _ROLE.Text: "text",
    _ROLE.BrightText: "text",
    _ROLE.PlaceholderText: "text3",
    _ROLE.Button: "surface",
    _ROLE.ButtonText: "text",
    _ROLE.Highlight: "accent",
    _ROLE.HighlightedText: "on_accent",
    _ROLE.Accent: "accent",
    _ROLE.Link: "accent",
    _ROLE.LinkVisited: "accent",
    _ROLE.ToolTipBase: "surface",
    _ROLE.ToolTipText: "text",
    _ROLE.Light: "surface",
    _ROLE.Midlight: "border",
    _ROLE.Mid: "border",
    _ROLE.Dark: "control",
    _ROLE.Shadow: "control",
}
