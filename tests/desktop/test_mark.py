"""The tray mark says its state by its shape, sharp in every size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from trunkline_desktop import mark


def picture(state: mark.State, size: int = 32, *, dark: bool = False) -> QImage:
    return mark.mark_pixmap(state, size, dark_panel=dark).toImage()


def shape(image: QImage) -> tuple[bool, ...]:
    return tuple(
        image.pixelColor(x, y).alpha() > 127
        for y in range(image.height())
        for x in range(image.width())
    )


@pytest.mark.parametrize("size", mark.SIZES)
def test_every_state_has_a_shape_of_its_own(qapp, size):
    assert len({shape(picture(state, size)) for state in mark.STATES}) == len(mark.STATES)


@pytest.mark.parametrize("size", [16, 22, 24, 32])
def test_an_icon_has_every_size_and_its_double(qapp, size):
    icon = mark.tray_icon("on", dark_panel=False)
    assert {QSize(size, size), QSize(2 * size, 2 * size)} <= {*icon.availableSizes(), QSize(32, 32)}


@pytest.mark.parametrize("state", mark.STATES)
@pytest.mark.parametrize("size", mark.SIZES)
def test_a_mark_is_whole(qapp, state, size):
    image = picture(state, size)
    corners = [(0, 0), (size - 1, 0), (0, size - 1), (size - 1, size - 1)]
    assert all(image.pixelColor(x, y).alpha() == 0 for x, y in corners)


@pytest.mark.parametrize("size", mark.SIZES)
def test_the_trunk_has_sharp_edges(qapp, size):
    image, y = picture("on", size), size // 2
    alphas = {image.pixelColor(x, y).alpha() for x in range(size)}
    assert alphas == {0, 255}


def test_a_dark_panel_gets_a_light_mark(qapp):
    dark, light = picture("on", dark=True), picture("on", dark=False)
    assert dark.pixelColor(16, 12).lightness() > 200
    assert light.pixelColor(16, 12).lightness() < 60


def test_the_badge_is_the_accent_with_the_mark_in_white(qapp):
    image = mark.badge_pixmap(64).toImage()
    assert image.pixelColor(32, 30).name() == "#ffffff"
    assert image.pixelColor(6, 32).name() == "#0f62c6"
