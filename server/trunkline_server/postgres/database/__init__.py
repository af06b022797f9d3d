"""Connections to one database and reading from it, so that nothing can change; see ``guard``.

The only package that imports asyncpg.
"""

from trunkline_server.postgres.database.asking import Asking
from trunkline_server.postgres.database.connecting import connect
from trunkline_server.postgres.database.database import Database
from trunkline_server.postgres.database.failures import failure_of

__all__ = ["Asking", "Database", "connect", "failure_of"]
