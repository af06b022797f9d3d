"""The order of the Tab key: what was put in later is reached where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QScrollArea, QWidget


def follow_layout(root: QWidget) -> None:
    """Let Tab go through ``root`` in reading order."""
    for one, next_one in pairwise(_of_widget(root)):
        QWidget.setTabOrder(one, next_one)


def _of_widget(widget: QWidget | None) -> Iterator[QWidget]:
    if widget is None:
        return
    # One with a proxy draws the focus to it from where it stands itself.
    if widget.focusProxy() or widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        yield from _of_widget(widget.widget())
    elif layout := widget.layout():
        yield from _of_layout(layout)


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    items = (layout.itemAt(place) for place in range(layout.count()))
    for item in items:
        yield from _of_item(item)


def _of_item(item: QLayoutItem | None) -> Iterator[QWidget]:
    if item and (widget := item.widget()):
        yield from _of_widget(widget)
    elif item and (inner := item.layout()):
        yield from _of_layout(inner)
