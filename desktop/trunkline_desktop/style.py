"""A Fusion style that draws what the style sheet cannot tint."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QProxyStyle,
    QPushButton,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QStyleOptionButton,
    QStyleOptionComplex,
    QTreeView,
    QWidget,
)

from trunkline_desktop import icons, theme
from trunkline_desktop.status import tick_path
from trunkline_desktop.tokens import (
    CONTROL_HEIGHT,
    ICON,
    ICON_GAP,
    RADIUS_CONTROL,
    RADIUS_TAG,
    TREE_ROW,
)

_PE, _CE, _CC, _SF = (
    QStyle.PrimitiveElement,
    QStyle.ControlElement,
    QStyle.ComplexControl,
    QStyle.StateFlag,
)
_ARROWS = {
    _PE.PE_IndicatorArrowDown: "caret-down",
    _PE.PE_IndicatorArrowUp: "caret-up",
    _PE.PE_IndicatorArrowLeft: "caret-left",
    _PE.PE_IndicatorArrowRight: "caret-right",
}
_BOXES = (_PE.PE_IndicatorCheckBox, _PE.PE_IndicatorItemViewItemCheck)
_QUESTION = QStyle.StyleHint
_HINTS = {
    _QUESTION.SH_ComboBox_Popup: 0,
    _QUESTION.SH_DialogButtonBox_ButtonsHaveIcons: 0,
    _QUESTION.SH_ItemView_ActivateItemOnSingleClick: 0,
    _QUESTION.SH_EtchDisabledText: 0,
    _QUESTION.SH_UnderlineShortcut: 1,
}
_SIZES = {
    QStyle.PixelMetric.PM_IndicatorWidth: ICON,
    QStyle.PixelMetric.PM_IndicatorHeight: ICON,
    QStyle.PixelMetric.PM_ExclusiveIndicatorWidth: ICON,
    QStyle.PixelMetric.PM_ExclusiveIndicatorHeight: ICON,
    QStyle.PixelMetric.PM_CheckBoxLabelSpacing: ICON_GAP,
    QStyle.PixelMetric.PM_ButtonIconSize: ICON,
    QStyle.PixelMetric.PM_SmallIconSize: ICON,
    QStyle.PixelMetric.PM_TreeViewIndentation: 20,
}


class TrunklineStyle(QProxyStyle):
    """Check boxes, arrows, branches, focus ring, combo boxes and the words of buttons."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw our own boxes, arrows, branches and focus ring; the rest is Fusion's."""
        if element in _BOXES:
            paint_box(painter, QRectF(option.rect), option.state)
        elif element == _PE.PE_IndicatorRadioButton:
            paint_radio(painter, QRectF(option.rect), option.state)
        elif element in _ARROWS:
            _paint_arrow(painter, option, _ARROWS[element])
        elif element == _PE.PE_IndicatorBranch:
            _paint_branch(painter, option)
        elif element == _PE.PE_FrameFocusRect:
            if isinstance(widget, QPushButton):
                return  # buttons paint their own ring, around everything
            paint_focus(painter, QRectF(option.rect), RADIUS_TAG)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the text of combo boxes at the inset fields have."""
        if element == _CE.CE_ComboBoxLabel and isinstance(widget, QComboBox):
            _paint_choice(painter, option, widget)
        else:
            super().drawControl(element, option, painter, widget)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw combo boxes like fields; the rest is Fusion's."""
        if control == _CC.CC_ComboBox:
            _paint_combo(painter, option)
        else:
            super().drawComplexControl(control, option, painter, widget)

    def sizeFromContents(
        self,
        kind: QStyle.ContentsType,
        option: QStyleOption,
        size: QSize,
        widget: QWidget | None = None,
    ) -> QSize:
        """Return Fusion's size, with room for our arrow and our control height."""
        found = super().sizeFromContents(kind, option, size, cast("QWidget", widget))
        if kind == QStyle.ContentsType.CT_ItemViewItem and isinstance(widget, QTreeView):
            found.setHeight(max(found.height(), TREE_ROW))
        elif kind == QStyle.ContentsType.CT_ComboBox:
            found = QSize(found.width() + 24, max(found.height(), CONTROL_HEIGHT))
        return found

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        """Return our answer where we have one."""
        if hint in _HINTS:
            return _HINTS[hint]
        return super().styleHint(hint, option, widget, returnData)

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Return our size where we have one, in logical pixels."""
        return (
            _SIZES.get(metric, -1)
            if metric in _SIZES
            else super().pixelMetric(metric, option, widget)
        )


def has_keyboard_focus(widget: QWidget) -> bool:
    """Whether ``widget`` has the focus and it came by keyboard, so a ring belongs around it."""
    by_keyboard = widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    return widget.hasFocus() and by_keyboard


def move_focus(widget: QWidget) -> None:
    """Give ``widget`` the focus; for a person at the keyboard the ring stays to be seen."""
    widget.setFocus(focus_reason(widget))


def focus_reason(widget: QWidget) -> Qt.FocusReason:
    """Return the reason for moving the focus with which a ring that is seen now stays so."""
    by_keyboard = widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    return Qt.FocusReason.ShortcutFocusReason if by_keyboard else Qt.FocusReason.OtherFocusReason


def paint_focus(painter: QPainter, rect: QRectF, radius: float, tint: str = "focus") -> None:
    """Paint the 2-pixel focus ring just inside ``rect``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color(tint), 2))
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)
    painter.restore()


