"""One entry goes into a JSON file and out again; no other byte moves."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline_server.clients.editors import json as editor
from trunkline_server.clients.editors.text import MalformedError, Trace

PATH = ("mcpServers", "shop")
quick = settings(max_examples=60, deadline=None)
ENTRY = {"command": "/opt/trunkline-stdio", "args": ["shop"]}

keys = st.one_of(st.sampled_from(["mcpServers", "theme", "ü", 'a"b']), st.text(max_size=8))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["1.0", "1E+2", "0.10", "-0"]).map(lambda t: ("number", t)),
    st.text(max_size=12),
)
spaces = st.sampled_from(["", " ", "\n", "\r\n", "\n  ", "\r\n\t", "  \n    "])


def written(value: Any, space: st.DrawFn) -> str:
    """Return ``value`` as JSON with any white space JSON allows."""
    if isinstance(value, tuple) and value[0] == "number":
        return str(value[1])
    if isinstance(value, tuple):
        pairs = [
            f"{space(spaces)}{json.dumps(k)}{space(spaces)}:{space(spaces)}{written(v, space)}"
            for k, v in value[1]
        ]
        return "{" + f"{space(spaces)},".join(pairs) + space(spaces) + "}"
    if isinstance(value, list):
        return "[" + ",".join(space(spaces) + written(v, space) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(keys, values), max_size=4).map(lambda pairs: ("object", pairs))


values = st.recursive(scalars, lambda inner: st.one_of(objects(inner), st.lists(inner, max_size=3)))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """JSON files an app could have written, and some that only a person would."""
    members = draw(
        st.lists(st.tuples(keys.filter(lambda k: k != "mcpServers"), values), max_size=4)
    )
    tables = st.lists(st.tuples(keys.filter(lambda k: k != "shop"), values), max_size=3)
    for table in draw(st.lists(tables, max_size=2)):
        at = draw(st.integers(0, len(members)))
        members.insert(at, ("mcpServers", ("object", table)))
    text = draw(spaces) + written(("object", members), draw) + draw(spaces)
    return draw(st.sampled_from([text, ""])).encode() if not members else text.encode()


def added(document: bytes) -> bytes:
    return editor.insert(document, PATH, ENTRY)[0]


@quick
@given(documents())
def test_removing_what_was_added_gives_the_same_bytes(document: bytes) -> None:
    after, trace = editor.insert(document, PATH, ENTRY)
    assert editor.remove(after, PATH, trace) == document


def test_a_number_with_a_plus_stays_where_it_is() -> None:
    document = b'{"mcpServers":{"a":1E+2,"E+2":"\\"E+2"}}'
    after, trace = editor.insert(document, PATH, ENTRY)
    assert after.startswith(document.rstrip(b"}"))
    assert editor.remove(after, PATH, trace) == document


def alike(one: bytes, other: bytes) -> int:
    """Return how many bytes are the same at the start."""
    return len(list(takewhile(lambda two: two[0] == two[1], zip(one, other, strict=False))))


@quick
@given(documents())
def test_adding_only_inserts_bytes(document: bytes) -> None:
    after, trace = editor.insert(document, PATH, ENTRY)
    same = alike(document, after)
    rest = alike(document[same:][::-1], after[same:][::-1])
    assert len(document) - same - rest <= len(trace.gap.encode())


@quick
@given(documents())
def test_the_entry_is_there_and_all_else_says_the_same(document: bytes) -> None:
    after = json.loads(added(document))
    assert after["mcpServers"].pop("shop") == ENTRY
    before = json.loads(document) if document.strip() else {}
    assert after == {"mcpServers": {}} | before


PRETTY = b"""{
    "theme": "dark",
    "mcpServers": {
        "files": {
            "command": "npx",
            "rate": 1.50
        }
    }
}
"""


def test_it_takes_over_the_indentation() -> None:
    assert (
        added(PRETTY)
        == b"""{
    "theme": "dark",
    "mcpServers": {
        "files": {
            "command": "npx",
            "rate": 1.50
        },
        "shop": {
            "command": "/opt/trunkline-stdio",
            "args": ["shop"]
        }
    }
}
"""
    )


def test_it_takes_over_windows_line_ends() -> None:
    after = added(PRETTY.replace(b"\n", b"\r\n"))
    assert after.count(b"\n") == after.count(b"\r\n") == added(PRETTY).count(b"\n")


def test_a_file_on_one_line_stays_on_one_line() -> None:
    assert b"\n" not in added(b'{"theme":"dark"}')


def test_an_empty_file_becomes_a_document() -> None:
    assert (
        added(b"")
        == b"""{
  "mcpServers": {
    "shop": {
      "command": "/opt/trunkline-stdio",
      "args": ["shop"]
    }
  }
}
"""
    )


def test_a_byte_order_mark_is_dropped() -> None:
    assert added(b"\xef\xbb\xbf{}") == added(b"{}")


def test_the_table_that_counts_is_the_last_of_its_name() -> None:
    twice = b'{"mcpServers": {"a": 1}, "mcpServers": {"b": 2}}'
    assert json.loads(added(twice))["mcpServers"] == {"b": 2, "shop": ENTRY}


def test_an_object_made_for_us_stays_when_others_moved_in() -> None:
    after, trace = editor.insert(b'{"theme": 1}', PATH, ENTRY)
    after, _ = editor.insert(after, ("mcpServers", "other"), {"command": "x"})
    assert json.loads(editor.remove(after, PATH, trace)) == {
        "theme": 1,
        "mcpServers": {"other": {"command": "x"}},
    }


def test_removing_the_first_of_several_leaves_the_rest() -> None:
    text = b'{"mcpServers": {"shop": {}, "b": 1}}'
    assert editor.remove(text, PATH, Trace()) == b'{"mcpServers": {"b": 1}}'


def test_removing_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        editor.remove(b"{}", PATH, Trace())


def test_updating_changes_our_fields_only() -> None:
    text = b'{"mcpServers": {"shop": {"command": "old", "disabled" : true}}}'
    assert editor.update(text, PATH, ENTRY) == (
        b'{"mcpServers": {"shop": {"command": "/opt/trunkline-stdio", "disabled" : true, '
        b'"args": ["shop"]}}}'
    )


@pytest.mark.parametrize(
    ("document", "reason", "line", "column"),
    [
        (b'{\n  // mine\n  "a": 1\n}', "this app reads no comments", 2, 3),
        (b'{\n  "a": 1,\n}', "there is a comma too many", 2, 9),
        (b'{"a": [1,]}', "there is a comma too many", 1, 9),
        (b'{"a": 1} x', "there is something after the end", 1, 10),
        (b'{"a" 1}', "a colon is missing", 1, 6),
        (b'{"\xc3\xbc": 1 "b": 2}', "a comma or a closing bracket is missing", 1, 9),
        (b'{\r"a": 1,\r\n"b":}', "a value is missing", 3, 5),
        (b'{"a": NaN}', "this is not JSON", 1, 7),
        (b'{"a": "\xff"}', "this is not UTF-8", 1, 8),
        (b'["a"]', "the document is not an object", 1, 1),
        (b'{"mcpServers": []}', "“mcpServers” is not an object", 1, 16),
        (b'{"mcpServers": null}', "“mcpServers” is not an object", 1, 16),
        (b"[" * 100_000, "this is nested too deeply", 1, 1),
    ],
)
def test_what_the_app_cannot_read_is_refused_with_its_place(
    document: bytes, reason: str, line: int, column: int
) -> None:
    with pytest.raises(MalformedError) as caught:
        added(document)
    assert (caught.value.reason, caught.value.line, caught.value.column) == (reason, line, column)
