"""The gate before HTTP and SSE: sizes, addresses, rates, and who may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from trunkline_server.serving.gate.rules import Rules


def guarded(app: ASGIApp, rules: Rules) -> ASGIApp:
    """Return ``app`` behind every rule; see :func:`gate.guarded`."""
    from trunkline_server.serving.gate import gate  # not at the top: tokens are kept without it

    return gate.guarded(app, rules)
