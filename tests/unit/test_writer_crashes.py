"""A writer that is killed at any line has lost nothing, and what it left is put right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.crashes import SCENES

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300
# Lines apart: the code is the same in each, and each start of it costs some milliseconds.
STEPS = {
    "connecting": 1,
    "making a file": 1,
    "three files": 7,
    "three files back": 11,
    "undoing three files": 17,
}
USUAL_STEP = 3

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL and no fork"
)


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_is_lost_at_any_line(scene: str, quick_folder: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.crashes", scene, str(quick_folder / "scene")]
    told = subprocess.run(
        [*command, str(STEPS.get(scene, USUAL_STEP))],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    assert json.loads(told.stdout)["lines"] > 200
