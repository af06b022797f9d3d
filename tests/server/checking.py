"""Running the check in a test, and looking at what it said."""

from __future__ import annotations

from typing import Any

from tests.server.servers import LOCAL
from trunkline_server import events
from trunkline_server.postgres.check.check import check
from trunkline_server.profiles.profile import Profile
from trunkline_server.stages import TUNNEL, names


def profile_at(port: int, **fields: Any) -> Profile:
    """Return a profile for 127.0.0.1 that waits a second at most."""
    values: dict[str, Any] = {
        "host": LOCAL,
        "connect_timeout": 1.0,
        "user": "analytics",
        "database": "shop",
    }
    return Profile(**{"id": "t", "name": "T", "port": port, **values, **fields})


async def checked(
    profile: Profile, password: str | None = None, ssh_secret: str | None = None
) -> list[Any]:
    """Return every event of one check."""
    seen = [event async for event in check(profile, password, ssh_secret)]
    _assert_is_well_formed(seen, password)
    return seen


async def failure_of(profile: Profile, password: str | None = None) -> tuple[str, str]:
    """Return the stage that failed and the failure's code."""
    seen = await checked(profile, password)
    failed = [e for e in seen if isinstance(e, events.Failed)]
    assert failed, f"nothing failed: {seen}"
    return failed[0].stage, failed[0].code


async def ended(profile: Profile, password: str | None = None) -> dict[str, events.Stage]:
    """Return how each stage ended."""
    return {
        e.stage: e
        for e in await checked(profile, password)
        if isinstance(e, events.Stage) and e.state != "running"
    }


def _assert_is_well_formed(seen: list[Any], password: str | None) -> None:
    stages = [e for e in seen if isinstance(e, events.Stage)]
    told = [e.stage for e in stages if e.state != "running"]
    assert told == list(names(has_tunnel=TUNNEL in told))
    lines = "\n".join(events.encode(e) for e in seen)
    assert not password or password not in lines
    for failed in (e for e in seen if isinstance(e, events.Failed)):
        words = f"{failed.title} {failed.hint}"
        assert failed.title.endswith(".")
        assert failed.hint.endswith((".", "key")) or failed.code == "ssh.key_unknown"
        assert "!" not in words
        assert "Error" not in words
        assert "{" not in words
        states = [e.state for e in stages if e.state != "running"]
        assert states.count("failed") == 1
        assert set(states[states.index("failed") + 1 :]) <= {"skipped"}
