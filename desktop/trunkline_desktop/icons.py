"""Icons: line drawings kept as SVG, tinted with a token each time they are painted."""

from __future__ import annotations

from functools import lru_cache
from pkgutil import get_data

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QImage, QPainter, QPixmap

from trunkline_desktop import theme

# PySide does not hand a clone over to Qt: without a reference here it dies under the icon's hands.
_CLONES: list[QIconEngine] = []


class TintedEngine(QIconEngine):
    """Paints one drawing in the colour its token has at that moment, so themes switch live."""

    def __init__(self, name: str, tint: str) -> None:
        super().__init__()
        self._name, self._tint = name, tint

    def clone(self) -> QIconEngine:
        """Return an independent engine for the same drawing."""
        copy = TintedEngine(self._name, self._tint)
        _CLONES.append(copy)
        return copy

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into ``rect``; disabled icons take the least text colour."""
        tint = "text3" if mode == QIcon.Mode.Disabled else self._tint
        draw(painter, QRectF(rect), self._name, tint)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return a transparent pixmap of ``size`` pixels."""
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """Return a pixmap of ``size`` logical pixels, sharp at ``scale``."""
        return _painted(self, size, mode, state, scale)


def icon(name: str, tint: str = "text2") -> QIcon:
    """Return the icon ``name`` in the token ``tint``; it follows the theme by itself."""
    return QIcon(TintedEngine(name, tint))


def draw(painter: QPainter, rect: QRectF, name: str, tint: str = "text2") -> None:
    """Draw the icon ``name`` into ``rect`` in the colour of the token ``tint``."""
    paint_svg(painter, rect, name, getattr(theme.current(), tint))


def paint_svg(painter: QPainter, rect: QRectF, name: str, colour: str) -> None:
    """Draw the icon ``name`` in ``#RRGGBB``, sharp on the painter's device."""
    side = min(rect.width(), rect.height())
    ratio = painter.device().devicePixelRatioF()
    place = rect.center() - QPointF(side / 2, side / 2)
    pixels = max(1, round(side * ratio))
    painter.drawImage(QRectF(place.x(), place.y(), side, side), _image(name, colour, pixels))


def names() -> tuple[str, ...]:
    """Return the name of every icon we ship, sorted."""
    from importlib import resources  # no window needs the list

    folder = resources.files("trunkline_resources").joinpath("icons")
    return tuple(sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".svg")))


@lru_cache(maxsize=256)
def _image(name: str, colour: str, side: int) -> QImage:
    from PySide6.QtSvg import QSvgRenderer  # only when the first icon is drawn

    text = _source(name).replace("currentColor", colour)
    found = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return found


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    found = get_data("trunkline_resources", f"icons/{name}.svg")
    if found is None:
        raise FileNotFoundError(name)
    return found.decode()


class _LabelEngine(QIconEngine):
    """Paints the coloured square that stands before an environment's word in a list."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label

    def clone(self) -> QIconEngine:
        """Return an independent engine for the same label."""
        copy = _LabelEngine(self._label)
        _CLONES.append(copy)
        return copy

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw a rounded square of 10 pixels, hollow for no label."""
        square = QRectF(0, 0, 10, 10)
        square.moveCenter(QRectF(rect).center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen if self._label else theme.color("control"))
        painter.setBrush(theme.color(self._label) if self._label else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square, 3, 3)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return a transparent pixmap of ``size`` pixels."""
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """Return a pixmap of ``size`` logical pixels, sharp at ``scale``."""
        return _painted(self, size, mode, state, scale)


def label_icon(label: str) -> QIcon:
    """Return the square for a profile's label: production, staging, test, or hollow for ""."""
    return QIcon(_LabelEngine(label))


def _painted(
    engine: QIconEngine, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
) -> QPixmap:
    found = QPixmap(size * scale)
    found.setDevicePixelRatio(scale)
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    engine.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
    painter.end()
    return found
