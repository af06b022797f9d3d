"""The pure pieces of the catalogue: words, cursors, values of checks, and SQL nobody can divert."""

from __future__ import annotations

import re
from typing import Any

import pglast
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import ast, visitors

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.catalog import (
    completing,
    cursor,
    describing,
    finding,
    fitting,
    listing,
    overview,
    searching,
    sql,
    words,
)
from trunkline_server.postgres.catalog.columns import is_secret, values_of

QUESTIONS = {
    f"{module.__name__.rpartition('.')[2]}{name}": text
    for module in (completing, describing, finding, listing, overview, searching)
    for name, text in vars(module).items()
    if str(text).lstrip().startswith(("WITH RECURSIVE", "SELECT")) and name != "_FIND"
}


class Unqualified(visitors.Visitor):
    """Collects what PostgreSQL would look up in the search path."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tables: set[str] = set()
        self.own: set[str] = set()

    def visit(self, _: Any, node: ast.Node) -> None:
        match node:
            case ast.CommonTableExpr():
                self.own.add(node.ctename)
            case ast.A_Expr():
                self._check(node.name, "operator")
            case ast.SubLink() if node.testexpr is not None:
                self._check(node.operName or [ast.String(sval="=")], "operator")
            case ast.FuncCall():
                self._check(node.funcname, "function")
            case ast.TypeName() if node.names:
                self._check(node.names, "type")
            case ast.RangeVar() if node.schemaname != "pg_catalog":
                self.tables.add(node.relname)
            case ast.CaseExpr() | ast.JoinExpr() if compares_by_name(node):
                self.found.append("a comparison without an operator of its own")

    def _check(self, names: Any, what: str) -> None:
        said = [name.sval for name in names]
        if said[0] != "pg_catalog":
            self.found.append(f"{what} {'.'.join(said)}")


def compares_by_name(node: ast.CaseExpr | ast.JoinExpr) -> bool:
    """Whether PostgreSQL looks ``=`` up for a CASE with an operand or a JOIN USING."""
    if isinstance(node, ast.CaseExpr):
        return node.arg is not None
    return bool(node.usingClause or node.isNatural)


def unqualified(text: str) -> list[str]:
    visitor = Unqualified()
    visitor(pglast.parse_sql(text))
    return [*visitor.found, *(visitor.tables - visitor.own)]


def test_there_are_questions_to_look_at():
    assert len(QUESTIONS) >= 10


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("view", ["{}", '{"tables": []}'], ids=["open", "hiding"])
def test_nothing_in_our_sql_is_looked_up_in_the_search_path(name: str, view: str):
    assert unqualified(sql.asked(QUESTIONS[name], view)) == []


@pytest.mark.parametrize(
    "text",
    ["SELECT 1 = 1", "SELECT lower('a')", "SELECT 'a'::text", "SELECT oid FROM pg_class",
     "SELECT 1 IN (1, 2)", "SELECT 1 IS DISTINCT FROM 2", "SELECT 1 = ANY (SELECT 1)",
     "SELECT CASE 1 WHEN 1 THEN 2 END"],
)  # fmt: skip
def test_the_look_at_our_sql_sees_what_is_looked_up(text: str):
    assert unqualified(text)


def test_a_profile_that_hides_nothing_asks_a_shorter_question():
    assert "barred_names" in sql.asked(describing._DETAILS, '{"columns": [["a", "b", "c"]]}')
    assert "barred_names" not in sql.asked(describing._DETAILS, "{}")


@given(st.integers(-(2**31) + 1, 2**31 - 1), st.text(st.characters(exclude_categories=["Cs"],
       exclude_characters="\0"), max_size=63), st.text(st.characters(exclude_categories=["Cs"],
       exclude_characters="\0"), max_size=63))  # fmt: skip
def test_a_cursor_reads_back_what_was_written(score: int, schema: str, name: str):
    place = cursor.Cursor(cursor.mark_of("list_tables", None), (score, schema, name))
    assert cursor.read(cursor.written(place), place.of) == place


@given(st.text())
def test_any_other_text_is_no_cursor(text: str):
    with pytest.raises(TrunklineError, match=r"This cursor does not belong to this list\."):
        cursor.read(text, 1)


def test_a_cursor_is_plain_letters_and_says_nothing_by_itself():
    text = cursor.written(cursor.Cursor(cursor.mark_of("x"), (3, "public", "orders")))
    assert re.fullmatch(r"[\w-]+", text)
    assert "orders" not in text


def test_cursors_of_lists_asked_for_differently_differ():
    marks = [cursor.mark_of(*of) for of in [("a", None), ("a", ""), ("a", "b"), ("b", "a")]]
    assert len(set(marks)) == 4


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("OrderItems", ["order", "items"]),
        ("order_items.unit-price", ["order", "items", "unit", "price"]),
        ("HTTPServerURL", ["http", "server", "url"]),
        ("Größe Übergabe", ["größe", "übergabe"]),
        ("t_2024_01", ["t", "2024", "01"]),
        ("%%% ___", []),
    ],
)
def test_names_fall_into_their_words(text: str, pieces: list[str]):
    assert words.pieces(text) == pieces


@pytest.mark.parametrize(
    ("one", "many"),
    [("order", "orders"), ("category", "categories"), ("address", "addresses"), ("box", "boxes"),
     ("status", "statuses"), ("day", "days"), ("batch", "batches"), ("invoice", "invoices")],
)  # fmt: skip
def test_singular_and_plural_find_each_other(one: str, many: str):
    for said, other in ((one, many), (many, one)):
        word = words.word_of(said)
        assert other in word.forms
        assert any(stem in other for stem in word.stems)
        assert any(stem in said for stem in word.stems)


def test_fillers_are_left_out_unless_nothing_else_is_said():
    assert [w.said for w in words.words_of("the table of all orders")] == ["orders"]
    assert [w.said for w in words.words_of("table")] == ["table"]


def test_a_slip_of_the_finger_is_put_right_from_pieces_of_names():
    assert words.corrected(words.word_of("custmer"), ["customer_id", "custody"]).said == "customer"
    word = words.word_of("zzqx")
    assert words.corrected(word, ["customer_id"]) is word


@pytest.mark.parametrize(
    ("check", "values"),
    [
        ("CHECK (size = ANY (ARRAY['a'::text, 'b'::text]))", ["a", "b"]),
        ("CHECK (a::text = ANY (ARRAY['it''s'::character varying, 'b'::text]::text[]))",
         ["it's", "b"]),
        ("CHECK (((size)::text = ANY ((ARRAY['a'::character varying])::text[])))", ["a"]),
        ("CHECK (\"Odd name\" = ANY (ARRAY['a'::bpchar, 'b'::bpchar]))", ["a", "b"]),
        ("CHECK (VALUE = ANY (ARRAY['walk'::text]))", ["walk"]),
        ("CHECK (size = ANY (ARRAY['a'::text]) AND id > 0)", []),
        ("CHECK (size <> ALL (ARRAY['a'::text]))", []),
        ("CHECK (lower(size) = ANY (ARRAY['a'::text]))", []),
        ("CHECK (n = ANY (ARRAY[1, 2]))", []),
        ("CHECK (n > 0)", []),
    ],
)  # fmt: skip
def test_a_check_that_lists_every_value_is_understood(check: str, values: list[str]):
    assert values_of(check) == values


@pytest.mark.parametrize(
    "name", ["password", "PasswordHash", "api_key", "apikey", "auth_token", "ssn", "iban", "e_mail",
             "card_number", "birthday", "phone", "first_name", "pin", "home_address"],
)  # fmt: skip
def test_columns_with_private_names_keep_their_values(name: str):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["status", "country", "spinning", "kind", "passage", "plan"])
def test_ordinary_columns_do_not(name: str):
    assert not is_secret(name)


@given(st.lists(st.text(max_size=50)), st.integers(0, 500))
def test_what_fits_is_the_front_and_within_the_bytes(entries: list[str], max_bytes: int):
    kept = fitting.fitting(entries, max_bytes)
    assert kept == entries[: len(kept)]
    assert sum(map(fitting.size_of, kept)) <= max_bytes


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (8192, "8 kB"), (10**7, "10 MB"), (5 * 1024**3, "5.0 GB"), (2**41, "2.0 TB")],
)
def test_sizes_are_said_as_people_say_them(size: int, text: str):
    assert fitting.bytes_as_text(size) == text


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("orders", (None, "orders")),
        ("Public.Orders", ("Public", "Orders")),
        ('"My schema"."a.b"', ("My schema", "a.b")),
        ('"say ""hi"""', (None, 'say "hi"')),
        ("db.public.orders", ("public", "orders")),
        ("", (None, "")),
    ],
)
def test_the_name_of_a_table_is_read_as_sql_writes_it(said: str, first: tuple[str | None, str]):
    assert finding.readings(said)[0] == first
