"""How a transaction of ours begins: it can only read, and it ends by itself. Pure."""

from __future__ import annotations

from trunkline_server.postgres.database import messages
from trunkline_server.profiles.profile import Profile

#: Statements of :func:`beginning`; what answers come before they have run tells nothing.
STATEMENTS = 2

_BEGIN = messages.parse("BEGIN READ ONLY") + messages.bind("") + messages.execute("")


def beginning(profile: Profile, *, watches_client: bool, is_bytes: bool = False) -> bytes:
    """Return the messages that begin and bound a transaction, to be sent before a question.

    ``watches_client`` tells that the server can look whether its client is still there;
    ``is_bytes`` that the database holds bytes of no encoding, SQL_ASCII: asked for UTF-8 it would
    refuse the rows whose bytes are something else.

    They are of the extended protocol: when one fails, PostgreSQL skips the question too, so that
    nothing can run outside of the transaction.
    """
    settings = _settings(profile, watches_client, is_bytes)
    calls = ", ".join(
        f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in settings.items()
    )
    return _BEGIN + messages.parse(f"SELECT {calls}") + messages.bind("") + messages.execute("")


def _settings(profile: Profile, watches_client: bool, is_bytes: bool) -> dict[str, str]:
    timeout_ms = max(1, round(profile.statement_timeout * 1000))
    return {
        "statement_timeout": str(timeout_ms),
        "lock_timeout": str(min(timeout_ms, 5000)),
        "idle_in_transaction_session_timeout": str(timeout_ms + 30_000),
        # The guard reads strings by this rule; by the other one a string ends elsewhere.
        "standard_conforming_strings": "on",
        # Values mean the same whatever the login's own settings are.
        "bytea_output": "hex",
        "extra_float_digits": "1",
        "intervalstyle": "postgres",
        **({"client_connection_check_interval": "2000"} if watches_client else {}),
        **({"client_encoding": "SQL_ASCII"} if is_bytes else {}),
    }
