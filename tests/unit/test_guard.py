"""What the text of a statement alone decides."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pglast import ast

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.guard import guard, plpgsql, rules, statement
from trunkline_server.postgres.guard.dangers import danger

FORBIDDEN = (
    "DELETE FROM t RETURNING 1",
    "UPDATE t SET a = 1 RETURNING 1",
    "INSERT INTO t VALUES (1) RETURNING 1",
    "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING 1",
)


def _code(sql: str) -> str:
    with pytest.raises(TrunklineError) as refused:
        guard.examine(sql)
    return refused.value.code


def _named(sql: str, kind: str) -> set[str]:
    return {name.name for name in guard.examine(sql) if name.kind == kind}


# Each template is one position where an expression may stand; "{}" is the expression.
EXPRESSIONS = (
    "({} + 1)", "f({})", "f(1, VARIADIC ARRAY[{}])", "f(a => {})", "ARRAY[1, {}]", "ROW(1, {})",
    "CASE WHEN {} THEN 1 END", "CASE {} WHEN 1 THEN 2 END", "CASE WHEN true THEN {} ELSE 2 END",
    "CASE WHEN true THEN 1 ELSE {} END", "({})::int", "(ARRAY[1])[{}]", "(ARRAY[1])[1:{}]",
    "({} IS NULL)", "({} IS TRUE)", "COALESCE(1, {})", "GREATEST({}, 1)", "NULLIF(1, {})",
    "(1 IN (2, {}))", "({} IN (SELECT 1))", "(1 BETWEEN 0 AND {})", "(1 = ANY ({}))", "(NOT {})",
    "(true AND {})", "(true OR {})", "({} COLLATE \"C\")", "({} AT TIME ZONE 'UTC')", "(- {})",
    "({} IS DISTINCT FROM 1)", "({} LIKE 'a')", "('a' SIMILAR TO {})", "((1, 2) < (1, {}))",
    "sum(1) FILTER (WHERE {})", "sum(1) OVER (PARTITION BY {})", "sum(1) OVER (ORDER BY {})",
    "sum(1) OVER (ROWS {} PRECEDING)", "string_agg('a', ',' ORDER BY {})", "(({})).f",
    "percentile_cont({}) WITHIN GROUP (ORDER BY 1)", "mode() WITHIN GROUP (ORDER BY {})",
    "xmlelement(name a, xmlattributes({} AS b))", "xmlforest({} AS a)", "xmlparse(content {})",
    "xmlserialize(content {} AS text)", "json_object('a': {})", "json_array(1, {})",
    "JSON_VALUE('1', '$' PASSING {} AS x)", "JSON_QUERY({}, '$')", "({} IS JSON)",
    "JSON_EXISTS('1', '$' PASSING {} AS x)", "json_objectagg('a': {})", "json_arrayagg({})",
    "extract(year FROM {})", "substring('a' FROM {})", "trim(both 'a' FROM {})",
    "(SELECT {})", "EXISTS (SELECT {})", "ARRAY(SELECT {})", "(SELECT 1 WHERE {})",
)  # fmt: skip

STATEMENTS = (
    "SELECT {}", "SELECT 1 FROM t WHERE {}", "SELECT 1 GROUP BY {}", "SELECT 1 GROUP BY CUBE ({})",
    "SELECT 1 GROUP BY GROUPING SETS ((), ({}))", "SELECT 1 HAVING {}", "SELECT 1 ORDER BY {}",
    "SELECT 1 LIMIT {}", "SELECT 1 OFFSET {}", "SELECT DISTINCT ON ({}) 1", "VALUES (1), ({})",
    "SELECT * FROM f({})", "SELECT * FROM ROWS FROM (f(1), g({})) AS x", "SELECT 1 UNION SELECT {}",
    "SELECT * FROM t, LATERAL (SELECT {}) x", "SELECT * FROM a JOIN b ON {}",
    "SELECT * FROM t TABLESAMPLE bernoulli ({})", "WITH a AS (SELECT {}) SELECT 1",
    "SELECT * FROM t TABLESAMPLE bernoulli (1) REPEATABLE ({})", "EXPLAIN SELECT {}",
    "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT {}) SELECT * FROM a",
    "SELECT sum(1) OVER w FROM t WINDOW w AS (ORDER BY {})", "EXPLAIN ANALYZE VALUES ({})",
    "SELECT * FROM XMLTABLE('/a' PASSING ({}) COLUMNS b int)",
    "SELECT * FROM JSON_TABLE({}, '$' COLUMNS (a int))",
    "SELECT * FROM XMLTABLE('/a' PASSING x COLUMNS b int DEFAULT {})",
    "(SELECT 1 INTERSECT (SELECT {} EXCEPT SELECT 2)) ORDER BY 1",
)  # fmt: skip

nested = st.recursive(
    st.just("{}"),
    lambda inner: st.tuples(st.sampled_from(EXPRESSIONS), inner).map(
        lambda pair: pair[0].replace("{}", pair[1])
    ),
    max_leaves=6,
)
anywhere = st.tuples(st.sampled_from(STATEMENTS), nested).map(
    lambda pair: pair[0].replace("{}", pair[1])
)


@given(anywhere, st.sampled_from(FORBIDDEN))
@settings(deadline=None, max_examples=60)
def test_a_write_is_found_wherever_it_hides(template: str, write: str) -> None:
    sql = template.replace("{}", f"(WITH hidden AS ({write}) SELECT 1 FROM hidden)")
    assert _code(sql) == "guard.write"


@given(anywhere)
@settings(deadline=None, max_examples=60)
def test_a_function_is_found_wherever_it_hides(template: str) -> None:
    assert "evil" in _named(template.replace("{}", "evil(1)"), "function")


@given(anywhere)
@settings(deadline=None, max_examples=60)
def test_an_operator_is_found_wherever_it_hides(template: str) -> None:
    assert "###" in _named(template.replace("{}", "(1 ### 2)"), "operator")


@given(anywhere)
@settings(deadline=None, max_examples=60)
def test_a_relation_and_a_type_are_found_wherever_they_hide(template: str) -> None:
    names = guard.examine(template.replace("{}", "(SELECT evil.c::odd FROM evil)"))
    assert {("relation", "evil"), ("type", "odd"), ("attribute", "c")} <= {
        (name.kind, name.name) for name in names
    }


@given(anywhere)
@settings(deadline=None, max_examples=60)
def test_a_row_lock_is_found_wherever_it_hides(template: str) -> None:
    assert _code(template.replace("{}", "(SELECT 1 FROM t FOR UPDATE)")) == "guard.lock"


@pytest.mark.parametrize("template", [*STATEMENTS, *(f"SELECT {e}" for e in EXPRESSIONS)])
def test_every_position_alone_is_looked_at(template: str) -> None:
    assert "evil" in _named(template.replace("{}", "evil(1)"), "function")


@given(st.text())
@settings(deadline=None, max_examples=60)
def test_any_text_gets_a_plain_answer(text: str) -> None:
    with contextlib.suppress(TrunklineError):
        guard.examine(text)


def test_every_kind_of_statement_but_three_is_refused() -> None:
    kinds = {k for k in vars(ast).values() if isinstance(k, type) and k.__name__.endswith("Stmt")}
    for kind in kinds - {ast.SelectStmt, ast.ExplainStmt, ast.VariableShowStmt, ast.RawStmt}:
        with pytest.raises(TrunklineError):
            guard._check_node(kind(), is_top=False)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1\0; DELETE FROM t", "guard.nul"),
        ("", "guard.one"),
        (";", "guard.one"),
        ("-- nothing", "guard.one"),
        ("SELECT 1; SELECT 2", "guard.one"),
        ("SELECT 1 INTO t", "guard.write"),
        ("EXPLAIN DELETE FROM t", "guard.write"),
        ("EXPLAIN EXECUTE p", "guard.write"),
        ("EXPLAIN DECLARE c CURSOR FOR SELECT 1", "guard.write"),
        ("COMMIT", "guard.write"),
        ("SELECT 1 FOR KEY SHARE", "guard.lock"),
        ("SHOW ALL", "guard.secret"),
        ("SHOW primary_conninfo", "guard.secret"),
        ('SHOW "Primary_ConnInfo"', "guard.secret"),
        ("SELECT current_setting($1)", "guard.secret"),
        ("TABLE pg_authid", "guard.secret"),
        ("SELECT query FROM pg_stat_activity", "guard.secret"),
        ("SELECT x'", "query.syntax"),
        ("SELEC 1", "query.syntax"),
        ("SELECT '\ud800'", "guard.text"),
    ],
)
def test_a_refusal_says_which_rule(sql: str, code: str) -> None:
    assert _code(sql) == code


MONSTERS = [
    "SELECT " + "+".join(["1"] * 40_000),
    "SELECT " + "(" * 30_000 + "1" + ")" * 30_000,
    "SELECT " + "f(" * 30_000 + "1" + ")" * 30_000,
    "SELECT " + "NOT " * 20_000 + "true",
    "SELECT 1" + "::int" * 15_000,
    "SELECT a" + "[1]" * 25_000,
    "SELECT " + "- " * 40_000 + "1",
    "SELECT " + "CASE WHEN true THEN " * 4000 + "1" + " END" * 4000,
    " UNION ALL ".join(["SELECT 1, 2"] * 5000),
    "SELECT * FROM " + "a JOIN " * 9000 + "b" + " ON true" * 9000,
    "SELECT " + "(SELECT " * 9000 + "1" + ")" * 9000,
    "SELECT a" + " IS NULL" * 11_000,
    "SELECT a" + " COLLATE c" * 9000,
    "SELECT a" + " AT TIME ZONE b" * 6000,
    "SELECT 'a'" + " || 'a'" * 12_000,
    "x" * 200_000,
]

CHILD = """
import json, sys
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.guard import guard
for sql in json.load(sys.stdin):
    try:
        guard.examine(sql)
        print("passed", flush=True)
    except TrunklineError as exc:
        print(exc.code, flush=True)
