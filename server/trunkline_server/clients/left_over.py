"""Which databases AI apps have entries for, removed ones too: no new one may get such an id."""

from __future__ import annotations

from trunkline_server.clients import owned


def ids() -> frozenset[str]:
    """Return the ids in the entries that we wrote and that are there still, as far as we know."""
    return frozenset(record.profile for record in owned.records())
