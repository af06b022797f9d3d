"""explain_query on a real server: what it runs, refuses and hides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.explain import EXPLAIN_QUERY

HEAP = """
DROP TABLE IF EXISTS heap;
CREATE TABLE heap (id int PRIMARY KEY, kind int, secret text);
INSERT INTO heap SELECT n, n % 1000, 's' || n FROM generate_series(1, 20000) n;
GRANT SELECT ON heap TO shop_reader;
"""


@pytest.fixture
def heap(server: Server) -> Any:
    server.psql(HEAP)
    yield
    server.psql("DROP TABLE heap CASCADE")


async def explained(profile: Profile, **arguments: Any) -> dict[str, Any]:
    source = Source(profile, lambda: PASSWORD)
    try:
        answer = await EXPLAIN_QUERY.run(source, EXPLAIN_QUERY.checked(arguments))
    finally:
        await source.close()
    assert len(answer.text.encode()) <= profile.max_bytes
    reply: dict[str, Any] = json.loads(answer.text)
    return reply


async def refused(profile: Profile, query: str) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await explained(profile, query=query)
    return caught.value


async def test_a_plan_is_read_without_running(server: Server, heap: Any, reader_profile: Profile):
    server.psql("ANALYZE heap")
    reply = await explained(reader_profile, query="SELECT * FROM heap WHERE kind = 7")
    assert reply["reading"][0].startswith("Not run, only planned:")
    assert "CREATE INDEX ON public.heap (kind)." in reply["reading"][1]
    assert reply["plan"].startswith("Seq Scan on heap (")


async def test_analyze_runs_and_measures(heap: Any, reader_profile: Profile):
    reply = await explained(
        reader_profile, query="SELECT * FROM heap WHERE kind = $1", params=[7], analyze=True
    )
    assert "It took " in reply["reading"][0]
    assert "20 rows" in reply["plan"]


async def test_a_table_never_analyzed_is_said(server: Server, reader_profile: Profile):
    server.psql("CREATE TABLE blind (id int) WITH (autovacuum_enabled = off); "
                "INSERT INTO blind SELECT generate_series(1, 60000); "
                "GRANT SELECT ON blind TO shop_reader")  # fmt: skip
    try:
        reply = await explained(
            reader_profile, query="SELECT count(*) FROM blind WHERE id % 7 = 1", analyze=True
        )
    finally:
        server.psql("DROP TABLE blind")
    assert any("blind was never analyzed" in said for said in reply["reading"])


@pytest.mark.parametrize("query", ["EXPLAIN SELECT 1", "/* x */ explain analyze SELECT 1"])
async def test_an_explain_of_an_explain_is_refused_in_words(query: str, reader_profile: Profile):
    found = await refused(reader_profile, query)
    assert (found.code, "EXPLAIN has no plan" in str(found)) == ("query.explain", True)


async def test_show_has_no_plan(reader_profile: Profile):
    assert (await refused(reader_profile, "SHOW work_mem")).code == "query.explain"


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM customers",
        "SELECT 1; DELETE FROM customers",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_read_file('PG_VERSION')",
        "WITH gone AS (DELETE FROM customers RETURNING 1) SELECT * FROM gone",
        "SELECT * INTO copied FROM customers",
        "ANALYZE) SELECT 1",
        "SELECT 1 -- \n; DROP TABLE customers",
    ],
)
async def test_what_execute_query_refuses_is_refused(
    server: Server, superuser_profile: Profile, query: str
):
    before = server.psql("SELECT count(*) FROM customers")
    found = await refused(superuser_profile, query)
    assert found.code.startswith(("guard.", "query.syntax"))
    assert server.psql("SELECT count(*) FROM customers") == before


async def test_analyze_stops_at_the_time_allowed(reader_profile: Profile):
    profile = replace(reader_profile, statement_timeout=0.5)
    with pytest.raises(TrunklineError) as caught:
        await explained(profile, query="SELECT count(*) FROM generate_series(1, 1000000000)",
                        analyze=True)  # fmt: skip
    assert caught.value.code == "query.timeout"


async def test_a_reply_fits_whatever_the_plan(reader_profile: Profile):
    union = " UNION ALL ".join(f"SELECT {n}, count(*) FROM customers" for n in range(60))
    await explained(replace(reader_profile, max_bytes=1024), query=union)


async def test_a_hidden_column_of_a_row_policy_is_not_named(
    server: Server, heap: Any, reader_profile: Profile
):
    server.psql("ALTER TABLE heap ENABLE ROW LEVEL SECURITY; "
                "CREATE POLICY p ON heap USING (secret <> 'x')")  # fmt: skip
    profile = replace(reader_profile, hidden=("public.heap.secret",))
    reply = await explained(profile, query="SELECT id FROM heap WHERE kind = 7", analyze=True)
    assert "secret" not in json.dumps(reply)


async def test_an_index_called_after_a_hidden_column_is_not_named(
    server: Server, heap: Any, reader_profile: Profile
):
    server.psql("CREATE INDEX heap_secret_idx ON heap (kind)")
    profile = replace(reader_profile, hidden=("public.heap.secret",))
    reply = await explained(profile, query="SELECT id FROM heap WHERE kind = 7", analyze=True)
    assert "Scan" in reply["plan"]
    assert "secret" not in json.dumps(reply)


async def test_a_comment_at_the_end_is_fine(reader_profile: Profile):
    reply = await explained(reader_profile, query="SELECT 1 -- the end")
    assert reply["plan"].startswith("Result (")
