"""Whether the databases of a run can be asked: tried before a question does, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import chain, repeat

from trunkline_server import events
from trunkline_server.errors import TrunklineError
from trunkline_server.serving.source import Sources

_LOOK_AGAIN_S = (2.0, 5.0, 10.0, 30.0, 60.0)

# No patience cures these: somebody has to change the profile, its password or the keyring first.
_HOPELESS = (
    "database.unknown",
    "login.not_allowed",
    "login.password",
    "login.role",
    "sample.",
    "secrets.",
    "ssh.certificate",
    "ssh.forbidden",
    "ssh.key_",
    "ssh.login",
    "ssh.no_agent",
    "ssh.no_key",
    "ssh.password_missing",
    "tls.",
)


async def try_login(
    sources: Sources, report: Callable[[events.Event], None]
) -> TrunklineError | None:
    """Tell, before a question does, that the first database cannot be asked, and when it can.

    Returns why it will never be possible as things are; ``None`` when the login works.
    """
    told = ""
    for wait_s in chain(_LOOK_AGAIN_S, repeat(_LOOK_AGAIN_S[-1])):
        failure = await _failed_login(sources)
        if failure is None or failure.code.startswith(_HOPELESS):
            break
        if failure.code != told:
            report(events.failed(failure.failure, stage="login"))
        told = failure.code
        await asyncio.sleep(wait_s)
    if failure is None and told:
        report(events.Stage(stage="login", state="done"))
    return failure


async def _failed_login(sources: Sources) -> TrunklineError | None:
    sources.refresh()
    for source in sources:
        try:
            with source.asked():
                await (await source.database()).fetch("SELECT 1 AS works")
        except TrunklineError as exc:
            return exc
    return None  # also when it was removed: there is nothing to try any more
