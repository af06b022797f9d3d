"""What a database holds, as far as the login may see it and the profile shows it.

Asks ``pg_catalog`` only, and the database itself each time: nothing is cached, nothing is stale.
"""

from trunkline_server.postgres.catalog.completing import (
    complete_column,
    complete_schema,
    complete_table,
)
from trunkline_server.postgres.catalog.describing import describe_table, table_resource
from trunkline_server.postgres.catalog.listing import list_tables
from trunkline_server.postgres.catalog.overview import database_overview
from trunkline_server.postgres.catalog.searching import search_schema

__all__ = [
    "complete_column",
    "complete_schema",
    "complete_table",
    "database_overview",
    "describe_table",
    "list_tables",
    "search_schema",
    "table_resource",
]
