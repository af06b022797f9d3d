"""Choosing a file that holds a connection, such as ``.env``."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QDir
from PySide6.QtWidgets import QFileDialog, QWidget


def choose_file(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Open a file picker and call ``chosen`` with the path; hidden files are shown."""
    title = QCoreApplication.translate("importing", "Choose a file that holds a connection")
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setFilter(QDir.Filter.AllEntries | QDir.Filter.Hidden | QDir.Filter.NoDotAndDotDot)
    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
