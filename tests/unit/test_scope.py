"""Which tables a statement reads, and what could show a hidden column."""

from __future__ import annotations

import pytest

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.guard import scope
from trunkline_server.postgres.guard.statement import parsed

PEOPLE = scope.Columns(visible=("id", "name", "city_id"), hidden=frozenset({"email", "phone"}))
RESTRICTED = {(None, "people"): PEOPLE, ("app", "people"): PEOPLE}


def _tables(sql: str) -> set[tuple[str | None, str]]:
    return set(scope.tables(*(raw.stmt for raw in parsed(sql))))


def _check(sql: str) -> None:
    scope.check([raw.stmt for raw in parsed(sql)], RESTRICTED)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM a, s.b JOIN c ON true", {(None, "a"), ("s", "b"), (None, "c")}),
        ("TABLE a", {(None, "a")}),
        ("WITH a AS (SELECT 1) SELECT * FROM a", set()),
        ("WITH a AS (SELECT 1 FROM a) SELECT * FROM a", {(None, "a")}),
        ("WITH RECURSIVE a AS (SELECT 1 UNION SELECT 2 FROM a) TABLE a", set()),
        ("WITH a AS (SELECT 1 FROM b), b AS (TABLE a) TABLE b", {(None, "b")}),
        ("WITH RECURSIVE a AS (SELECT 1 FROM b), b AS (SELECT 1) TABLE a", set()),
        ("WITH a AS (SELECT 1) SELECT * FROM s.a", {("s", "a")}),
        ("SELECT (WITH a AS (SELECT 1) TABLE a) FROM a", {(None, "a")}),
        ("WITH a AS (SELECT 1) (TABLE a) UNION (TABLE b)", {(None, "b")}),
        ("(WITH a AS (SELECT 1) TABLE a) UNION (TABLE a)", {(None, "a")}),
        ("EXPLAIN SELECT 1 WHERE EXISTS (SELECT FROM a TABLESAMPLE system (1))", {(None, "a")}),
    ],
)
def test_the_tables_of_a_statement_are_known_from_its_ctes(
    sql: str, expected: set[tuple[str | None, str]]
) -> None:
    assert _tables(sql) == expected


SHOWING = """
SELECT * FROM people
TABLE people
SELECT people.* FROM app.people
SELECT app.people.* FROM app.people
SELECT p.* FROM people p
SELECT p FROM people p
SELECT people FROM people
SELECT to_jsonb(p) FROM people p
SELECT p::text FROM people p
SELECT (p).email FROM people p
SELECT (p.*).email FROM people p
SELECT email FROM people
SELECT p.email FROM people p
SELECT p.to_jsonb FROM people p
SELECT app.people.email FROM app.people
SELECT upper(email) FROM people
SELECT id FROM people WHERE email LIKE 'a%'
SELECT id FROM people ORDER BY email
SELECT count(*) FROM people GROUP BY email
SELECT id FROM people p HAVING max(p.email) = 'a'
SELECT count(*) FILTER (WHERE email = 'a') FROM people
SELECT row_number() OVER (ORDER BY email) FROM people
SELECT row_number() OVER w FROM people WINDOW w AS (PARTITION BY phone)
SELECT DISTINCT ON (email) id FROM people
SELECT id FROM people NATURAL JOIN (SELECT 'a' AS email) x
SELECT id FROM (SELECT 'a' AS email) x NATURAL JOIN (people JOIN cities ON true)
SELECT id FROM people JOIN (SELECT 'a' AS email) x USING (email)
SELECT c FROM people AS p(a, b, c, d, e)
SELECT c FROM (people JOIN cities ON true) AS j(a, b, c, d, e)
SELECT j.email FROM (people JOIN cities ON true) AS j
SELECT j.* FROM (people JOIN cities ON true) AS j
SELECT j FROM (people JOIN cities ON true) AS j
SELECT * FROM (people JOIN cities ON true) AS j
SELECT * FROM cities, LATERAL (SELECT * FROM people) p
SELECT x.e FROM people p, LATERAL (SELECT p.email AS e) x
SELECT (SELECT email) FROM people
SELECT (SELECT p.email FROM cities p LIMIT 1) FROM people p
SELECT * FROM (SELECT email AS e FROM people) x
WITH x AS (SELECT email FROM people) SELECT 1 FROM x
WITH RECURSIVE x AS (SELECT 1 AS n UNION SELECT n FROM x, people WHERE email = 'a') TABLE x
SELECT 1 UNION SELECT 2 FROM people WHERE phone = 'a'
SELECT id FROM people TABLESAMPLE system (50) WHERE email = 'a'
SELECT p.email FROM people p TABLESAMPLE system (50)
SELECT id FROM ONLY people WHERE email = 'a'
SELECT CASE WHEN email = 'a' THEN 1 END FROM people
SELECT ARRAY(SELECT email FROM people)
SELECT id FROM people LIMIT (SELECT length(max(email)) FROM people)
VALUES ((SELECT max(email) FROM people))
SELECT id AS email FROM people ORDER BY upper(email)
SELECT id AS email FROM people GROUP BY email
SELECT 1 FROM people a JOIN people b ON a.id = b.id AND a.email < b.email
SELECT x.* FROM people p, XMLTABLE('/a' PASSING p.email COLUMNS n int) x
SELECT * FROM JSON_TABLE((SELECT max(email) FROM people), '$' COLUMNS (a int))
EXPLAIN SELECT email FROM people
SELECT p IS NULL FROM people p
SELECT count(p) FROM people p
SELECT ROW(p.*) FROM people p
SELECT id FROM people WHERE (id, email) = (1, 'a')
SELECT id FROM people p WHERE p = ANY (SELECT p FROM people p)
SELECT 1 FROM cities c WHERE EXISTS (SELECT FROM people WHERE email = c.name)
"""

