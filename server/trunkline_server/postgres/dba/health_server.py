"""What a health check looks at in the server: connections, transactions, memory, copies. Pure."""

from __future__ import annotations

from trunkline_server.postgres.dba.findings import Check, Finding, Row, Server, duration, volume

GB = 1024.0**3

# https://www.postgresql.org/support/versioning/: the day each version gets its last correction.
LAST_FIX = {12: "2024-11-21", 13: "2025-11-13", 14: "2026-11-12", 15: "2027-11-11",
            16: "2028-11-09", 17: "2029-11-08", 18: "2030-11-14"}  # fmt: skip


def _connections(rows: list[Row], _server: Server) -> list[Finding]:
    used, most = rows[0]["used"] or 0.0, max(1.0, rows[0]["most"])
    text = f"{used:.0f} of {most:.0f} connections are in use."
    if used < 0.8 * most:
        return [Finding(about="connections", grade="ok", sentence=text)]
    return [Finding(
        about="connections",
        grade="urgent" if used >= 0.95 * most else "attention",
        sentence=f"{text} When none is left, nobody can log in any more.",
        next_step="Close idle programs, put a pooler such as PgBouncer before the server, or raise "
        "max_connections.",
    )]  # fmt: skip


def _cache(rows: list[Row], _server: Server) -> list[Finding]:
    found = []
    row = rows[0]
    looked = row["hit"] + row["read"]
    share = row["hit"] / looked if looked else 1.0
    text = f"{share:.1%} of the pages were found in memory."
    if looked < 100_000 or share >= 0.95:
        found.append(Finding(about="cache", grade="ok", sentence=text))
    else:
        found.append(Finding(
            about="cache", grade="attention", sentence=f"Only {text[0].lower()}{text[1:]}",
            next_step="Give shared_buffers about a quarter of the memory, and look at top_queries "
            "for tables that are read whole."))  # fmt: skip
    if row["temp"] > 10 * GB:
        found.append(Finding(
            about="temporary files", grade="attention",
            sentence=f"Queries wrote {volume(row['temp'])} to temporary files since counting "
            "began: they sort or join more than fits into memory.",
            next_step="Raise work_mem a little, or find them with top_queries."))  # fmt: skip
    if row["deadlocks"] > 0:
        found.append(Finding(
            about="deadlocks", grade="attention",
            sentence=f"{row['deadlocks']:.0f} times two transactions waited for each other and one "
            "was ended.",
            next_step="Let programs change rows and tables in the same order."))  # fmt: skip
    return found


def _transactions(rows: list[Row], server: Server) -> list[Finding]:
    found = []
    for row in rows:
        is_idle = str(row["state"]).startswith("idle in transaction")
        limit = 60 if is_idle else 300
        seconds = row["idle_s"] if is_idle else row["age_s"]
        if (seconds or 0) < limit:
            continue
        what = "is open and idle" if is_idle else "has been running"
        found.append(Finding(
            about="long transactions",
            grade="urgent" if row["age_s"] > 3600 else "attention",
            sentence=f"A transaction of {row['login']} (process {row['pid']}) {what} for "
            f"{duration(seconds)}; nothing changed since it began can be cleaned up.",
            next_step="Let its program commit; an administrator can end it with SELECT "
            f"pg_terminate_backend({row['pid']}).",
        ))  # fmt: skip
    if not found and server.sees_all:
        return [Finding(about="long transactions", grade="ok", sentence="None is old.")]
    return found


def _prepared(rows: list[Row], _server: Server) -> list[Finding]:
    count, age = rows[0]["count"], rows[0]["age_s"] or 0.0
    if not count or age < 300:
        return []
    return [Finding(
        about="prepared transactions", grade="urgent" if age > 86_400 else "attention",
        sentence=f"{count} prepared transactions wait for their end, the oldest for "
        f"{duration(age)}; they keep their locks.",
        next_step="Finish each with COMMIT PREPARED or ROLLBACK PREPARED; see pg_prepared_xacts.",
    )]  # fmt: skip


def _wraparound(rows: list[Row], _server: Server) -> list[Finding]:
    row = rows[0]
    age, most = max(row["age"], row["multi_age"]), 2_147_483_648.0
    where = "this database" if row["is_here"] else "another database of this server"
    text = f"The oldest transaction number of {where} is {age / most:.0%} of the way to the limit."
    if age < max(row["freeze"] * 1.5, 300e6):
        return [Finding(about="transaction numbers", grade="ok", sentence=text)]
    return [Finding(
        about="transaction numbers", grade="urgent" if age > 1.2e9 else "attention",
        sentence=f"{text} At the limit the server stops taking changes.",
        next_step="Find out what keeps autovacuum from its work (old transactions, unused slots), "
        "then run VACUUM FREEZE on the oldest tables.",
    )]  # fmt: skip


