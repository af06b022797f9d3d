"""How the tokens reach the screen: palette, style sheet, fonts, and following the system."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal, cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from trunkline_desktop import tokens as values
from trunkline_desktop.qss import TEMPLATE
from trunkline_desktop.tokens import DARK, FONT_ROLES, LIGHT, FontRole, Tokens, high_contrast

Appearance = Literal["system", "light", "dark"]

_TOKENS, _REDUCED = "trunkline_tokens", "trunkline_reduced_motion"
_SMALLEST_PX = 11


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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
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
    from trunkline_desktop.style import TrunklineStyle  # it paints with this module

    key = (tokens, app.font().toString())
    if app.property("trunkline_applied") == key:
        return
    app.setProperty(_TOKENS, tokens)
    app.setProperty("trunkline_applied", key)
    if app.property("trunkline_style") is None:
        app.setProperty("trunkline_style", True)
        app.setStyle(TrunklineStyle())
    app.setPalette(palette(tokens))
    app.setStyleSheet(style_sheet(tokens, app.font()))


def current() -> Tokens:
    """Return the tokens the application shows; light before the first :func:`apply`."""
    app = QApplication.instance()
    found = app.property(_TOKENS) if app is not None else None
    return found if isinstance(found, Tokens) else LIGHT


def color(name: str) -> QColor:
    """Return a colour by its token's name, such as ``text2`` or ``running_soft``."""
    return QColor(cast("str", getattr(current(), name)))


def font(role: FontRole, base: QFont | None = None) -> QFont:
    """Return the font of a role, scaled from the system font; never under 11 pixels."""
    start = base if base is not None else QApplication.font()
    ratio, weight = FONT_ROLES[role]
    found = QFont(start)
    if role == "code":
        found.setFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    found.setPointSizeF(_points(start, ratio))
    found.setWeight(QFont.Weight(weight))
    return found


def set_reduced_motion(*, reduced: bool) -> None:
    """Switch animation off for people who asked Trunkline rather than their system."""
    app = QApplication.instance()
    if app is not None:
        app.setProperty(_REDUCED, reduced)


def is_motion_reduced() -> bool:
    """Whether nothing may move, by the system's preference or our own setting."""
    app = QApplication.instance()
    if app is not None and app.property(_REDUCED):
        return True
    hints = QGuiApplication.styleHints()  # PySide drops what it gave out when this goes
    return hints.accessibility().motionPreference() == Qt.MotionPreference.ReducedMotion


def motion_ms(duration_ms: int = values.MOTION_MS) -> int:
    """Return how long an animation may take: ``duration_ms``, or 0 with reduced motion."""
    return 0 if is_motion_reduced() else duration_ms


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
        filled[f"font_{role}"] = f"font-size: {_points(base, ratio):.2f}pt; font-weight: {weight};"
    filled["mono"] = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    filled["code_small"] = f"font-size: {_points(base, 0.85):.2f}pt;"
    return TEMPLATE.substitute(filled)


def _points(base: QFont, ratio: float) -> float:
    px = QFontInfo(base).pixelSize()
    points = base.pointSizeF() if base.pointSizeF() > 0 else QFontInfo(base).pointSizeF()
    return points * max(ratio, _SMALLEST_PX / px) if px else points * ratio


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
