"""The system's own PostgreSQL with HypoPG and pg_stat_statements, for tests of several files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import servers
from tests.server.servers import Instance
from trunkline_server.profiles.profile import Profile

RULES = (
    "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
)
SETTINGS = "shared_preload_libraries = 'pg_stat_statements'\ntrack_io_timing = on\n"

DATA = """
CREATE EXTENSION hypopg; CREATE EXTENSION pg_stat_statements;
CREATE ROLE shop_owner LOGIN; CREATE ROLE shop_reader LOGIN;
GRANT CREATE ON SCHEMA public TO shop_owner;
SET ROLE shop_owner;
CREATE TABLE customers (id int PRIMARY KEY, name varchar(80), ssn text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int, total numeric, placed date);
INSERT INTO customers SELECT n, 'Name ' || n, 'secret ' || n FROM generate_series(1, 1000) n;
INSERT INTO orders SELECT n, n % 1000, n, '2026-01-01'::date + n % 300
  FROM generate_series(1, 20000) n;
ANALYZE customers, orders;
GRANT SELECT ON customers, orders TO shop_reader;
RESET ROLE;
"""


def programs() -> Path:
    """Return the folder of the newest PostgreSQL below /usr/lib/postgresql."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed below /usr/lib/postgresql.")
    folder = found[-1].parent
    control = Path(f"/usr/share/postgresql/{folder.parent.name}/extension/hypopg.control")
    if not control.exists():
        pytest.skip("The extension HypoPG is not installed.")
    return folder


@contextmanager
def shop() -> Iterator[Instance]:
    """Start a server with a small shop in its database ``postgres``."""
    with servers.instance(programs(), rules=RULES, settings=SETTINGS) as running:
        running.psql(DATA)
        yield running


@pytest.fixture(scope="module")
def debian() -> Iterator[Instance]:
    """The server, for all tests of a file."""
    with shop() as running:
        yield running


def profile(running: Instance, user: str = "postgres") -> Profile:
    """Return the profile of a login there, which needs no password."""
    return Profile(id="debian", name="Debian", host=str(running.folder), port=running.port,
                   database="postgres", user=user, sslmode="disable",
                   statement_timeout=20.0)  # fmt: skip
