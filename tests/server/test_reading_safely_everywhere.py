"""Every attack and every honest question, on every PostgreSQL there is, as every kind of role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.server import installed, statements
from tests.server.conftest import OWNER, PASSWORD, READER, ROLES, SHOP, SUPERUSER, Server
from tests.server.outside import SESSION, Outside
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

VERSIONS = (14, 15, 16, 17, 18)
EMBEDDED = 18
BATCH = 24  # statements between two looks from outside

OPENED = f"""
GRANT USAGE ON SCHEMA hidden TO {OWNER}, {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {OWNER}, {READER};
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {OWNER}, {READER};
"""


@dataclass(frozen=True)
class Place:
    """A database of traps on one version.

    Attributes:
        data: the server's data directory.
        address: host and port.
    """

    version: int
    data: Path
    address: tuple[str, int]

    def profile(self, user: str) -> Profile:
        host, port = self.address
        return Profile(
            id="traps", name="Traps", host=host, port=port, database="everywhere", user=user,
            sslmode="disable", statement_timeout=5.0,
        )  # fmt: skip

    def dsn(self) -> dict[str, Any]:
        host, port = self.address
        return {"host": host, "port": port, "user": SUPERUSER, "password": PASSWORD,
                "database": "everywhere"}  # fmt: skip


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda v: f"PostgreSQL {v}")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    version = request.param
    if version == EMBEDDED:
        server: Server = request.getfixturevalue("server")
        server.psql("CREATE DATABASE everywhere TEMPLATE shop")
        server.psql(statements.TRAPS + statements.HONEST_OBJECTS + OPENED, "everywhere")
        yield Place(version, server.data, (str(server.socket), server.port))
        server.psql("DROP DATABASE everywhere WITH (FORCE)")
        return
    programs = installed.all_versions().get(version)
    if programs is None:
        pytest.skip(f"PostgreSQL {version} is not installed.")
    with installed.running(programs) as system:
        system.psql(ROLES.replace("DATABASE shop", "DATABASE everywhere"), "postgres")
        shop = SHOP.replace("CREATE EXTENSION vector;", "GRANT CREATE ON SCHEMA public TO PUBLIC;")
        system.psql(shop + statements.TRAPS + statements.HONEST_OBJECTS + OPENED, "everywhere")
        yield Place(version, system.folder / "data", (str(system.folder), installed.PORT))


@pytest.fixture(params=[SUPERUSER, OWNER, READER])
async def db(place: Place, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    opened = Database(place.profile(request.param), PASSWORD)
    yield opened
    await opened.close()


@pytest.fixture
async def outside(place: Place) -> AsyncIterator[Outside]:
    opened = await Outside.of(place.dsn(), place.data)
    yield opened
    await opened.close()


async def _session(db: Database) -> list[Any]:
    return [list(row.values()) for row in await db.fetch(SESSION)]


async def test_no_attack_changes_anything_or_is_let_through(
    place: Place, db: Database, outside: Outside
) -> None:
    before, session = await outside.seen(), await _session(db)
    let_through = []
    for batch in _batches(statements.REFUSED):
        for sql in batch:
            try:
                await db.read(sql.replace("{folder}", str(place.data)))
            except TrunklineError:
                continue
            let_through.append(sql)
        assert _changed(before, await outside.seen()) == [], batch
    assert let_through == []
    assert await _session(db) == session


async def test_every_honest_question_is_answered_and_changes_nothing(
    place: Place, db: Database, outside: Outside
) -> None:
    before, session = await outside.seen(), await _session(db)
    refused = {}
    for batch in _batches(_honest(place.version)):
        for sql in batch:
            try:
                await db.read(sql.replace("\\n", "\n"))
            except TrunklineError as exc:
                refused[sql] = f"{exc} {exc.failure.detail}"
        assert _changed(before, await outside.seen()) == [], batch
    assert refused == {}
    assert await _session(db) == session


async def test_a_policy_that_would_do_harm_keeps_its_table_from_being_read(
    place: Place, outside: Outside
) -> None:
    reader = Database(place.profile(READER), PASSWORD)
    superuser = Database(place.profile(SUPERUSER), PASSWORD)
    try:
        for sql in ("SELECT * FROM ruled", "SELECT id FROM over_ruled"):
            with pytest.raises(TrunklineError, match="pg_notify"):
                await reader.read(sql)
        assert (await superuser.read("SELECT * FROM ruled")).rows == [[1]]
        assert (await reader.read("SELECT id FROM tenants")).rows == [[1]]
        assert outside.heard == []
    finally:
        await reader.close()
        await superuser.close()


def test_there_are_enough_statements_on_both_lists() -> None:
    assert len(statements.REFUSED) >= 400
    assert len(statements.lines(statements.HONEST)) >= 150


def _honest(version: int) -> list[str]:
    since = [text for first, text in statements.HONEST_SINCE.items() if version >= first]
    vector = [statements.HONEST_VECTOR] if version == EMBEDDED else []
    return [sql for text in (statements.HONEST, *since, *vector) for sql in statements.lines(text)]


def _batches(sqls: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(sqls), BATCH):
        yield tuple(sqls[start : start + BATCH])


def _changed(before: dict[str, str | None], after: dict[str, str | None]) -> list[str]:
    return [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
