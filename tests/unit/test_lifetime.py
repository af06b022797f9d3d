"""A process notices that the one that started it is gone, however early that was."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from trunkline_server import lifetime

PATIENCE_S = 30


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells by a handle, not by number")
def test_a_parent_that_was_gone_before_anybody_watched_is_noticed() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE_S)
    noticed = threading.Event()
    lifetime.watch_parent(noticed.set, parent=gone.pid)
    assert noticed.wait(PATIENCE_S)
