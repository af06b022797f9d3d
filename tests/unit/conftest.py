"""What the tests of settings files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where there is one: a power cut is not what is tested."""
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else tmp_path) as made:
        yield Path(made)


@pytest.fixture
def common_folder() -> Iterator[Path]:
    """Return a folder that every user reaches, unlike those of ``tmp_path``."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        yield folder
