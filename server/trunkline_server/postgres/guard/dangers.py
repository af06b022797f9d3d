"""Functions refused by their names, "stable" or not: why, and what to write instead. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Danger:
    """Functions of one kind.

    Attributes:
        pattern: matches their whole names, in any schema.
        why: what they do, after "The function x is not allowed: ".
        instead: what to write instead, one sentence.
    """

    pattern: re.Pattern[str]
    why: str
    instead: str


def _danger(pattern: str, why: str, instead: str) -> Danger:
    return Danger(re.compile(pattern, re.VERBOSE), why, instead)


_ADMINISTRATOR = "Show this statement to the person: only an administrator should run it."

DANGERS = (
    _danger(
        r"""pg_read_.* | pg_ls_.* | pg_stat_file | pg_file_.* | pg_logdir_ls | pg_current_logfile
          | pg_config | pg_tablespace_location | pg_relation_filepath | st_fromgdalraster
          | st_bandfile(size|timestamp)""",
        "it shows files or folders of the server's computer",
        "Only what is in tables and views can be read; leave it out.",
    ),
    _danger(
        r"lo_.* | loread | lowrite",
        "it opens, changes or copies large objects",
        "Large objects cannot be read here; select columns of tables instead.",
    ),
    _danger(
        r"nextval | setval",
        "it moves a sequence on",
        "Read last_value from the sequence as from a table.",
    ),
    _danger(
        r"""dblink(_.*)? | postgres_fdw_(disconnect|get_connections).* | pg_background_.*
          | master_run_.* | run_command_on_.* | worker_.* | citus_run_.*""",
        "it opens connections of its own",
        "Read tables of this database; another database is asked through its own profile.",
    ),
    _danger(
        r"http(_.*)? | urlencode_fetch",
        "it sends requests to other computers",
        "Leave it out: only tables and views of this database can be read.",
    ),
    _danger(
        r"""(query|table|schema|database|cursor)_to_xml(schema|_and_xmlschema)? | ts_stat
          | xpath_table | xslt_process""",
        "it runs text as a statement, or reaches files",
        "Write the inner query as a subquery of this SELECT.",
    ),
    _danger(
        r"""crosstab.* | connectby | _?pgr_.* | standardize_address | st_findextent | st_retile
          | geocode_.* | reverse_geocode | get_tract | location_extract | gettopogeomelement.*
          | getnodeedges | getfacebypoint | topologysummary | _validatetopology.*""",
        "it runs text as a statement",
        "Write it as plain SQL: FILTER for a crosstab, WITH RECURSIVE for a tree.",
    ),
    _danger(
        r"set_config | set_limit | setseed | pgroonga_(command|wal_.*|set_.*)",
        "it changes the session",
        "Leave it out: cast values, name schemas, write times with AT TIME ZONE.",
    ),
    _danger(
        r"pg_notify | pg_(try_)?advisory_.*",
        "it sends messages or takes locks",
        "Leave it out: reading needs neither.",
    ),
    _danger(
        r"""pg_stat_get_activity | pg_stat_get_backend_activity | pg_stat_statements
          | pg_stat_get_wal_receiver | pg_hba_file_rules | pg_ident_file_mappings
          | pg_show_all_file_settings | pg_show_all_settings""",
        "it shows other sessions' statements or the server's secrets",
        "Name the columns you need of the view over it, such as pg_stat_activity or pg_settings.",
    ),
    _danger(
        r"pg_cancel_backend | pg_terminate_backend",
        "it stops other sessions",
        "Read pg_stat_activity to find the session, and tell the person its pid.",
    ),
    _danger(
        r"pg_current_xact_id | txid_current | pg_export_snapshot",
        "it takes a transaction number or holds a snapshot",
        "Use pg_current_snapshot() or now() instead.",
    ),
    _danger(
        r"(domain|record|array|enum|range|multirange|any[a-z]*)_(in|recv)",
        "it makes a value of a type that is only known when it runs",
        "Write a cast, such as '…'::type.",
    ),
    _danger(
        r"get_raw_page | heap_page_items.* | tuple_data_split | pg_get_wal_.*info.*",
        "it shows stored pages past all rights on rows and columns",
        "Select the columns of the table instead.",
    ),
    _danger(
        r"""pg_logical_.* | pg_replication_.* | pg_create_.* | pg_drop_.* | pg_copy_.*
          | pg_sync_.* | pg_reload_conf | pg_rotate_logfile | pg_switch_(wal|xlog) | pg_promote
          | pg_wal_replay_.* | pg_backup_.* | pg_start_backup | pg_stop_backup | pg_stat_reset.*
          | pg_stat_statements_reset | pg_log_.* | pg_import_.* | pg_extension_config_dump
          | binary_upgrade_.* | pg_nextoid | pg_stop_making_pinned_objects
          | pg_(restore|clear)_(attribute|relation)_stats | brin_(de)?summarize_.*
          | gin_clean_pending_list | pg_truncate_.* | plan_create_.*""",
        "it changes the server or the session",
        _ADMINISTRATOR,
    ),
)  # fmt: skip


@lru_cache(maxsize=4096)
def danger(function: str) -> Danger | None:
    """Return why a function of this name is refused whatever the database says of it."""
    return next((d for d in DANGERS if d.pattern.fullmatch(function)), None)
