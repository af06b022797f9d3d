"""What sqlsmith makes up from a real catalogue, sent as a superuser: nothing changes or breaks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.server import installed, statements
from tests.server.conftest import ROLES, SHOP, SUPERUSER
from tests.server.outside import SESSION, Outside
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

SEED = 20261122
OF_CATALOGUE, OF_TABLES = 90, 110  # statements


@pytest.fixture(scope="module")
def system() -> Iterator[installed.System]:
    versions = installed.versions()
    if shutil.which("sqlsmith") is None or not versions:
        pytest.skip("sqlsmith or PostgreSQL is not installed (Debian: sqlsmith, postgresql).")
    with installed.running(versions[max(versions)]) as started:
        started.psql(ROLES, "postgres")
        shop = SHOP.replace("CREATE EXTENSION vector;", "GRANT CREATE ON SCHEMA public TO PUBLIC;")
        started.psql(shop + statements.HONEST_OBJECTS, "shop")
        yield started


@pytest.fixture
async def db(system: installed.System) -> AsyncIterator[Database]:
    opened = Database(
        Profile(
            id="shop", name="Shop", host=str(system.folder), port=installed.PORT, database="shop",
            user=SUPERUSER, sslmode="disable", statement_timeout=1.0,
        ),
        None,
    )  # fmt: skip
    yield opened
    await opened.close()


def _made_up(system: installed.System, number: int, *options: str) -> list[str]:
    """Return what sqlsmith prints; it reads the catalogue and runs nothing."""
    address = f"host={system.folder} port={installed.PORT} user={SUPERUSER} dbname=shop"
    done = subprocess.run(
        ["sqlsmith", f"--target={address}", "--dry-run", f"--seed={SEED}",
         f"--max-queries={number}", *options],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [sql.strip() for sql in re.split(r";\s*\n", done.stdout) if sql.strip()]


@pytest.mark.parametrize(
    ("number", "options"), [(OF_CATALOGUE, []), (OF_TABLES, ["--exclude-catalog"])]
)
async def test_statements_made_up_from_the_catalogue_change_nothing(
    number: int, options: list[str], system: installed.System, db: Database
) -> None:
    outside = await Outside.of(
        {"host": str(system.folder), "port": installed.PORT, "user": SUPERUSER, "database": "shop"},
        system.folder / "data",
    )
    made_up = _made_up(system, number, *options)
    before, session = await outside.seen(), await db.fetch(SESSION)
    codes: dict[str, int] = {}
    for sql in made_up:
        try:
            await db.read(sql)
            codes["answered"] = codes.get("answered", 0) + 1
        except TrunklineError as exc:
            codes[exc.code] = codes.get(exc.code, 0) + 1
        assert (await db.read("SELECT 1")).rows == [[1]]
    assert await outside.seen() == before
    assert await db.fetch(SESSION) == session
    assert not [
        code for code in codes if code.partition(".")[0] not in {"answered", "guard", "query"}
    ]
    assert codes["answered"] > 0
    assert len(made_up) >= number // 2
    await outside.close()