def _copies(rows: list[Row], _server: Server) -> list[Finding]:
    if not rows:
        return []
    worst = max(rows, key=lambda row: row["lag_s"] or 0.0)
    lag = worst["lag_s"] or 0.0
    text = f"{len(rows)} copies of this server, the slowest {duration(lag)} behind."
    if lag < 10:
        return [Finding(about="replication", grade="ok", sentence=text)]
    return [Finding(
        about="replication", grade="urgent" if lag > 300 else "attention", sentence=text,
        next_step="Look at the network, and at long queries on the copy.",
    )]  # fmt: skip


def _slots(rows: list[Row], _server: Server) -> list[Finding]:
    found = []
    for row in rows:
        kept = row["kept"] or 0.0
        is_lost = row["wal_status"] in {"lost", "unreserved"}
        if not is_lost and (row["active"] or kept < GB):
            continue
        state = "lost what it needs" if is_lost else "is not in use"
        found.append(Finding(
            about="replication slots", grade="urgent" if is_lost or kept > 10 * GB else "attention",
            sentence=f"The replication slot {row['slot']} {state} and keeps {volume(kept)} of log "
            "on disk.",
            next_step="If nobody needs it any more: SELECT pg_drop_replication_slot(…).",
        ))  # fmt: skip
    return found


def _standby(rows: list[Row], _server: Server) -> list[Finding]:
    row = rows[0]
    if row["paused"]:
        return [Finding(
            about="replication", grade="attention",
            sentence="This standby has stopped repeating what the primary does: it was paused.",
            next_step="An administrator goes on with SELECT pg_wal_replay_resume().",
        )]  # fmt: skip
    lag = 0.0 if row["caught_up"] else row["lag_s"] or 0.0
    text = f"This is a standby, {duration(lag)} behind its primary."
    if lag < 30:
        return [Finding(about="replication", grade="ok", sentence=text)]
    return [Finding(
        about="replication", grade="urgent" if lag > 600 else "attention",
        sentence=f"{text} What you read is that old.",
        next_step="Look at the network, and at long queries on this standby.",
    )]  # fmt: skip


def _checkpoints(rows: list[Row], _server: Server) -> list[Finding]:
    timed, requested = rows[0]["timed"], rows[0]["requested"]
    text = f"{requested:.0f} of {timed + requested:.0f} checkpoints were forced before their time."
    if requested < 50 or requested < timed:
        return [Finding(about="checkpoints", grade="ok", sentence=text)]
    return [Finding(
        about="checkpoints", grade="attention", sentence=f"{text} Each writes much at once.",
        next_step="Raise max_wal_size.",
    )]  # fmt: skip


_OFF = {
    "autovacuum": ("urgent", "Autovacuum is off: tables grow and statistics age.",
                   "Switch autovacuum on."),
    "track_counts": ("urgent", "track_counts is off: autovacuum cannot know what to do.",
                     "Switch track_counts on."),
    "fsync": ("urgent", "fsync is off: a crash can destroy the whole database.",
              "Switch fsync on."),
    "full_page_writes": ("urgent", "full_page_writes is off: a crash can damage tables.",
                         "Switch full_page_writes on."),
    "track_activities": ("attention", "track_activities is off: nobody sees what runs.",
                         "Switch track_activities on."),
}  # fmt: skip


def _settings(rows: list[Row], _server: Server) -> list[Finding]:
    found = []
    values = {row["setting_name"]: row["setting"] for row in rows}
    size = float(rows[0]["size"] or 0) if rows else 0.0
    for name, (grade, sentence, step) in _OFF.items():
        if values.get(name) == "off":
            found.append(Finding(about="settings", sentence=sentence, next_step=step,
                                 grade="urgent" if grade == "urgent" else "attention"))  # fmt: skip
    buffers = float(values.get("shared_buffers", 0)) * 8192
    if 0 < buffers <= 128 * 1024**2 and size > 4 * GB:
        found.append(Finding(
            about="settings", grade="attention",
            sentence=f"shared_buffers is {volume(buffers)}, the default for a tiny server, and the "
            f"database is {volume(size)}.",
            next_step="Set shared_buffers to about a quarter of the server's memory."))  # fmt: skip
    if float(values.get("max_connections", 0)) > 500:
        found.append(Finding(
            about="settings", grade="attention",
            sentence=f"max_connections is {values['max_connections']}: each connection costs "
            "memory and time.",
            next_step="Use a pooler such as PgBouncer and a lower number."))  # fmt: skip
    if values.get("password_encryption") in {"md5", "on"}:
        found.append(Finding(
            about="settings", grade="attention",
            sentence="New passwords are kept in the old md5 form, which is easy to break.",
            next_step="Set password_encryption to scram-sha-256 and set the passwords "
            "again."))  # fmt: skip
    waiting = [row["setting_name"] for row in rows if row["pending"]]
    if waiting:
        found.append(Finding(
            about="settings", grade="attention",
            sentence=f"Changed settings wait for a restart: {', '.join(waiting[:8])}.",
            next_step="Restart PostgreSQL when it suits."))  # fmt: skip
    return found or [Finding(about="settings", grade="ok", sentence="Nothing out of line.")]


