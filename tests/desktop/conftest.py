"""Fixtures for tests with widgets: no screen needed, and both colour schemes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from trunkline_desktop import appearance, theme
from trunkline_desktop.tokens import DARK, LIGHT, Tokens
from trunkline_server.clients import apps


@pytest.fixture(scope="session", autouse=True)
def clipboard_left_empty(qapp: QApplication) -> Iterator[None]:
    """Take back what tests copied: Qt frees it after Python is gone, which ends in a crash."""
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def nobody_is_quit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for no app that runs on this computer: it may be the person's own."""
    for app in [app for app in apps.ALL.values() if app.process]:
        monkeypatch.setitem(apps.ALL, app.id, replace(app, process=None))


@pytest.fixture
def light(qapp: QApplication) -> Iterator[Tokens]:
    """Show the application in light colours and without motion."""
    yield from _themed(qapp, LIGHT)


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[Tokens]:
    """Show the application in dark colours and without motion."""
    yield from _themed(qapp, DARK)


def _themed(app: QApplication, tokens: Tokens) -> Iterator[Tokens]:
    appearance.apply(app, tokens)
    theme.set_reduced_motion(reduced=True)
    yield tokens
    theme.set_reduced_motion(reduced=False)
