"""Who calls: the token of a request, turned into a caller or refused."""

from __future__ import annotations

from collections import OrderedDict

from starlette.types import Scope

from trunkline_server.serving.gate.answers import Refusal, later, too_often
from trunkline_server.serving.gate.bearer import Known, Table, digest_of
from trunkline_server.serving.gate.callers import Caller
from trunkline_server.serving.gate.followed import Followed
from trunkline_server.serving.gate.jwks import Unavailable
from trunkline_server.serving.gate.jwt import Signed, Ungranted
from trunkline_server.serving.gate.metadata import challenge
from trunkline_server.serving.gate.rates import Rates
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.named_tokens import table_of_document
from trunkline_server.serving.tokens import table_of_lines

_REMEMBERED = 1024
_TRY_AGAIN_S = 10


class Door:
    """Knows the tokens, and slows down who guesses.

    After too many wrong tokens an address must wait, whatever it presents: that is what makes
    guessing slow. Only those who came in from there before stay welcome, so one AI app with an
    old token does not shut out its neighbours behind the same address.
    """

    def __init__(self, rules: Rules, rates: Rates) -> None:
        self._rules = rules
        self._rates = rates
        self._known = Known(rules.tokens, _files(rules))
        self._signed = Signed(rules.issuer) if rules.issuer else None
        self._welcome: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._has_failed = False

    async def caller(self, scope: Scope, key: str) -> Caller:
        """Return who sends a request from the address ``key``; else raise the ``Refusal``."""
        token = _presented(scope)
        if token is None:
            raise self._unknown(scope, "")
        digest = digest_of(token)
        if self._has_failed and (key, digest) not in self._welcome:
            await self._require_patience(key)
        caller = self._known.caller(digest) or await self._signed_caller(scope, token, digest)
        if caller is None:
            await self._count(key)
            raise self._unknown(scope, "invalid_token")
        self._greet(key, digest)
        return caller

    async def _signed_caller(self, scope: Scope, token: str, digest: bytes) -> Caller | None:
        if self._signed is None or token.count(".") != 2:
            return None
        try:
            return await self._signed.caller(token, digest)
        except Unavailable:
            message = "Tokens cannot be checked now. Try again soon."
            raise Refusal(
                503, "unavailable", message, kind="issuer", headers=(later(_TRY_AGAIN_S),)
            ) from None
        except Ungranted:
            raise self._ungranted(scope) from None

    async def _require_patience(self, key: str) -> None:
        wait_s = await self._rates.left(self._rules.failure_rate, "failures", key)
        if wait_s:
            raise too_often("failures", wait_s)

    async def _count(self, key: str) -> None:
        if self._rules.failure_rate:
            self._has_failed = True
            await self._rates.wait(self._rules.failure_rate, "failures", key)

    def _greet(self, key: str, digest: bytes) -> None:
        place = (key, digest)
        if place in self._welcome:
            self._welcome.move_to_end(place)
            return
        self._welcome[place] = None
        if len(self._welcome) > _REMEMBERED:
            self._welcome.popitem(last=False)

    def _unknown(self, scope: Scope, error: str) -> Refusal:
        header = challenge(scope, self._rules.issuer, error)
        message = "A valid token is needed: Authorization: Bearer …"
        return Refusal(401, "unauthorized", message, kind="token", headers=(header,))

    def _ungranted(self, scope: Scope) -> Refusal:
        header = challenge(scope, self._rules.issuer, "insufficient_scope")
        message = "The token grants no database here."
        return Refusal(403, "insufficient_scope", message, kind="scope", headers=(header,))


def _presented(scope: Scope) -> str | None:
    """Return the bearer token; ``None`` when there is none, or more than one header of the kind."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    scheme, _, token = given[0].decode("latin-1").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _files(rules: Rules) -> list[Followed[Table]]:
    found: list[Followed[Table]] = []
    if rules.token_file is not None:
        found.append(Followed[Table](rules.token_file, table_of_lines, {}))
    if rules.named is not None:
        found.append(Followed[Table](rules.named, table_of_document, {}))
    return found
