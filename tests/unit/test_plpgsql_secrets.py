"""Secret columns in PL/pgSQL bodies: whole rows show them too."""

from __future__ import annotations

import pytest

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.guard import plpgsql

SHOWING = [
    "RETURN (SELECT to_jsonb(a) FROM pg_stat_activity a)",
    "RETURN (SELECT a::text FROM pg_stat_activity AS a)",
    "SELECT a INTO r FROM pg_catalog.pg_stat_activity a",
    "RETURN (SELECT pg_stat_activity::text FROM pg_stat_activity)",
    "RETURN (SELECT quote_literal(pg_stat_activity) FROM x JOIN pg_stat_activity ON true)",
    "RETURN (SELECT x FROM f(pg_stat_activity) x, pg_stat_activity)",
    'RETURN (SELECT "A"::text FROM pg_stat_activity AS "A")',
    "RETURN (SELECT f FROM pg_stat_activity a(b, c, d, e, f))",
    "RETURN (SELECT a.query FROM pg_stat_activity a)",
]

HONEST = [
    "RETURN (SELECT count(pid) FROM pg_stat_activity)",
    "RETURN (SELECT a.pid FROM pg_catalog.pg_stat_activity AS a WHERE a.pid > 1)",
    "RETURN EXISTS (SELECT FROM pg_roles WHERE rolname = 'x') AND (SELECT 1 FROM t WHERE y)",
    "FOR r IN SELECT pid FROM pg_stat_activity ORDER BY pid LOOP n := n + 1; END LOOP",
    "RETURN (SELECT a.pid FROM x JOIN pg_stat_activity a ON a.pid = x.pid)",
]


@pytest.mark.parametrize("body", SHOWING)
def test_a_body_that_could_show_a_secret_column_is_refused(body: str) -> None:
    with pytest.raises(TrunklineError) as refused:
        plpgsql.names(f"BEGIN {body}; END")
    assert refused.value.code == "guard.secret"


@pytest.mark.parametrize("body", HONEST)
def test_a_body_that_names_other_columns_passes(body: str) -> None:
    assert plpgsql.names(f"BEGIN {body}; END")
