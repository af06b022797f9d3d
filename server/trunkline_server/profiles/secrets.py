"""Passwords and access keys, in the keyring of the operating system and nowhere else.

The keyring may wait for a person to unlock it, for as long as it takes: call this from a thread
that may wait. A keyring that keeps plain text, or nothing at all, counts as none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from trunkline_server.errors import TrunklineError, fail

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_T = TypeVar("_T")
Kind = Literal["password", "token", "ssh"]

SERVICE = "Trunkline"
KINDS: tuple[Kind, ...] = ("password", "token", "ssh")

# keyrings.alt writes readable files, or asks for a master password on a terminal nobody sees.
_REFUSED = ("keyrings.alt", "keyring.backends.null", "keyring.backends.fail")


def get(profile_id: str, kind: Kind = "password") -> str | None:
    """Return a secret, or None when there is none.

    Raises:
        TrunklineError: ``secrets.locked`` or ``secrets.missing``.
    """
    backend = _backend()
    return _asked(lambda: backend.get_password(SERVICE, _account(profile_id, kind)))


def put(profile_id: str, secret: str, kind: Kind = "password") -> None:
    """Keep a secret; it replaces the one before.

    Raises:
        TrunklineError: ``secrets.locked`` or ``secrets.missing``; nothing was changed.
    """
    backend = _backend()
    _asked(lambda: backend.set_password(SERVICE, _account(profile_id, kind), secret), secret)


def drop(profile_id: str, kind: Kind = "password") -> None:
    """Delete one secret; nothing when there is none.

    Raises:
        TrunklineError: ``secrets.locked`` or ``secrets.missing``.
    """
    backend, account = _backend(), _account(profile_id, kind)
    # Asked for first, because deleting what is absent fails like deleting what is locked.
    if _asked(lambda: backend.get_password(SERVICE, account)) is not None:
        _asked(lambda: backend.delete_password(SERVICE, account))


def forget(profile_id: str) -> None:
    """Delete every secret of a profile.

    Raises:
        TrunklineError: ``secrets.locked`` or ``secrets.missing``.
    """
    for kind in KINDS:
        drop(profile_id, kind)


def _account(profile_id: str, kind: Kind) -> str:
    return profile_id if kind == "password" else f"{profile_id}/{kind}"


def _backend() -> KeyringBackend:
    _find_session_bus()
    # Not at the top: it costs 0.1 s and asks the session bus, which the lists never need.
    import keyring

    try:
        chosen = keyring.get_keyring()
        if _module(chosen) == "keyring.backends.fail":
            keyring.core.init_backend()  # it may have been started since we looked last
            chosen = keyring.get_keyring()
    except Exception as exc:  # every keyring raises its own kinds
        raise _missing(str(exc)) from exc
    # The chainer would hand a secret to the next keyring when the safe one has none.
    candidates: list[KeyringBackend] = getattr(chosen, "backends", [chosen])
    for backend in candidates:
        if not _module(backend).startswith(_REFUSED):
            return backend
    raise _missing(f"found: {_module(chosen)}")


def _module(backend: KeyringBackend) -> str:
    return type(backend).__module__


def _asked(question: Callable[[], _T], secret: str = "") -> _T:
    from keyring.errors import NoKeyringError

    try:
        return question()
    except NoKeyringError as exc:
        raise _missing(str(exc)) from exc
    except Exception as exc:  # every keyring raises its own kinds
        detail = str(exc).replace(secret, "…") if secret else str(exc)
        raise fail(
            "secrets.locked",
            "The keyring of this computer did not open.",
            "Unlock it, then try again.",
            detail[:2000],
        ) from exc


def _missing(detail: str) -> TrunklineError:
    return fail(
        "secrets.missing", "This computer has no keyring to keep passwords in.", _HINT, detail
    )


_HINT = (
    "Install and start GNOME Keyring or KWallet, then log in again; or serve the database unsaved: "
    "trunkline-server run --url …, or with PG* variables or a .env file."
    if sys.platform == "linux"
    else "Log in to this computer with your own account, then try again."
)


def _find_session_bus() -> None:
    """Give this process the address of the session bus that an AI app hid from it."""
    if sys.platform == "linux":
        os.environ.update(session_bus(os.environ, Path(f"/run/user/{os.getuid()}")))


def session_bus(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables missing from ``environ`` when the bus is at its well-known path."""
    if environ.get("DBUS_SESSION_BUS_ADDRESS") or not (folder / "bus").exists():
        return {}
    found = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder / 'bus'}"}
    return found if environ.get("XDG_RUNTIME_DIR") else found | {"XDG_RUNTIME_DIR": str(folder)}