def _age(rows: list[Row], server: Server) -> list[Finding]:
    major = server.version // 10_000
    end = LAST_FIX.get(major, "")
    name = f"PostgreSQL {rows[0]['version']}"
    if not end or rows[0]["today"] <= end:
        return [Finding(about="version", grade="ok", sentence=f"{name}.")]
    return [Finding(
        about="version", grade="attention",
        sentence=f"{name} gets no corrections since {end}, not even for security.",
        next_step="Plan the upgrade to a newer version.",
    )]  # fmt: skip


CHECKS = (
    Check(about="connections", judge=_connections, sql="""
SELECT (SELECT sum(numbackends)::float8 FROM pg_stat_database) AS used,
  current_setting('max_connections')::float8
  - current_setting('superuser_reserved_connections')::float8 AS most"""),
    Check(about="cache", judge=_cache, sql="""
SELECT blks_hit::float8 AS hit, blks_read::float8 AS read, temp_bytes::float8 AS temp,
  deadlocks::float8 AS deadlocks FROM pg_stat_database WHERE datname = current_database()"""),
    Check(about="long transactions", judge=_transactions, sql="""
SELECT pid, usename::text AS login, state,
  extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age_s,
  extract(epoch FROM clock_timestamp() - state_change)::float8 AS idle_s
FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' ORDER BY xact_start LIMIT 5"""),
    Check(about="prepared transactions", judge=_prepared, sql="""
SELECT count(*)::int AS count,
  extract(epoch FROM clock_timestamp() - min(prepared))::float8 AS age_s FROM pg_prepared_xacts"""),
    Check(about="transaction numbers", judge=_wraparound, sql="""
SELECT datname = current_database() AS is_here, age(datfrozenxid)::float8 AS age,
  mxid_age(datminmxid)::float8 AS multi_age,
  current_setting('autovacuum_freeze_max_age')::float8 AS freeze
FROM pg_database ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC LIMIT 1"""),
    Check(about="replication", judge=_copies, sql="""
SELECT extract(epoch FROM replay_lag)::float8 AS lag_s FROM pg_stat_replication
WHERE state IS NOT NULL AND state <> 'backup'""",
          fits=lambda s: not s.is_standby and s.sees_all),
    Check(about="replication slots", judge=_slots, sql="""
SELECT slot_name::text AS slot, active, wal_status, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
  THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::float8 AS kept
FROM pg_replication_slots"""),
    Check(about="replication", judge=_standby, fits=lambda s: s.is_standby, sql="""
SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS lag_s,
  pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() AS caught_up,
  pg_is_wal_replay_paused() AS paused"""),
    Check(about="checkpoints", judge=_checkpoints, fits=lambda s: s.version < 170_000, sql="""
SELECT checkpoints_timed::float8 AS timed, checkpoints_req::float8 AS requested
FROM pg_stat_bgwriter"""),
    Check(about="checkpoints", judge=_checkpoints, fits=lambda s: s.version >= 170_000, sql="""
SELECT num_timed::float8 AS timed, num_requested::float8 AS requested FROM pg_stat_checkpointer"""),
    Check(about="settings", judge=_settings, sql="""
SELECT name AS setting_name, setting, pending_restart AS pending,
  pg_database_size(current_database())::float8 AS size
FROM pg_settings WHERE pending_restart OR name IN ('autovacuum', 'track_counts', 'fsync',
  'full_page_writes', 'track_activities', 'shared_buffers', 'max_connections',
  'password_encryption')"""),
    Check(about="version", judge=_age, sql="""
SELECT current_setting('server_version') AS version, current_date::text AS today"""),
)  # fmt: skip
