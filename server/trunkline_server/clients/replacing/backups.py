"""Copies of apps' settings files as they were before a change, ten of each file.

They are in our own state folder, ``backups/<app>/``: beside the file an app might read them, and
inside a Windows package they would vanish with it.
"""

from __future__ import annotations

import glob
import os
from datetime import datetime
from pathlib import Path

from trunkline_server import folders
from trunkline_server.profiles import atomic

_KEPT = 10


def keep(client: str, path: Path, content: bytes) -> Path:
    """Keep ``content`` as a dated copy of ``path``; return where.

    Raises:
        OSError: it cannot be written.
    """
    import hashlib  # OpenSSL, four megabytes: only a change needs it

    folder = folders.state() / "backups" / client
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:6]
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    backup = folder / f"{path.stem}-{mark}-{stamp}{path.suffix}"
    for half in folder.glob(f"*{atomic.HALF}"):  # of a writer that was killed
        half.unlink()
    atomic.replace(backup, content)
    for old in sorted(folder.glob(f"{glob.escape(path.stem)}-{mark}-*"))[:-_KEPT]:
        old.unlink()
    return backup