def paint_box(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """Paint a check box: empty, ticked, or with a bar when only part is chosen."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    is_enabled, is_part = bool(state & _SF.State_Enabled), bool(state & _SF.State_NoChange)
    is_filled = is_part or bool(state & _SF.State_On)
    square = _box_frame(painter, rect, is_enabled=is_enabled, is_filled=is_filled)
    pen = QPen(theme.color("on_accent" if is_enabled else "surface"), square.width() * 0.12)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if is_part:
        reach, centre = square.width() * 0.22, square.center()
        painter.drawLine(
            QRectF(centre.x() - reach, centre.y(), 2 * reach, 0).topLeft(),
            QRectF(centre.x() - reach, centre.y(), 2 * reach, 0).topRight(),
        )
    elif is_filled:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(tick_path(square))
    painter.restore()


def paint_radio(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """Paint a radio button: a ring, with a dot when chosen."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    is_on, tint = bool(state & _SF.State_On), "control"
    if state & _SF.State_Enabled and is_on:
        tint = "accent"
    side = min(rect.width(), rect.height()) - 1
    square = QRectF(rect.left() + 0.5, rect.center().y() - side / 2, side, side)
    painter.setPen(QPen(theme.color(tint), 1))
    painter.setBrush(theme.color("surface"))
    painter.drawEllipse(square)
    if is_on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(tint))
        painter.drawEllipse(square.center(), side * 0.26, side * 0.26)
    painter.restore()


def _box_frame(painter: QPainter, rect: QRectF, *, is_enabled: bool, is_filled: bool) -> QRectF:
    side = min(rect.width(), rect.height())
    square = QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)
    fill = ("accent" if is_enabled else "text3") if is_filled else "surface"
    edge = fill if is_filled else ("control" if is_enabled else "border")
    painter.setPen(QPen(theme.color(edge), 1))
    painter.setBrush(theme.color(fill if is_enabled or is_filled else "hover"))
    painter.drawRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), 3.5, 3.5)
    return square


def _paint_arrow(painter: QPainter, option: QStyleOption, name: str) -> None:
    tint = "text2" if option.state & _SF.State_Enabled else "text3"
    side = min(14, option.rect.width(), option.rect.height())
    place = QRect(0, 0, side, side)
    place.moveCenter(option.rect.center())
    icons.draw(painter, QRectF(place), name, tint)


def _paint_branch(painter: QPainter, option: QStyleOption) -> None:
    if not option.state & _SF.State_Children:
        return
    is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
    closed = "caret-left" if is_mirrored else "caret-right"
    _paint_arrow(painter, option, "caret-down" if option.state & _SF.State_Open else closed)


def paint_label(painter: QPainter, option: QStyleOptionButton, name: str | None, tint: str) -> None:
    """Paint a button's words, and the icon ``name`` before them, centred, in one tint."""
    rect, side = option.rect, ICON if name else 0
    gap = ICON_GAP if name and option.text else 0
    width = option.fontMetrics.size(int(Qt.TextFlag.TextShowMnemonic), option.text).width()
    start = rect.left() + max(0, (rect.width() - width - side - gap) // 2)
    if name:
        place = QRect(start, rect.top() + (rect.height() - side) // 2, side, side)
        icons.draw(painter, QRectF(QStyle.visualRect(option.direction, rect, place)), name, tint)
    room = QRect(start + side + gap, rect.top(), width + 1, rect.height())
    painter.setPen(theme.color(tint))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextShowMnemonic
    painter.drawText(QStyle.visualRect(option.direction, rect, room), int(flags), option.text)


def _paint_combo(painter: QPainter, option: QStyleOptionComplex) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    is_enabled = bool(option.state & _SF.State_Enabled)
    has_focus = bool(option.state & _SF.State_HasFocus)
    is_hovered = bool(option.state & _SF.State_MouseOver)
    edge, width = ("focus", 2) if has_focus else ("control" if is_enabled else "border", 1)
    rect = QRectF(option.rect).adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setPen(QPen(theme.color(edge), width))
    painter.setBrush(theme.color("surface" if is_enabled and not is_hovered else "hover"))
    painter.drawRoundedRect(rect, RADIUS_CONTROL, RADIUS_CONTROL)
    arrow = QRect(option.rect.right() - 26, option.rect.center().y() - 7, 16, 16)
    place = QStyle.visualRect(option.direction, option.rect, arrow)
    icons.draw(painter, QRectF(place), "caret-down", "text2" if is_enabled else "text3")
    painter.restore()


def _paint_choice(painter: QPainter, option: QStyleOption, combo: QComboBox) -> None:
    if combo.isEditable():
        return
    start, picture = option.rect.left() + 12, combo.itemIcon(combo.currentIndex())
    if not picture.isNull():
        place = QRect(start, option.rect.center().y() - 7, ICON, ICON)
        picture.paint(painter, QStyle.visualRect(option.direction, option.rect, place))
        start += ICON + ICON_GAP - 2
    room = QRect(start, option.rect.top(), option.rect.right() - 30 - start, option.rect.height())
    text = option.fontMetrics.elidedText(
        combo.currentText(), Qt.TextElideMode.ElideRight, room.width()
    )
    painter.setPen(theme.color("text" if option.state & _SF.State_Enabled else "text3"))
    place = QStyle.visualRect(option.direction, option.rect, room)
    align = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft)
    painter.drawText(place, int(align | Qt.AlignmentFlag.AlignVCenter), text)
