"""How a database looks from outside, to tell whether anything in it or around it changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import asyncpg

_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n
  ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1
"""

#: Catalogues that nothing but a change changes; of the others the columns that hold what is made.
_CATALOGUES = re.findall(
    r"\w+",
    """
    pg_aggregate pg_amop pg_amproc pg_attrdef pg_auth_members pg_authid pg_cast pg_collation
    pg_constraint pg_conversion pg_db_role_setting pg_default_acl pg_depend pg_description
    pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server
    pg_foreign_table pg_inherits pg_language pg_largeobject pg_largeobject_metadata pg_namespace
    pg_opclass pg_operator pg_policy pg_proc pg_publication pg_replication_origin pg_rewrite
    pg_seclabel pg_sequence pg_shdepend pg_shdescription pg_statistic_ext pg_subscription
    pg_tablespace pg_trigger pg_ts_config pg_ts_dict pg_type pg_user_mapping
    """,
)

_OTHERS = """
SELECT 'pg_class', md5(string_agg(c::text, '|' ORDER BY oid)) FROM (
  SELECT oid, relname, relkind, relowner, relfilenode, relacl, relrowsecurity FROM pg_class) c
UNION ALL SELECT 'pg_attribute', md5(string_agg(a::text, '|' ORDER BY attrelid, attnum)) FROM (
  SELECT attrelid, attnum, attname, atttypid, attacl FROM pg_attribute) a
UNION ALL SELECT 'pg_database', string_agg(d::text, '|' ORDER BY oid) FROM (
  SELECT oid, datname, datdba, datacl, datallowconn FROM pg_database) d
UNION ALL SELECT 'sequences', string_agg(s::text, '|' ORDER BY sequencename) FROM pg_sequences s
UNION ALL SELECT 'settings', md5(string_agg(name || setting, '|' ORDER BY name)) FROM pg_settings
UNION ALL SELECT 'loaded', pg_conf_load_time()::text || pg_postmaster_start_time()
UNION ALL SELECT 'advisory', count(*)::text FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT 'slots', string_agg(slot_name, '|') FROM pg_replication_slots
UNION ALL SELECT 'prepared', string_agg(gid, '|') FROM pg_prepared_xacts
UNION ALL SELECT 'notifications', pg_notification_queue_usage()::text
UNION ALL SELECT 'resets', string_agg(stats_reset::text, '|') FROM pg_stat_database
UNION ALL SELECT 'recovery', pg_is_in_recovery()::text
"""

#: What a session could leave to the next question over the same connection.
SESSION = """
SELECT session_user::text, current_user::text, current_setting('role'),
  (SELECT string_agg(name || '=' || coalesce(setting, ''), '|' ORDER BY name) FROM pg_settings
    WHERE name NOT LIKE '%.%'),  -- those of libraries come when one is loaded
  (SELECT count(*)::int FROM pg_prepared_statements WHERE name <> ''),
  (SELECT count(*)::int FROM pg_cursors WHERE name <> '' AND is_holdable),
  (SELECT count(*)::int FROM pg_listening_channels()),
  (SELECT count(*)::int FROM pg_class WHERE relpersistence = 't'),
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory')
"""


class Outside:
    """A second connection, as superuser, that looks and listens.

    Attributes:
        heard: what was notified on the channel ``c``.
    """

    def __init__(self, connection: asyncpg.Connection[Any], data: Path) -> None:
        self._connection = connection
        self._data = data
        self.heard: list[str] = []

    @classmethod
    async def of(cls, dsn: dict[str, Any], data: Path) -> Outside:
        """Connect and begin to listen."""
        connection = await asyncpg.connect(
            **dsn, server_settings={"trap.fuse": "on", "search_path": "public"}
        )
        outside = cls(connection, data)
        await connection.add_listener("c", lambda *told: outside.heard.append(str(told[-1])))
        return outside

    async def close(self) -> None:
        await self._connection.close()

    async def seen(self) -> dict[str, str | None]:
        """Return everything that could have changed, each under its name."""
        tables = [row[0] for row in await self._connection.fetch(_TABLES)]
        named = [*tables, *(f"pg_catalog.{name}" for name in _CATALOGUES)]
        parts = [
            f"SELECT '{t}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {t} t"
            for t in named
        ]
        rows = await self._connection.fetch(" UNION ALL ".join(parts) + " UNION ALL " + _OTHERS)
        return {**{row[0]: row[1] for row in rows}, **self._files(), "heard": str(self.heard)}

    def _files(self) -> dict[str, str | None]:
        folders = [self._data, self._data / "pg_replslot", self._data.parent]
        names = sorted(str(path) for folder in folders for path in folder.iterdir())
        kept = [name for name in names if ".s.PGSQL" not in name and "postmaster" not in name]
        auto = (self._data / "postgresql.auto.conf").read_text("utf-8")
        return {"files": "|".join(kept), "postgresql.auto.conf": auto}
