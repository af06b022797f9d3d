"""Adding, changing and removing a profile together with its secrets: all of it or none of it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, problems, slug
from trunkline_server.profiles.secrets import KINDS, Kind
from trunkline_server.profiles.store import Store

FIRST_PORT = 8765


def add(
    store: Store,
    profile: Profile,
    password: str | None,
    *,
    token: str | None = None,
    ssh_secret: str | None = None,
    avoid: Iterable[str] = (),
) -> Profile:
    """Save a new profile, its secrets and its access token, and return it as it was saved.

    The port of the endpoint is chosen when it is 0, the token when ``token`` is None, and another
    id when the id is taken or one to ``avoid``, by which somebody still asks for another database.
    No password is kept when ``password`` is None or empty.

    Raises:
        TrunklineError: ``profile.invalid``, ``secrets.*`` or ``store.*``; nothing was kept.
    """
    with store.alone():
        others = store.load()
        ids = [*(other.id for other in others), *avoid]
        if profile.id in ids:
            profile = replace(profile, id=slug(profile.name, ids))
        profile = _complete(profile, others)
        kept: dict[Kind, str] = {"password": password or "", "token": token or _new_token()}
        if ssh_secret:
            kept["ssh"] = ssh_secret
        with _secrets(profile.id, kept):
            store.save(profile)
    return profile


def update(
    store: Store,
    profile: Profile,
    password: str | None = None,
    *,
    token: str | None = None,
    ssh_secret: str | None = None,
) -> Profile:
    """Save a changed profile and return it as it was saved.

    A secret stays as it is when it is None and is deleted when it is "".

    Raises:
        TrunklineError: ``profile.unknown`` when it was removed meanwhile, ``profile.invalid``,
            ``secrets.*`` or ``store.*``; nothing was changed.
    """
    with store.alone():
        others = store.load()
        if all(other.id != profile.id for other in others):
            store.by_id(profile.id)
        profile = _complete(profile, others)
        given: dict[Kind, str | None] = {"password": password, "token": token, "ssh": ssh_secret}
        with _secrets(profile.id, {k: v for k, v in given.items() if v is not None}):
            store.save(profile)
    return profile


def remove(store: Store, profile: Profile) -> None:
    """Forget the secrets of ``profile`` and take it out of the list.

    Raises:
        TrunklineError: ``secrets.*`` or ``store.*``; everything is as it was.
    """
    with store.alone(), _secrets(profile.id, dict.fromkeys(KINDS, "")):
        store.remove(profile.id)


def free_port(taken: Iterable[int], first: int = FIRST_PORT) -> int:
    """Return the first port from ``first`` on that is not in ``taken`` and not in use now.

    Raises:
        TrunklineError: ``port.none``.
    """
    avoided = set(taken)
    for port in range(first, 65536):
        if port not in avoided and is_free(port):
            return port
    raise fail("port.none", "There is no free port left.", "Close other servers, then try again.")


def is_free(port: int) -> bool:
    """Whether nothing on this computer listens on ``port`` at this moment."""
    return all(_binds(address, port) for address in ("127.0.0.1", ""))


def _binds(address: str, port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would bind beside a listener
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _complete(profile: Profile, others: tuple[Profile, ...]) -> Profile:
    if profile.http_port == 0:
        taken = [other.http_port for other in others if other.id != profile.id]
        profile = replace(profile, http_port=free_port(taken))
    for problem in problems(profile, others):
        raise fail("profile.invalid", problem.message, "", f"field: {problem.field}")
    return profile


@contextmanager
def _secrets(profile_id: str, wanted: dict[Kind, str]) -> Iterator[None]:
    """Keep the ``wanted`` secrets ("" deletes one); undo that when the block fails."""
    before = {kind: secrets.get(profile_id, kind) for kind in wanted}
    try:
        for kind, secret in wanted.items():
            _keep(profile_id, kind, secret)
        yield
    except BaseException:
        for kind, former in before.items():
            # The first failure is the one to tell, and the others may still be put back.
            with suppress(TrunklineError):
                _keep(profile_id, kind, former)
        raise


def _new_token() -> str:
    from secrets import token_urlsafe  # OpenSSL, four megabytes: only a new profile needs it

    return token_urlsafe(32)


def _keep(profile_id: str, kind: Kind, secret: str | None) -> None:
    if secret:
        secrets.put(profile_id, secret, kind)
    else:
        secrets.drop(profile_id, kind)
