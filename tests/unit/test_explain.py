"""Plans in plain words: recorded from real servers, PostgreSQL 15 and 16, see ``plans``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.postgres.explain import conditions, explain, plan
from trunkline_server.postgres.explain.explain import Hidden
from trunkline_server.postgres.explain.words import TableFacts

FOLDER = Path(__file__).parent / "plans"
RECORDED: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))
}

FACTS = {
    ("public", "orders"): TableFacts(
        rows=60_000, pages=561, indexes=(("id",),),
        columns={"id": "bigint", "customer_id": "integer", "note": "text", "total": "numeric",
                 "placed": "timestamp with time zone"},
    ),
    ("public", "customers"): TableFacts(
        rows=5_000, pages=30, indexes=(("id",),),
        columns={"id": "integer", "name": "character varying(80)"},
    ),
    ("public", "fresh"): TableFacts(pages=130, is_analyzed=False),
}  # fmt: skip


@pytest.fixture(params=sorted(RECORDED))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def said(version: str, name: str, facts: Any = FACTS, hidden: Hidden | None = None) -> str:
    found = plan.parse(RECORDED[version][name])
    return "\n".join(explain.reading(found, facts, hidden or Hidden()))


def drawn(version: str, name: str) -> str:
    return explain.tree(plan.parse(RECORDED[version][name]))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("scan_that_drops_most", "It reads 60,000 rows of orders and keeps 12;"),
        ("scan_that_drops_most", "CREATE INDEX ON public.orders (customer_id)."),
        ("scan_planned_only", "It would read all 60,000 rows of orders to find about 12."),
        ("scan_planned_only", "CREATE INDEX ON public.orders (customer_id)."),
        ("sort_on_disk", "Sorting did not fit into memory and went over disk"),
        ("hash_on_disk", "The lookup table of a join did not fit into memory"),
        ("aggregate_on_disk", "Grouping did not fit into memory and went over disk"),
        ("loops_over_a_whole_table", "reading the whole table orders, row by row, 59 times."),
        ("loops_over_a_whole_table", "CREATE INDEX ON public.orders (customer_id)."),
        ("cartesian", "(249,001 pairs): probably a join condition is missing."),
        ("misestimate", "PostgreSQL expected 4 rows in pairs and met 400;"),
        ("misestimate", "CREATE STATISTICS ON a, b FROM public.pairs"),
        ("never_analyzed", "The table fresh was never analyzed"),
        ("subplan", "A subquery runs again for every row"),
        ("cast_in_the_way", "turned into text first, so no index on it can help: compare it as"),
        ("function_in_the_way", "CREATE INDEX ON public.customers (lower(name))."),
        ("parallel", "USING gin (note gin_trgm_ops)."),
        ("top_n", "CREATE INDEX ON public.orders (placed DESC)."),
        ("or_condition", "It reads 60,000 rows of orders and keeps 12;"),
        ("function_scan", "reading what a function returns"),
    ],
)
def test_what_is_wrong_is_said(version: str, name: str, sentence: str):
    assert sentence in said(version, name)


def test_compiling_longer_than_it_saves_is_said():
    # The embedded server comes without LLVM, so only one version could be recorded.
    assert "went into compiling the query (JIT)" in said("postgresql15", "jit")


@pytest.mark.parametrize("name", ["index_lookup", "values", "limit"])
def test_a_quick_query_is_left_in_peace(version: str, name: str):
    assert said(version, name).endswith("; no step is worth a change.")


def test_a_plan_that_did_not_run_says_so(version: str):
    assert said(version, "limit_planned_only").startswith("Not run, only planned:")


@pytest.mark.parametrize(
    ("name", "worst"),
    [
        ("scan_that_drops_most", "reading the whole table orders"),
        ("sort_on_disk", "went into sorting."),
        ("subplan", "reading the whole table orders, row by row, done 29 times."),
        ("aggregate_on_disk", "counting, adding up or grouping rows"),
    ],
)
def test_the_first_sentence_names_where_the_time_went(version: str, name: str, worst: str):
    assert worst in said(version, name).splitlines()[0]


def test_an_index_that_exists_is_not_suggested(version: str):
    table = ("public", "orders")
    known = TableFacts(rows=60_000, pages=561, indexes=(("customer_id", "placed"),))
    assert "CREATE INDEX" not in said(version, "scan_that_drops_most", {table: known})


def test_no_index_is_suggested_where_none_can_be_made(version: str):
    known = {("public", "orders"): TableFacts(rows=60_000, can_index=False)}
    assert "CREATE INDEX" not in said(version, "scan_that_drops_most", known)


def test_rows_not_read_because_of_a_limit_are_no_wrong_guess(version: str):
    found = plan.parse(RECORDED[version]["limit"])
    assert not any(step.is_overestimated for step in found.steps)


def test_the_time_of_a_with_query_is_counted_once(version: str):
    found = plan.parse(RECORDED[version]["cte"])
    assert sum(step.own for step in found.steps) == pytest.approx(found.total, rel=0.15)


def test_the_work_of_the_steps_is_the_work_of_the_plan(version: str):
    for name, document in RECORDED[version].items():
        found = plan.parse(document)
        total = sum(step.own for step in found.steps)
        assert total <= found.total * 1.05 + 0.1, name


def test_the_tree_marks_the_worst_step_and_nests(version: str):
    lines = drawn(version, "sort_on_disk").splitlines()
    assert lines[0].startswith("Sort (")
    assert lines[0].endswith("<-- most work")
    assert lines[1].startswith("  Seq Scan on orders (")


def test_many_partitions_are_folded(version: str):
    assert "… 8 more like these" in drawn(version, "partitions")


def test_a_long_tree_is_cut_and_says_so(version: str):
    found = plan.parse(RECORDED[version]["partitions"])
    assert explain.tree(found, max_lines=2).splitlines()[2].endswith("more lines")


def test_a_hidden_name_is_in_no_sentence_and_no_line(version: str):
    hidden = Hidden(words=frozenset({"customer_id"}))
    found = plan.parse(RECORDED[version]["scan_that_drops_most"])
    assert "customer_id" not in said(version, "scan_that_drops_most", hidden=hidden)
    assert "customer_id" not in explain.tree(found, hidden)
    assert "Filter: hidden" in explain.tree(found, hidden)


def test_a_hidden_table_has_no_name(version: str):
    hidden = Hidden(tables=frozenset({("public", "orders")}), words=frozenset({"orders"}))
    found = plan.parse(RECORDED[version]["scan_that_drops_most"])
    assert "orders" not in explain.tree(found, hidden)
    assert "orders" not in said(version, "scan_that_drops_most", hidden=hidden)


def test_every_recorded_plan_is_read_without_facts(version: str):
    for name in RECORDED[version]:
        assert said(version, name, {}), name


def test_no_sentence_is_said_twice(version: str):
    for name in RECORDED[version]:
        sentences = said(version, name).splitlines()
        assert len(sentences) == len(set(sentences)), name


@pytest.mark.parametrize("document", [None, [], [{}], {"Plan": {}}, "text"])
def test_what_is_no_plan_is_refused(document: Any):
    with pytest.raises(ValueError, match="not a plan"):
        plan.parse(document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(o.a = 1)", [("o", "a", "equal")]),
        ("((o.a = 1) AND (o.b > 2))", [("o", "a", "equal"), ("o", "b", "range")]),
        ("(o.a = ANY ('{1,2}'::integer[]))", [("o", "a", "equal")]),
        ("(o.n ~~ 'x%'::text)", [("o", "n", "pattern")]),
        ("(o.a = c.id)", [("o", "a", "equal"), ("c", "id", "equal")]),
        ("((o.a = 1) OR (o.b = 2))", []),
        ("(NOT o.done)", []),
        ("o.done", [("o", "done", "equal")]),
        ('("O"."A b" = 1)', [("O", "A b", "equal")]),
        ("(o.a = (SubPlan 1))", [("o", "a", "equal")]),
        ("(o.a = (InitPlan 1).col1)", [("o", "a", "equal")]),
        ("(o.a = o.b)", []),
        ("what is this", []),
        ("(" * 5000, []),
    ],
)
def test_the_columns_of_a_condition(text: str, expected: list[tuple[str, str, str]]):
    assert [(c.alias, c.column, c.kind) for c in conditions.of(text)] == expected
