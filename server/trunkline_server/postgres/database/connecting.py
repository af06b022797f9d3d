"""Opening a connection with what the profile says, and nothing else."""

from __future__ import annotations

import ssl
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg

from trunkline_server.postgres import tls
from trunkline_server.postgres.database.dialling import dialling
from trunkline_server.profiles.profile import Profile

if TYPE_CHECKING:
    from trunkline_server.postgres.tunnel import Tunnel

LEAST_S = 1.0  # for the database, after a tunnel that took almost all of the time


async def connect(
    profile: Profile, password: str | None, tunnel: Tunnel | None = None
) -> asyncpg.Connection:
    """Return a connection made of the profile and the password alone, through ``tunnel`` if any.

    Every parameter is given, so that no ``PG*`` variable, service file or passfile fills a gap.

    Raises:
        TrunklineError: the profile's files for TLS cannot be used; ``ssh.*``.
        OSError, TimeoutError, asyncpg.PostgresError: as the driver raises them, see
            ``errors.explain``.
    """
    if profile.sample:
        from trunkline_server import sample  # starts a server; only the sample needs it

        profile = sample.resolve(profile)
    context = tls.context_for(profile)
    first, second = _encryption(profile, context)
    loop = None
    if tunnel:
        began = time.monotonic()
        loop = await dialling(tunnel)
        left_s = profile.connect_timeout - (time.monotonic() - began)
        profile = replace(profile, connect_timeout=max(left_s, LEAST_S))
    try:
        connection = await _connect(profile, password, first, loop)
    except (OSError, asyncpg.InvalidAuthorizationSpecificationError) as exc:
        if second is None or not _may_try_other(exc):
            raise
        connection = await _connect(profile, password, second, loop)
    return connection


def _encryption(
    profile: Profile, context: ssl.SSLContext | None
) -> tuple[ssl.SSLContext | bool, ssl.SSLContext | bool | None]:
    """Return what to try first and what then; ``False`` is no encryption, ``None`` nothing."""
    if context is None:
        return False, None
    if profile.sslmode == "prefer":
        return context, False
    if profile.sslmode == "allow":
        return False, context
    return context, None


def _may_try_other(exc: BaseException) -> bool:
    # A plain ConnectionError is asyncpg's word for "the server does not speak TLS".
    refused = asyncpg.InvalidAuthorizationSpecificationError
    is_password = isinstance(exc, asyncpg.InvalidPasswordError)
    return type(exc) is ConnectionError or (
        isinstance(exc, ssl.SSLError | refused) and not is_password
    )


async def _connect(
    profile: Profile,
    password: str | None,
    encryption: ssl.SSLContext | bool,
    loop: Any = None,
) -> asyncpg.Connection:
    hosts, ports = map(list, zip(*profile.addresses, strict=True))
    connection: asyncpg.Connection = await asyncpg.connect(
        host=hosts,
        port=ports,
        user=profile.user,
        password=password or "",
        passfile="",
        database=profile.database,
        service="",
        servicefile="",
        timeout=profile.connect_timeout,
        # A statement is prepared without a name and used once: right behind any pooler too.
        statement_cache_size=0,
        ssl=encryption,
        direct_tls=False,
        server_settings={"application_name": "Trunkline", "datestyle": "ISO"},
        target_session_attrs=asyncpg.connect_utils.SessionAttribute(profile.target_session_attrs),
        krbsrvname="postgres",
        gsslib="sspi" if sys.platform == "win32" else "gssapi",
        loop=loop,
    )
    return connection