"""


def test_no_monster_ends_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(MONSTERS),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = done.stdout.split()
    assert len(answers) == len(MONSTERS), f"it ended at {MONSTERS[len(answers)][:30]}"
    assert set(answers) <= {"guard.too_deep", "guard.too_long", "query.syntax"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 WHERE 1 IN (" + ",".join(["1"] * 30_000) + ")",
        "SELECT 1 FROM t WHERE " + " OR ".join(["(a = 1 AND b = 2)"] * 3000),
        "VALUES " + ",".join(["(1, 'a', -1.5)"] * 5000),
        "SELECT " + " || ".join(["'a'"] * 500),
        " UNION ALL ".join(["SELECT a, b FROM t WHERE a > 1 AND b < 2"] * 500),
        "SELECT " + "(" * 200 + "1" + ")" * 200,
    ],
    ids=lambda sql: sql[:20],
)
def test_a_long_but_flat_statement_passes(sql: str) -> None:
    assert guard.examine(sql)


def test_the_deepest_that_passes_fits_a_small_stack() -> None:
    found: list[object] = []
    sql = "SELECT " + "+".join(["1"] * (statement.MAX_DEPTH - 2))
    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.append(guard.examine(sql)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found


@pytest.mark.parametrize(
    "name",
    ["pg_read_file", "dblink_exec", "dblink", "lo_export", "query_to_xml_and_xmlschema", "ts_stat",
     "pg_ls_waldir", "pg_terminate_backend", "pg_try_advisory_xact_lock_shared", "set_config"],
)  # fmt: skip
def test_a_dangerous_function_is_known_by_its_name(name: str) -> None:
    assert danger(name)


@pytest.mark.parametrize("name", ["lower", "count", "lo", "log", "query", "pg_relation_size"])
def test_an_ordinary_function_is_not(name: str) -> None:
    assert not danger(name)


def test_no_harmless_function_is_dangerous() -> None:
    assert not [name for name in rules.HARMLESS if danger(name)]


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN EXECUTE 'SELECT 1'; END",
        "BEGIN FOR r IN EXECUTE s LOOP NULL; END LOOP; END",
        "BEGIN DELETE FROM t; END",
        "BEGIN NOTIFY c; END",
        'BEGIN PERFORM U&"\\0064blink"(1); END',
    ],
)
def test_a_plpgsql_body_that_does_more_is_refused(body: str) -> None:
    with pytest.raises(TrunklineError):
        plpgsql.names(body)


def test_a_plpgsql_body_names_what_it_calls_and_reads() -> None:
    names = plpgsql.names('BEGIN PERFORM s."Evil" (1); RETURN a ### b FROM v; END')
    assert {("function", "Evil"), ("operator", "###"), ("relation", "v")} <= {
        (name.kind, name.name) for name in names
    }


@pytest.mark.parametrize(
    "before", ["", "é", "東京", "🙂", "é'", "\u0301", "-- Größe\n", "/* 🙂 */"]
)
def test_a_plpgsql_body_is_read_the_same_behind_any_character(before: str) -> None:
    quoted = f"x := '{before.replace(chr(39), chr(39) * 2)}';" if before[:1] not in "-/" else before
    names = plpgsql.names(f'BEGIN {quoted} PERFORM evil(1), "Größe"(); END')
    assert {"evil", "Größe"} <= {name.name for name in names if name.kind == "function"}


def test_the_words_of_a_plpgsql_body_are_cut_where_pglast_counts() -> None:
    source = "BEGIN x := '🙂é東'; PERFORM \"Ä\"(ü); END"
    tokens = statement.tokens(source)
    assert "".join(plpgsql._texts(source, tokens)) == source.replace(" ", "")
