"""One table goes into a TOML file and out again; no other byte moves."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trunkline_server.clients.editors import toml as editor
from trunkline_server.clients.editors.text import BOM, MalformedError, Trace

PATH = ("mcp_servers", "shop")
ENTRY = {"command": "/opt/trunkline-stdio", "args": ["shop"], "env": {"A": "b c"}}
quick = settings(max_examples=60, deadline=None)

keys = st.sampled_from(
    ["a", "b-1", '"ü"', "'mcp_servers'", '"a.b"', '"\\u00e9"', "1", '"[x]"', '""', "'#'"]
)
values = st.sampled_from(
    [
        "1",
        "0xFF",
        "1_000",
        "1e+2",
        "-inf",
        "true",
        '"x"',
        "'# no'",
        '""',
        '"\\" # ["',
        '"""\n[mcp_servers.shop]\n"""',
        "'''\n[x]\n''y'''",
        '"""a""\\""""""',
        "[1, 2]",
        '[\n  ["mcp_servers"], # ]\n  {x = "}"},\n]',
        "{}",
        "{ a = 1, b.c = [ { d = '' } ] }",
        "1979-05-27 07:32:00",
        "07:32:00",
    ]
)
ends = st.sampled_from(
    ["\n", "\r\n", " # note\n", "  \n", "\n\n", "\n# [mcp_servers.shop]\n", "\n\t"]
)
headers = st.sampled_from(
    [
        "[mcp_servers]",
        "[mcp_servers.a]",
        "[ mcp_servers . a . env ]",
        "['mcp_servers'.\"ü\"]",
        "[[mcp_servers.list]]",
        "[tui]",
        "[[hooks]]",
        '[projects."/a/[b]"]',
        "[shop]",
        "[x.mcp_servers.shop]",
    ]
)
roots = st.sampled_from(
    [
        "",
        "",
        "mcp_servers = {}\n",
        "mcp_servers = { z = {} } # z\n",
        "mcp_servers.z.x = 1\n",
        "\n# top\n",
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """TOML files as tools and people write them."""
    text = draw(roots)
    for number in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            text += draw(headers) + draw(ends)
        text += f"{draw(keys)}.k{number} = {draw(values)}{draw(ends)}"
    text = draw(st.sampled_from([text, text.rstrip("\r\n\t "), "\n" + text]))
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    return text.encode()


@quick
@given(documents(), st.sampled_from([b"", BOM]))
def test_removing_what_was_added_gives_the_same_bytes(document: bytes, bom: bytes) -> None:
    after, trace = editor.insert(bom + document, PATH, ENTRY)
    assert editor.read(after, PATH) == ENTRY
    assert editor.remove(after, PATH, trace) == bom + document


@quick
@given(documents())
def test_adding_only_inserts_bytes_and_says_nothing_else(document: bytes) -> None:
    after, trace = editor.insert(document, PATH, ENTRY)
    left = iter(after)
    assert all(byte in left for byte in document.replace(trace.gap.encode() or b"\0", b""))
    said = tomllib.loads(after.decode())
    assert said["mcp_servers"].pop("shop") == ENTRY
    assert said == {"mcp_servers": {}} | tomllib.loads(document.decode())


@quick
@given(documents(), st.integers(0, 1))
def test_what_a_person_added_meanwhile_stays(document: bytes, order: int) -> None:
    after, trace = editor.insert(document, PATH, ENTRY)
    theirs = ("mcp_servers", "zoo")
    both, later = editor.insert(after, theirs, {"command": "zoo"})
    gone = [(PATH, trace), (theirs, later)]
    first, second = gone[order], gone[1 - order]
    left = editor.remove(both, *first)
    assert editor.read(left, first[0]) is None
    assert editor.read(left, second[0]) is not None
    if order:
        assert editor.remove(left, *second) == document


@quick
@given(documents(), st.sampled_from(["command", "args", "env", "new key"]))
def test_updating_sets_our_fields_only(document: bytes, field: str) -> None:
    after, trace = editor.insert(document, PATH, ENTRY)
    changed = editor.update(after, PATH, {field: ["é", {"x": True}]})
    assert editor.read(changed, PATH) == {**ENTRY, field: ["é", {"x": True}]}
    assert editor.remove(changed, PATH, trace) == document


def test_what_people_made_of_the_entry_goes_with_it() -> None:
    text = b"""\
[mcp_servers.shop.env] # mine
A = "1"

[mcp_servers]
shop.command = "x"
other.command = "y"

[tui]
x = 1

[mcp_servers.shop.tools.query]
ask = true
"""
    assert (
        editor.remove(text, PATH, Trace())
        == b"""\
[mcp_servers]
other.command = "y"

[tui]
x = 1
"""
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[mcp_servers.shop.env]\nA = "1"\n[mcp_servers.shop]\ncommand = "old" # c\n[z]\n',
            '[mcp_servers.shop]\ncommand = "new" # c\nenv = { B = "2" }\n[z]\n',
        ),
        (
            '[mcp_servers]\nshop.command = "old"\nz.x = 1\n',
            '[mcp_servers]\nshop.command = "new"\nshop.env = { B = "2" }\nz.x = 1\n',
        ),
        (
            'mcp_servers = { shop = { command = "old", more = 1 } }\n',
            'mcp_servers = { shop = { command = "new", more = 1, env = { B = "2" } } }\n',
        ),
    ],
)
def test_an_entry_is_updated_where_it_stands(before: str, after: str) -> None:
    fields = {"command": "new", "env": {"B": "2"}}
    assert editor.update(before.encode(), PATH, fields) == after.encode()


def test_removing_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        editor.remove(b"[mcp_servers]\n", PATH, Trace())


def test_a_name_that_needs_quotes_gets_them() -> None:
    after, _ = editor.insert(b"", ("mcp_servers", 'my "db".é\n'), {"command": "x"})
    assert after.startswith(b'[mcp_servers."my \\"db\\".\xc3\xa9\\n"]\n')


def test_a_date_in_the_entry_is_read_as_text() -> None:
    text = b"[mcp_servers.shop]\nsince = 1979-05-27\n"
    assert editor.read(text, PATH) == {"since": "1979-05-27"}


@pytest.mark.parametrize(
    ("document", "reason", "line", "column"),
    [
        (b"a = 1\n[b\n", "this is not TOML", 2, 3),
        (b"[a]\nx = 1\n[a]\n", "this is not TOML (duplicate key)", 3, 2),
        (b"a = 1\na = 2\n", "this is not TOML (duplicate key)", 2, 1),
        (b'a = "\xff"', "this is not UTF-8", 1, 6),
        (b'a = "\0"', "this is not TOML", 1, 6),
        (b"mcp_servers = 3\n", "“mcp_servers” is not a table", 1, 15),
        (b"x = 1\n[[mcp_servers]]\n", "“mcp_servers” is not a table", 2, 1),
        (b"a = " + b"[" * 9000, "this is not TOML", 1, 0),
    ],
)
def test_what_the_app_cannot_read_is_refused_with_its_place(
    document: bytes, reason: str, line: int, column: int
) -> None:
    with pytest.raises(MalformedError) as caught:
        editor.insert(document, PATH, ENTRY)
    assert caught.value.reason.startswith(reason)
    assert caught.value.line == line
    assert caught.value.column == (column or caught.value.column)
