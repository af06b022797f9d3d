"""Why a server did not let us in: it is asked again on a raw socket, without the driver."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

from trunkline_server.errors import Failure
from trunkline_server.postgres import tls
from trunkline_server.postgres.check import probe, refusals, wire
from trunkline_server.profiles.profile import Profile

_AFTERTHOUGHT_S = 2.0
_LISTEN_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Afterthought:
    """What the driver's error leaves open about one login.

    Attributes:
        place: where the server answered.
        offers_tls: whether it did so with an offer to encrypt.
    """

    place: probe.Place
    profile: Profile
    password: str | None
    offers_tls: bool

    async def why(self, exc: BaseException) -> Failure:
        """Ask the server again, without the driver, as far as its first answer does not tell."""
        error = refusals.server_error(exc)
        if error is None:
            return await self._why_silent(exc)
        failure = refusals.entering(error, self.profile, self.password)
        if failure.code == refusals.NOT_ALLOWED[0]:
            return await self._why_not_allowed(error)
        return failure

    async def _why_silent(self, exc: BaseException) -> Failure:
        try:
            context = tls.context_for(self.profile) if self.offers_tls else None
            said = await self._greet(context, listen_s=_LISTEN_S)
        except OSError as second:
            broken = refusals.encrypting(second, self.place)
            is_told = broken.code != "tls.failed"
            return broken if is_told else refusals.breaking_off(exc, self.profile)
        told = self._what_greeting_tells(said) if said else None
        if told is None and self.profile.target_session_attrs != "any":
            told = None if isinstance(exc, OSError) else refusals.wrong_kind(self.profile)
        return told or refusals.breaking_off(exc, self.profile)

    def _what_greeting_tells(self, said: wire.Greeting) -> Failure | None:
        if said.unknown_method:
            return refusals.unknown_method(said.unknown_method, self.profile)
        if said.wants_password and not self.password:
            return refusals.missing_password(self.profile)
        if said.fields.get("C"):
            return refusals.entering(_from_wire(said.fields), self.profile, self.password)
        return None

    async def _why_not_allowed(self, error: refusals.ServerError) -> Failure:
        """Tell a missing entry from one that only asks for encryption, or forbids it."""
        insisting = replace(self.profile, sslmode="require", sslrootcert="")
        words = refusals.NOT_ALLOWED
        if self.offers_tls and await self._is_welcome(tls.context_for(insisting)):
            words = refusals.TLS_REQUIRED
        elif await self._is_welcome(None):
            words = refusals.TLS_UNWANTED
        return refusals.admitting(words, error, self.profile)

    async def _is_welcome(self, context: Any) -> bool:
        with contextlib.suppress(OSError):
            said = await self._greet(context)
            return said is not None and (said.wants_password or said.lets_in)
        return False

    async def _greet(self, context: Any, *, listen_s: float = 0.0) -> wire.Greeting | None:
        return await probe.greet(
            self.place,
            context,
            self.profile.user,
            self.profile.database,
            timeout_s=min(self.profile.connect_timeout, _AFTERTHOUGHT_S),
            listen_s=listen_s,
        )


def _from_wire(fields: dict[str, str]) -> refusals.ServerError:
    return refusals.ServerError(
        sqlstate=fields.get("C", ""), routine=fields.get("R", ""), message=fields.get("M", "")
    )
