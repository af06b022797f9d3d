"""The staged diagnosis of one profile: every stage is an event, a failing one says what to do."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from trunkline_server import events
from trunkline_server.errors import Failure, TrunklineError, explain
from trunkline_server.postgres import database, tls
from trunkline_server.postgres.check import probe, refusals
from trunkline_server.postgres.check.afterthought import Afterthought
from trunkline_server.postgres.roles import posture
from trunkline_server.profiles import providers
from trunkline_server.profiles.profile import Profile
from trunkline_server.stages import names

if TYPE_CHECKING:
    from trunkline_server.postgres.tunnel import Tunnel

OLDEST_SERVER = 12

_UNENCRYPTED = "Not encrypted. Ask the administrator to switch on TLS."
_LOCAL = "Not encrypted (local)"
_TUNNELLED = "Encrypted by SSH"
_BEYOND = "Not encrypted between the SSH server and the database."

# Whether the tables exist, whether a schema opens, whether one can be read: three different faults.
_RIGHTS = """
SELECT count(*) AS tables, count(*) FILTER (WHERE usable) AS usable,
  count(*) FILTER (WHERE usable AND readable) AS readable
FROM (
  SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
    pg_catalog.has_table_privilege(c.oid, 'SELECT')
      OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND n.nspname::pg_catalog.text !~ '^pg_' AND n.nspname <> 'information_schema'
) AS found
"""


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: Literal["done", "warned"] = "done"
    note: str = ""


async def check(
    profile: Profile, password: str | None, ssh_secret: str | None = None
) -> AsyncIterator[events.Stage | events.Failed]:
    """Yield two events a stage: ``running``, then how it ended.

    ``ssh_secret`` is the passphrase or password for the SSH servers of ``profile``.

    After the first failed stage comes one ``Failed``, then the later stages as ``skipped``. Each
    network stage takes at most ``connect_timeout`` seconds per address. Closing the iterator, or
    cancelling its task, hangs up at once.
    """
    stages = names(has_tunnel=bool(profile.ssh_host))
    async with contextlib.aclosing(_Visit(profile, password, ssh_secret)) as visit:
        for position, (name, step) in enumerate(visit.steps(stages).items()):
            yield events.Stage(stage=name, state="running")
            began = time.perf_counter()
            failure, outcome = await _settled(step, visit.profile)
            spent = round((time.perf_counter() - began) * 1000, 1)
            if failure is not None:
                yield events.Stage(stage=name, state="failed", ms=spent)
                yield events.failed(failure, stage=name)
                for later in stages[position + 1 :]:
                    yield events.Stage(stage=later, state="skipped")
                return
            yield events.Stage(stage=name, state=outcome.state, ms=spent, note=outcome.note)


async def _settled(
    step: Callable[[], Awaitable[_Outcome]], profile: Profile
) -> tuple[Failure | None, _Outcome]:
    try:
        return None, await step()
    except TrunklineError as exc:
        return _advised(exc.failure, profile), _Outcome()
    except Exception as exc:  # noqa: BLE001 - whatever happened, the check ends in a sentence
        place = {f: getattr(profile, f) for f in ("host", "port", "database", "user")}
        return explain(exc, **place), _Outcome()


def _advised(failure: Failure, profile: Profile) -> Failure:
    """Return the failure with the next step of the service that hosts the database, if any."""
    step = providers.next_step(failure.code, profile)
    return replace(failure, hint=step) if step else failure


class _Visit:
    """What one check has found out so far."""

    def __init__(self, profile: Profile, password: str | None, ssh_secret: str | None) -> None:
        self.profile = profile
        self._password = password
        self._ssh_secret = ssh_secret
        self._tunnel: Tunnel | None = None
        self._timeout_s = profile.connect_timeout
        self._places: list[probe.Place] = []
        self._place = probe.Place(host=profile.host, port=profile.port, address="")
        self._offers_tls = False
        self._expects_tls = False
        self._refusal: Failure | None = None
        self._conn: Any = None  # asyncpg's connection; its types stay in database.py

    def steps(self, stages: Sequence[str]) -> dict[str, Callable[[], Awaitable[_Outcome]]]:
        """Return what to do in each stage, in order."""
        return {name: getattr(self, f"_{name}_stage") for name in stages}

    async def aclose(self) -> None:
        """Hang up without waiting for the server."""
        if self._conn is not None:
            self._conn.terminate()
            await asyncio.sleep(0)  # the socket is let go in the loop's next turn
        if self._tunnel is not None:
            await self._tunnel.close()

    async def _tunnel_stage(self) -> _Outcome:
        """Open it and try to reach the database from its end."""
        from trunkline_server.postgres.tunnel import SshError, Tunnel  # asyncssh: few need it

        self._tunnel = Tunnel(self.profile, self._ssh_secret)
        failures = []
        for host, port in self.profile.addresses:
            try:
                (await self._tunnel.dial(host, port)).close()
            except SshError as exc:
                if not self._tunnel.is_open:
                    raise
                failures.append(exc)
                continue
            self._places = [
                probe.Place(host=h, port=p, address=h, dial=self._tunnel.dial)
                for h, p in self.profile.addresses
            ]
            return _Outcome("warned", failures[0].failure.title) if failures else _Outcome()
        raise failures[0]

    async def _resolve_stage(self) -> _Outcome:
        if self.profile.ssh_host:
            return await self._found_tunnel()
        if self.profile.sample:
            from trunkline_server import sample  # the extra "sample" may be absent

            self.profile = await asyncio.to_thread(sample.resolve, self.profile)
        failures = []
        for host, port in self.profile.addresses:
            try:
                self._places += await probe.resolve(host, port, timeout_s=self._timeout_s)
            except (OSError, UnicodeError) as exc:
                failures.append(refusals.resolving(exc, host))
        if not self._places:
            raise TrunklineError(failures[0])
        if failures:
            return _Outcome("warned", failures[0].title)
        return _Outcome(note="Unix socket" if self._places[0].is_socket else "")

    async def _found_tunnel(self) -> _Outcome:
        """Find the first SSH server; the name of the database is looked up by the last one."""
        from trunkline_server.postgres.tunnel import hops_of, words  # asyncssh: few need it

        first = hops_of(self.profile)[0]
        try:
            await probe.resolve(first.host, first.port, timeout_s=self._timeout_s)
        except (OSError, UnicodeError) as exc:
            raise words.resolving(exc, first.host) from exc
        return _Outcome(note="SSH server")

    async def _reach_stage(self) -> _Outcome:
        failures: list[Failure] = []
        for place in self._places:
            try:
                self._offers_tls = await probe.reach(place, timeout_s=self._timeout_s)
            except TrunklineError as exc:
                failures.append(exc.failure)
            except OSError as exc:
                failures.append(refusals.reaching(exc, place))
            else:
                self._place = place
                is_first = place.host == self._places[0].host and place.port == self.profile.port
                return _Outcome(note="" if is_first else f"{place.host}, port {place.port}")
        raise TrunklineError(_most_telling(failures))

    async def _tls_stage(self) -> _Outcome:
        context = tls.context_for(self.profile)
        if self._place.is_socket:
            return _Outcome(note="Not needed on this computer")
        if context is None or self.profile.sslmode == "allow":
            return self._plain()
        if not self._offers_tls:
            if self.profile.sslmode in tls.REQUIRED_MODES:
                raise TrunklineError(refusals.said(refusals.TLS_REFUSED))
            return self._plain()
        try:
            version = await probe.encrypt(self._place, context, timeout_s=self._timeout_s)
        except OSError as exc:
            if self.profile.sslmode in tls.REQUIRED_MODES:
                raise TrunklineError(refusals.encrypting(exc, self._place)) from exc
            return self._plain()
        self._expects_tls = True
        return _Outcome(note=version)

    def _plain(self) -> _Outcome:
        if self._place.dial:
            is_well = self._place.is_local
            return _Outcome(note=_TUNNELLED) if is_well else _Outcome("warned", _BEYOND)
        return _Outcome(note=_LOCAL) if self._place.is_local else _Outcome("warned", _UNENCRYPTED)

    async def _login_stage(self) -> _Outcome:
        try:
            async with asyncio.timeout(self._timeout_s):
                self._conn = await database.connect(self._pinned(), self._password, self._tunnel)
        except Exception as exc:  # the driver's classes stay in database.py
            failure = await self._why_refused(exc)
            if not failure.code.startswith("database."):
                raise TrunklineError(failure) from exc
            self._refusal = failure  # the login was fine; the next stage was refused with it
            return _Outcome()
        return self._surprise()

    async def _why_refused(self, exc: BaseException) -> Failure:
        asked = Afterthought(
            place=self._place,
            profile=self.profile,
            password=self._password,
            offers_tls=self._offers_tls,
        )
        return await asked.why(exc)

    def _surprise(self) -> _Outcome:
        """Correct the stage before: ``prefer`` and ``allow`` leave the last word to the login."""
        # asyncpg has no public way to ask what its connection became.
        is_encrypted = self._conn._transport.get_extra_info("ssl_object") is not None
        if self._expects_tls and not is_encrypted:
            return _Outcome("warned", "Not encrypted: the server refuses it for this login.")
        return _Outcome(note="Encrypted after all" if is_encrypted > self._expects_tls else "")

    def _pinned(self) -> Profile:
        """Return the profile with the host that answered, unless the driver must choose one."""
        if self.profile.target_session_attrs != "any":
            return self.profile
        place = self._place
        return replace(self.profile, host=place.host, port=place.port, fallback_hosts=())

    async def _database_stage(self) -> _Outcome:
        if self._refusal is not None:
            raise TrunklineError(self._refusal)
        major = self._conn.get_server_version().major
        if major < OLDEST_SERVER:
            raise TrunklineError(refusals.too_old(major, OLDEST_SERVER))
        version = await self._reading(lambda: self._conn.fetchval("SHOW server_version"))
        return _Outcome(note=f"PostgreSQL {version.partition(' ')[0]}")  # without the packager's

    async def _rights_stage(self) -> _Outcome:
        found = await self._reading(lambda: self._conn.fetchrow(_RIGHTS))
        if not found["tables"]:
            return _Outcome("warned", "No tables yet")
        if not found["readable"]:
            raise TrunklineError(refusals.no_rights(self.profile, has_usage=bool(found["usable"])))
        return _Outcome(note=posture.count(found["readable"]))

    async def _posture_stage(self) -> _Outcome:
        found = await self._reading(lambda: posture.posture(self._conn))
        return _Outcome("done" if found.level == "ok" else "warned", found.sentence)

    async def _reading(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Ask in one short read-only transaction, which a pooler keeps on one server."""
        try:
            async with asyncio.timeout(self._timeout_s), self._conn.transaction(readonly=True):
                return await question()
        except Exception as exc:  # the driver's classes stay in database.py
            error = refusals.server_error(exc)
            failure = refusals.asking(error, exc, self.profile)
            raise TrunklineError(failure) from exc


def _most_telling(failures: list[Failure]) -> Failure:
    """Prefer what a server said over a network that has, for one, no IPv6."""
    return next((f for f in failures if f.code != "reach.no_route"), failures[0])
