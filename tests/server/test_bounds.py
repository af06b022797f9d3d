"""No answer, however large, takes the server's memory or its time: the real process, over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.server.conftest import READER, Server
from tests.server.processes import PATIENCE_S, TOKEN, Run, running
from trunkline_server.profiles.profile import Profile

TIMEOUT_S = 2.0
MAX_MB = 200
AT_ONCE = 8

WIDE = (
    f"CREATE VIEW wide AS SELECT {', '.join(f'repeat($$w$$, 3000) AS c{n}' for n in range(1600))} "
    f"FROM generate_series(1, 500); GRANT SELECT ON wide TO {READER}"
)

HEAVY = {
    "a gigabyte in one cell": "SELECT repeat('x', 1000000000) AS body",
    "a value that does not shrink": "SELECT string_agg(md5(n::text), '') FROM "
    "generate_series(1, 3000000) n",
    "a large value in every row": "SELECT n, repeat('x', 5000000) FROM generate_series(1, 500) n",
    "a row of 1,600 columns": "SELECT * FROM wide LIMIT 1",
    "rows of 1,600 columns": "SELECT * FROM wide",
    "an array of 100,000": "SELECT array_agg(n) FROM generate_series(1, 100000) n",
    "large arrays in every row": "SELECT array_fill('word'::text, ARRAY[200, 500]) "
    "FROM generate_series(1, 100)",
    "deep JSON": "SELECT (repeat('[', 3000) || repeat(']', 3000))::json "
    "FROM generate_series(1, 500)",
    "wide JSON": "SELECT json_agg(n) FROM generate_series(1, 300000) n",
    "a long series": "SELECT generate_series(1, 1000000000000)",
    "large bytea": "SELECT decode(repeat('00ff', 10000000), 'hex')",
}

ENDLESS = {
    "a cartesian product": "SELECT count(*) FROM generate_series(1, 1000000) a "
    "CROSS JOIN generate_series(1, 1000000) b",
    "a sorted endless series": "SELECT n FROM generate_series(1, 1000000000000) n ORDER BY n DESC",
    "an error that quotes its value": "SELECT repeat('x', 50000000)::int",
}


@dataclass(frozen=True)
class Reply:
    """What a call answered."""

    is_error: bool
    text: str

    @property
    def rows(self) -> dict[str, Any]:
        assert not self.is_error, self.text
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True)
class Serving:
    """A running server, and its peak of memory."""

    run: Run
    url: str

    @property
    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.run.popen.pid}/status").read_text()
        peak_kb = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
        return int(peak_kb) / 1024

    async def ask(self, *queries: str) -> list[Reply]:
        """Ask all at once, as one client."""
        transport = StreamableHttpTransport(self.url, headers={"Authorization": f"Bearer {TOKEN}"})
        # Without its limits a question here would last for years, not for a slow computer's while.
        async with asyncio.timeout(PATIENCE_S), Client(transport) as client:
            return await asyncio.gather(*(_reply(client, query) for query in queries))


async def _reply(client: Client[Any], query: str) -> Reply:
    said = await client.call_tool("execute_query", {"query": query}, raise_on_error=False)
    return Reply(said.is_error, said.content[0].text)


@pytest.fixture(scope="module")
def serving(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all tests: memory that one call leaves behind counts for the next."""
    profile = Profile(
        id="shop", name="Shop", host=str(server.socket), port=server.port, database="shop",
        user=READER, sslmode="disable", statement_timeout=TIMEOUT_S,
    )  # fmt: skip
    home = str(tmp_path_factory.mktemp("home"))
    server.psql(WIDE)
    with running(profile, "--transport", "http", "--port", "0", TRUNKLINE_HOME=home) as run:
        yield Serving(run, run.ready().url)
    server.psql("DROP VIEW wide")


def _is_bounded(serving: Serving, replies: list[Reply]) -> None:
    assert max(len(reply.text.encode()) for reply in replies) <= 65536
    assert serving.peak_mb < MAX_MB


@pytest.mark.parametrize("what", HEAVY)
async def test_what_is_too_much_is_cut(what: str, serving: Serving):
    heavy, after = [*await serving.ask(HEAVY[what]), *await serving.ask("SELECT 1")]
    assert heavy.is_error or (heavy.rows["row_count"] and heavy.rows["truncated"])
    assert after.rows["rows"] == [[1]]
    _is_bounded(serving, [heavy])


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_never_ends_is_stopped(what: str, serving: Serving):
    endless, after = [*await serving.ask(ENDLESS[what]), *await serving.ask("SELECT 1")]
    assert endless.is_error
    assert after.rows["rows"] == [[1]]
    _is_bounded(serving, [endless])


async def test_eight_large_values_at_once_stay_within_the_same_memory(serving: Serving):
    replies = await serving.ask(*["SELECT repeat('x', 40000000) AS body"] * AT_ONCE)
    assert all(reply.rows["rows"][0][0].endswith("[40000000 bytes]") for reply in replies)
    _is_bounded(serving, replies)


async def test_eight_wide_answers_at_once_stay_within_the_same_memory(serving: Serving):
    replies = await serving.ask(*[HEAVY["rows of 1,600 columns"]] * AT_ONCE)
    assert all(reply.rows["truncated"] for reply in replies)
    _is_bounded(serving, replies)


async def test_eight_endless_questions_at_once_end_in_time(serving: Serving):
    replies = await serving.ask(*[ENDLESS["a cartesian product"]] * AT_ONCE)
    assert all(reply.is_error for reply in replies)
    _is_bounded(serving, replies)
    (after,) = await serving.ask("SELECT 1")
    assert after.rows["rows"] == [[1]]
