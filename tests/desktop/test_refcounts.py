"""PySide6 6.12 drops a reference to True with every signal; before Python 3.12 that can run out."""

from __future__ import annotations

import subprocess
import sys

MANY = """
import trunkline_desktop
from PySide6.QtCore import QObject, Signal
class Sender(QObject):
    sent = Signal(object)
sender = Sender()
for number in range(50_000):
    sender.sent.emit(number)
"""


def test_many_signals_do_not_end_the_program():
    subprocess.run([sys.executable, "-c", MANY], check=True, timeout=60)
