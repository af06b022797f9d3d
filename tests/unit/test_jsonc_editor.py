"""One entry goes into a JSON file with comments and out again; no other byte moves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline_server.clients.editors import json_comments, jsonc
from trunkline_server.clients.editors.text import BOM, MalformedError, Trace

PATH = ("mcpServers", "shop")
ENTRY = {"command": "/opt/trunkline-stdio", "args": ["shop"]}
quick = settings(max_examples=40, deadline=None)

keys = st.one_of(st.sampled_from(["theme", "//", "/*", "ü", 'a"b', ",}"]), st.text(max_size=5))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
blanks = st.sampled_from(["", " ", "\n", "\r\n", "\n  ", "\t"])
comments = st.sampled_from(
    ["/* c */", "// c\n", "//\r\n", "/*{,}*/", "/*\n*/", '// "shop": {},\n  ', "/**/", "// /*\n"]
)
fillers = st.lists(st.one_of(blanks, blanks, comments), max_size=3).map("".join)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(st.tuples(keys, inner), max_size=3).map(lambda pairs: ("object", pairs)),
        st.lists(inner, max_size=3),
    ),
)


def written(value: Any, draw: st.DrawFn, *, may_trail: bool) -> str:
    """Return ``value`` with comments and blanks wherever they may stand."""
    if isinstance(value, tuple):
        items = [
            f"{json.dumps(k)}{draw(fillers)}:{draw(fillers)}{written(v, draw, may_trail=may_trail)}"
            for k, v in value[1]
        ]
        return "{" + _listed(items, draw, may_trail=may_trail) + "}"
    if isinstance(value, list):
        items = [written(v, draw, may_trail=may_trail) for v in value]
        return "[" + _listed(items, draw, may_trail=may_trail) + "]"
    return json.dumps(value)


def _listed(items: list[str], draw: st.DrawFn, *, may_trail: bool) -> str:
    text = ",".join(draw(fillers) + item + draw(fillers) for item in items)
    if items and may_trail and draw(st.booleans()):
        text += ","
    return text + draw(fillers)


@st.composite
def documents(draw: st.DrawFn, *, may_trail: bool = True) -> bytes:
    members = draw(
        st.lists(st.tuples(keys.filter(lambda k: k != "mcpServers"), values), max_size=3)
    )
    table = st.lists(st.tuples(keys.filter(lambda k: k != "shop"), values), max_size=3)
    for pairs in draw(st.lists(table, max_size=2)):
        members.insert(draw(st.integers(0, len(members))), ("mcpServers", ("object", pairs)))
    body = written(("object", members), draw, may_trail=may_trail)
    if draw(st.integers(0, 9)) == 0:
        body = ""
    return (draw(fillers) + body + draw(fillers)).encode()


@quick
@given(documents(), st.sampled_from([b"", BOM]))
def test_removing_what_was_added_gives_the_same_bytes(document: bytes, bom: bytes) -> None:
    after, trace = jsonc.insert(bom + document, PATH, ENTRY)
    assert jsonc.read(after, PATH) == ENTRY
    assert jsonc.remove(after, PATH, trace) == bom + document


@quick
@given(documents(may_trail=False))
def test_it_holds_without_trailing_commas_too(document: bytes) -> None:
    after, trace = json_comments.insert(document, PATH, ENTRY)
    assert json_comments.read(after, PATH) == ENTRY
    assert json_comments.remove(after, PATH, trace) == document


@quick
@given(documents())
def test_every_comment_and_member_stays(document: bytes) -> None:
    before, after = jsonc.read(document, ()), jsonc.insert(document, PATH, ENTRY)[0]
    said = jsonc.read(after, ())
    assert said["mcpServers"].pop("shop") == ENTRY
    assert said == {"mcpServers": {}} | (before or {})
    left = iter(after)
    assert all(byte in left for byte in document if chr(byte) not in " \t\r\n")


@quick
@given(documents(), st.sampled_from(["aaa", "zzz"]), st.booleans())
def test_what_a_person_added_meanwhile_stays(document: bytes, other: str, is_first: bool) -> None:
    """Theirs goes in after ours and comes out before or after it."""
    after, trace = jsonc.insert(document, PATH, ENTRY)
    both, later = jsonc.insert(after, ("mcpServers", other), 1)
    if is_first:
        left = jsonc.remove(both, PATH, trace)
        assert jsonc.read(left, ("mcpServers",)).pop(other) == 1
        assert jsonc.read(left, PATH) is None
    else:
        assert (
            jsonc.remove(jsonc.remove(both, ("mcpServers", other), later), PATH, trace) == document
        )


def test_a_note_beside_our_entry_stays() -> None:
    text = b'{"mcpServers": {\n  "a": 1, // one\n  "shop": {}, // mine\n  "b": 2 // two\n}}'
    after = jsonc.remove(text, PATH, Trace())
    assert after == b'{"mcpServers": {\n  "a": 1, // one\n   // mine\n  "b": 2 // two\n}}'


@pytest.mark.parametrize(
    ("document", "reason", "line", "column"),
    [
        (b'{\n  "a": 1,\n}', "there is a comma too many", 2, 9),
        (b'{\n  // x\n  "a": [1, /* y */ ]\n}', "there is a comma too many", 3, 10),
        (b"{\n  # x\n}", "this app reads no comments after #", 2, 3),
        (b'{"a": 1 /* open', "a comment has no end", 1, 9),
        (b'{"a" /* c */ 1}', "a colon is missing", 1, 14),
    ],
)
def test_what_the_app_cannot_read_is_refused_with_its_place(
    document: bytes, reason: str, line: int, column: int
) -> None:
    with pytest.raises(MalformedError) as caught:
        json_comments.insert(document, PATH, ENTRY)
    assert (caught.value.reason, caught.value.line, caught.value.column) == (reason, line, column)


@pytest.mark.parametrize("text", [b"{,}", b'{"a": [,]}', b'{"a": 1,,}', b'{"a":,}', b'{,"a": 1}'])
def test_a_comma_without_a_value_is_no_trailing_comma(text: bytes) -> None:
    with pytest.raises(MalformedError):
        jsonc.insert(text, PATH, ENTRY)


def test_a_byte_order_mark_goes_where_the_app_refuses_it() -> None:
    assert json_comments.insert(BOM + b"{}", PATH, ENTRY) == json_comments.insert(
        b"{}", PATH, ENTRY
    )
