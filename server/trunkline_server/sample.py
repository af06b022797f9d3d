"""The sample shop: an embedded PostgreSQL that is made on first use and lives as long as its users.

A process that calls ``start`` is a user until it ends or calls ``stop``; the last one stops the
server. Being a user means holding a lock, so a killed process stops being one without a trace; the
server it leaves behind is taken over, and later stopped, by the next user.

The password of ``shop_reader`` is random. On disk there is PostgreSQL's own SCRAM verifier and
nothing else; the process that made the password hands it to the keyring (``profiles.saving``), and
others find it there. Only when no keyring has the right one does ``password()`` set a new one.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import hmac
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from types import FrameType

from trunkline_server import embedded, folders
from trunkline_server.embedded import Address
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Profile

__all__ = ["Address", "password", "profile", "resolve", "start", "stop"]

_USER, _DATABASE = "shop_reader", "shop"
_WAIT_S = 60.0


@dataclass(slots=True)
class _Use:
    """This process as a user of one sample folder."""

    lock: ExitStack | None = None
    password: str | None = None


_uses: dict[Path, _Use] = {}  # one entry, unless TRUNKLINE_HOME changes within a process
_guard = threading.RLock()


def profile() -> Profile:
    """Return the profile of the sample shop; its address is filled in by :func:`resolve`."""
    return Profile(
        id="sample",
        name="Sample shop",
        description=(
            "A made-up shop for coffee, tea and things for the home: customers, products, orders, "
            "payments and reviews from October 2024 to September 2026. Amounts are in euros."
        ),
        host="localhost",
        database=_DATABASE,
        user=_USER,
        sslmode="disable",
        sample=True,
    )


def start() -> Address:
    """Start the sample database, making it first when needed, and keep it for this process.

    Blocks for up to some seconds on first use, well under one later; cheap when it runs.

    Raises:
        TrunklineError: ``sample.missing`` or ``sample.failed``.
    """
    embedded.programs()
    folder = _folder()
    with _guard, _alone(folder):
        use = _join(folder)
        return embedded.running(_data(folder)) or _launch(folder, use)


def resolve(profile: Profile) -> Profile:
    """Return ``profile`` with the address of the running sample database, started on demand."""
    address = start()
    return replace(profile, host=address.host, port=address.port)


def password() -> str:
    """Return the password of ``shop_reader``: from memory, the keyring, or else a new one.

    Setting a new one restarts the server, which ends open sessions.
    """
    with _guard:
        start()
        folder = _folder()
        use = _uses[folder]
        use.password = use.password or _from_keyring(folder)
        if use.password is None:
            with _alone(folder):
                return _renew(folder, use)
        return use.password


def stop() -> None:
    """Stop being a user; the last user stops the server. Nothing happens when not started."""
    with _guard:
        for folder in list(_uses):
            _leave(folder)


def _launch(folder: Path, use: _Use) -> Address:
    data = _data(folder)
    if not data.exists():
        _make(folder, use)
    try:
        return embedded.start(data)
    except TrunklineError:
        # Left broken by a power cut, or made by another version of PostgreSQL. It holds nothing
        # of the user's, and the verifier keeps the saved password right.
        embedded.discard(data)
        _make(folder, use)
        return embedded.start(data)


def _make(folder: Path, use: _Use) -> None:
    for unfinished in folder.glob("making-*"):
        embedded.discard(unfinished)
    verifier = _kept_verifier(folder) or _new_password(folder, use)
    scripts = {
        "postgres": _sql("1_roles") + _set_password(verifier),
        _DATABASE: _sql("2_tables") + _sql("3_rows") + _sql("4_summaries"),
    }
    embedded.make(_data(folder), login=_USER, database=_DATABASE, scripts=scripts)


def _renew(folder: Path, use: _Use) -> str:
    data, fresh = _data(folder), secrets.token_urlsafe(24)
    embedded.stop(data)
    embedded.run_sql(data, "postgres", _set_password(_keep_verifier(folder, fresh)))
    embedded.start(data)
    use.password = fresh
    return fresh


def _from_keyring(folder: Path) -> str | None:
    """Return the password of the saved profile if it is the right one."""
    from trunkline_server.profiles import secrets as keyring  # slow, and seldom needed

    try:
        kept = keyring.get(profile().id)
    except TrunklineError:
        return None
    verifier = _kept_verifier(folder)
    numbers = verifier.split("$")[1].split(":")
    is_right = kept and verifier == scram_verifier(
        kept, base64.b64decode(numbers[1]), int(numbers[0])
    )
    return kept if is_right else None


def _new_password(folder: Path, use: _Use) -> str:
    use.password = secrets.token_urlsafe(24)
    return _keep_verifier(folder, use.password)


def _keep_verifier(folder: Path, password: str) -> str:
    verifier = scram_verifier(password, secrets.token_bytes(16))
    kept = folder / "verifier"
    kept.touch(mode=0o600)
    kept.write_text(verifier)
    return verifier


def _kept_verifier(folder: Path) -> str:
    try:
        return (folder / "verifier").read_text()
    except FileNotFoundError:
        return ""


def _set_password(verifier: str) -> str:
    return f"ALTER ROLE {_USER} PASSWORD '{verifier}';\n\n"


def scram_verifier(password: str, salt: bytes, iterations: int = 4096) -> str:
    """Return what PostgreSQL stores instead of an ASCII ``password``; see RFC 5803."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    words = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{words[0]}${words[1]}:{words[2]}"


def _join(folder: Path) -> _Use:
    use = _uses.setdefault(folder, _Use())
    if use.lock is None:
        users = folder / "users"
        users.mkdir(exist_ok=True)
        use.lock = ExitStack()
        use.lock.enter_context(atomic.locked(users / str(os.getpid()), _WAIT_S))
        atexit.register(_leave, folder)
        _stop_on_sigterm()
    return use


def _leave(folder: Path) -> None:
    use = _uses.pop(folder, None)
    atexit.unregister(_leave)
    if use is None or use.lock is None or not folder.exists():
        return
    with _alone(folder):
        use.lock.close()
        if not _has_users(folder):
            embedded.stop(_data(folder))


def _has_users(folder: Path) -> bool:
    """Tell whether a living process holds its lock; the files of dead ones are removed."""
    dead = [file for file in (folder / "users").iterdir() if not _is_held(file)]
    for file in dead:
        file.unlink(missing_ok=True)
    return any((folder / "users").iterdir())


def _is_held(file: Path) -> bool:
    try:
        with atomic.locked(file, 0):
            return False
    except TimeoutError:
        return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(atomic.locked(folder / "lock", _WAIT_S))
        except TimeoutError as exc:
            title = "Another Trunkline is busy with the sample database."
            raise fail("sample.busy", title, "Try again in a minute.") from exc
        yield


def _stop_on_sigterm() -> None:
    """Let SIGTERM, which skips ``atexit``, stop the server too where nobody else handles it."""
    is_free = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if is_free and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, _frame: FrameType | None) -> None:
    stop()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _folder() -> Path:
    folder = folders.data() / "sample"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _data(folder: Path) -> Path:
    return folder / "pg"


def _sql(name: str) -> str:
    file = resources.files("trunkline_resources") / "sample" / f"{name}.sql"
    return file.read_text(encoding="utf-8").rstrip() + "\n\n"
