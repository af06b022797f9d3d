"""Who may come in and how often: what the gate is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from trunkline_server.serving.gate.addresses import NOBODY, Networks
from trunkline_server.serving.gate.bearer import Token
from trunkline_server.serving.gate.certificate import Files
from trunkline_server.serving.gate.jwt import Issuer
from trunkline_server.serving.gate.sizes import Sizes

OnRefused = Callable[[str, str], None]
FAILURES = "10/minute"


async def _ready() -> bool:
    return True


def _ignore(kind: str, who: str) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the gate holds callers to. Without tokens and issuer nobody comes in.

    Attributes:
        tokens: known for the whole run.
        token_file: file of ``name:token`` lines, followed while serving.
        named: the named tokens of ``trunkline-server token``, followed while serving.
        issuer: whose signed tokens count.
        allow: addresses that may speak; empty means all.
        trusted: proxies whose word about the client's address counts.
        is_proxied_only: whether only those proxies, and this computer, may connect.
        address_rate: requests of one address, such as ``300/minute``; "" means any number.
        token_rate: requests of one caller; "" means any number.
        failure_rate: wrong tokens of one address before it must wait.
        storage: where rates are counted: ``memory://`` or ``redis://…``.
        sizes: bytes, seconds and places.
        tls: the endpoint's certificate; ``None`` means plain HTTP.
        is_ready: whether questions can be answered now; asked by ``/ready``; bounded.
        on_refused: told the kind of each refusal and the caller's name, or else the address.
    """

    tokens: tuple[Token, ...] = ()
    token_file: Path | None = None
    named: Path | None = None
    issuer: Issuer | None = None
    allow: Networks = NOBODY
    trusted: Networks = NOBODY
    is_proxied_only: bool = False
    address_rate: str = ""
    token_rate: str = ""
    failure_rate: str = FAILURES
    storage: str = "memory://"
    sizes: Sizes = field(default_factory=Sizes)
    tls: Files | None = None
    is_ready: Callable[[], Awaitable[bool]] = _ready
    on_refused: OnRefused = _ignore