NOT_SHOWING = """
SELECT id, name FROM people
SELECT count(*) FROM people
SELECT p.id, p.ctid, tableoid FROM people p
SELECT id AS email FROM people ORDER BY email
SELECT x.email FROM (SELECT id AS email FROM people) x
SELECT email FROM (SELECT id AS email FROM people) x
SELECT * FROM (SELECT id, name FROM people) x
WITH people AS (SELECT 1 AS email) SELECT * FROM people
WITH p AS (SELECT id FROM people) SELECT p.*, p FROM p
SELECT c.email FROM cities c, people p WHERE c.id = p.city_id
SELECT c.*, p.id FROM cities c, people p
SELECT c FROM cities c, people p
SELECT * FROM cities WHERE EXISTS (SELECT FROM people WHERE city_id = cities.id)
SELECT email FROM cities WHERE id IN (SELECT city_id FROM people)
SELECT * FROM other.people
SELECT id FROM people JOIN cities USING (id)
SELECT name FROM people name
SELECT * FROM cities UNION SELECT id, name FROM people
"""


@pytest.mark.parametrize("sql", SHOWING.strip().splitlines())
def test_what_could_show_a_hidden_column_is_refused(sql: str) -> None:
    with pytest.raises(TrunklineError) as refused:
        _check(sql)
    assert refused.value.code in {"guard.hidden", "query.no_column"}


@pytest.mark.parametrize("sql", NOT_SHOWING.strip().splitlines())
def test_what_shows_the_other_columns_passes(sql: str) -> None:
    _check(sql)


def test_a_refused_star_lists_the_columns_that_may_be_named() -> None:
    with pytest.raises(TrunklineError) as refused:
        _check("SELECT * FROM people")
    assert refused.value.failure.hint == "Name the columns: id, name, city_id."
    assert "email" not in str(refused.value)


def test_a_statement_made_to_be_compared_for_ever_is_refused() -> None:
    sources = ", ".join(f"people p{number}" for number in range(scope.MAX_SOURCES + 1))
    with pytest.raises(TrunklineError) as caught:
        scope.check(
            [raw.stmt for raw in parsed(f"SELECT p1.name FROM {sources}")],
            {(None, "people"): scope.Columns(visible=("name",), hidden=frozenset({"ssn"}))},
        )
    assert caught.value.code == "guard.too_deep"
