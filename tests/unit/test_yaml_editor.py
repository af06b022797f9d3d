"""One entry goes into a YAML file and out again; no other byte moves."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import pytest
import yaml as reader
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trunkline_server.clients.editors import yaml, yaml_list, yaml_outline
from trunkline_server.clients.editors.text import BOM, MalformedError, Trace

MAP, LIST = ("extensions", "shop"), ("mcpServers", "shop")
ENTRY: dict[str, Any] = {
    "name": "shop",
    "type": "stdio",
    "cmd": "/opt/trunkline-stdio",
    "args": ["shop"],
    "envs": {"A": "b: c", "yes": "no"},
    "bundled": None,
}
quick = settings(max_examples=60, deadline=None)

scalars = st.sampled_from(
    [
        "1",
        "x",
        '"a: b"',
        "'# no'",
        "",
        "~",
        "1E+2",
        "0x1F",
        "😀 é",
        "a\n{0}  b",
        '"x\n{0}  y"',
        "yes",
    ]
)
blocks = st.sampled_from(
    ["|\n{0}  x\n{0}  # no\n", ">-\n{0}  x\n\n", "|+\n{0}  x\n\n\n", "|2-  # c\n{0}   x\n{0}  y"]
)
flows = st.sampled_from(
    ["{{}}", "[]", "[1, {{a: b}}]", "{{a: 1, # c\n{0}  b: [\n{0}  ]}}", "&k [x]"]
)
ends = st.sampled_from(
    ["", "", " # note", "  ", "\n", "\n# extensions:", "\n\n    # x", "  # shop: {{}}"]
)
nodes = st.one_of(scalars, flows, blocks)


@st.composite
def maps(draw: st.DrawFn, indent: str, words: list[str]) -> str:
    """Return the lines of a map; no key stands twice."""
    keys = draw(st.lists(st.sampled_from(words), max_size=4, unique=True))
    text = ""
    for key in keys:
        value = draw(nodes).format(indent)
        end = "" if value[:1] in {"|", ">"} else draw(ends).format()
        text += f"{indent}{key}:{' ' if value else ''}{value}{end}"
        text += "" if text.endswith("\n") else "\n"
    return text


@st.composite
def documents(draw: st.DrawFn, table: str) -> bytes:
    """YAML files as people write them, the table in any place and style."""
    unit = draw(st.sampled_from(["  ", "    ", " "]))
    words = ["a", '"b c"', "'ü'", "😀", "name", "x.y"]
    before, after = draw(maps("", words[:3])), draw(maps("", words[3:]))
    kinds = ["none", "empty", "~", "flow", "flow+", "block"]
    kind = draw(st.sampled_from(kinds))
    in_list = table == "mcpServers"
    body = {
        "none": "",
        "empty": f"{table}:{draw(ends)}\n".format(),
        "~": f"{table}: null{draw(ends)}\n".format(),
        "flow": f"{table}: {'[ ]' if in_list else '{ }'}{draw(ends).format()}\n",
        "flow+": f"{table}: " + ("[{name: a}, # c\n  b]\n" if in_list else "{a: 1, # c\n  b: }\n"),
        "block": f"{table}:\n{draw(_items(unit) if in_list else maps(unit, words))}",
    }[kind]
    text = draw(st.sampled_from(["", "", "---\n", "# top\n", "\n"])) + before + body + after
    text = draw(st.sampled_from([text, text, text.rstrip("\n "), text.replace("\n", "\r\n")]))
    try:
        reader.compose(text, Loader=reader.CSafeLoader)
    except reader.YAMLError:
        assume(False)
    return text.encode()


@st.composite
def _items(draw: st.DrawFn, unit: str) -> str:
    text, lead = "", draw(st.sampled_from(["", unit]))
    for number in range(draw(st.integers(0, 3))):
        first = draw(st.sampled_from([f"name: n{number}", "uses: x/y # c", '"name": "ü"']))
        text += f"{lead}- {first}\n" + draw(maps(lead + "  ", ["cmd", "env"]))
    return text


both = st.sampled_from([(yaml, MAP), (yaml_list, LIST)]).flatmap(
    lambda one: st.tuples(st.just(one[0]), st.just(one[1]), documents(one[1][0]))
)
Case = tuple[ModuleType, tuple[str, str], bytes]


def entry_of(document: bytes, path: tuple[str, str]) -> Any:
    """Return our entry as another reader sees it."""
    table = reader.load(document, Loader=reader.CSafeLoader)[path[0]]
    if isinstance(table, dict):
        return table[path[1]]
    return next(i for i in table if isinstance(i, dict) and i.get("name") == path[1])


@quick
@given(both, st.sampled_from([b"", BOM]))
def test_removing_what_was_added_gives_the_same_bytes(case: Case, bom: bytes) -> None:
    editor, path, document = case
    after, trace = editor.insert(bom + document, path, ENTRY)
    assert entry_of(after, path) == editor.read(after, path) == ENTRY
    assert editor.remove(after, path, trace) == bom + document


@quick
@given(both)
def test_adding_only_inserts_bytes_and_says_nothing_else(case: Case) -> None:
    editor, path, document = case
    after, trace = editor.insert(document, path, ENTRY)
    left = iter(after)
    gap = trace.gap.encode()
    assert gap.strip() or all(byte in left for byte in document if chr(byte) not in " \n\r")
    said, before = reader.safe_load(after), reader.safe_load(document) or {}
    said.pop(path[0])
    before.pop(path[0], None)
    assert document[-1:] not in b"\n" or said == before


@quick
@given(both, st.booleans())
def test_what_a_person_added_meanwhile_stays(case: Case, is_theirs_first: bool) -> None:
    editor, path, document = case
    theirs = (path[0], "zoo")
    after, trace = editor.insert(document, path, ENTRY)
    two, later = editor.insert(after, theirs, {"name": "zoo"})
    if is_theirs_first:
        assert editor.remove(editor.remove(two, theirs, later), path, trace) == document
    else:
        left = editor.remove(two, path, trace)
        assert editor.read(left, path) is None
        assert entry_of(left, theirs) == {"name": "zoo"}


@quick
@given(both, st.sampled_from(["cmd", "args", "envs", "bundled", "new key"]))
def test_updating_sets_our_fields_only(case: Case, field: str) -> None:
    editor, path, document = case
    after, trace = editor.insert(document, path, ENTRY)
    changed = editor.update(after, path, {field: ["é", {"x": True}]})
    assert entry_of(changed, path) == {**ENTRY, field: ["é", {"x": True}]}
    assert editor.remove(changed, path, trace) == document


def test_a_field_of_several_lines_is_updated() -> None:
    text = b"extensions:\n  shop:\n    args:\n      - old # c\n    cmd: |\n      x\n    on: 1\n"
    after = yaml.update(text, MAP, {"args": ["new"], "cmd": "y z"})
    assert after == b'extensions:\n  shop:\n    args: ["new"] # c\n    cmd: "y z"\n    on: 1\n'


def test_a_list_is_read_as_entries_by_name() -> None:
    text = b"mcpServers:\n  - name: a\n    x: 1\n  - uses: b\n"
    assert yaml_list.read(text, ("mcpServers",)) == {"a": {"name": "a", "x": 1}}


def test_words_are_read_as_yaml_1_2_has_them() -> None:
    text = b"extensions:\n  shop: {a: yes, b: True, c: 0o10, d: 1e3, e: ~, f: '1', g: 010, h: -0}\n"
    assert yaml.read(text, MAP) == {
        "a": "yes", "b": True, "c": 8, "d": 1000.0, "e": None, "f": "1", "g": 10, "h": 0
    }  # fmt: skip


def test_a_text_that_could_be_read_as_something_else_gets_quotes() -> None:
    words = ["no", "1.5", "", "~", "a: b", "# c", "@x", "\u2028", "\x85", "0x1", "- a", " a", "é"]
    after, _ = yaml.insert(b"", MAP, {"words": words, **{w: w for w in words}})
    assert entry_of(after, MAP) == {"words": words, **{w: w for w in words}}


def test_an_entry_that_others_refer_to_stays() -> None:
    text = b"extensions:\n  shop: &s\n    x: 1\n  zoo: *s\n"
    with pytest.raises(MalformedError, match="stands for nothing"):
        yaml.remove(text, MAP, Trace())


def test_a_big_file_is_read_in_part() -> None:
    text = b"a:\n" + b"  - b: c\n" * 20_000 + b"extensions:\n  x: 1\nz:\n" + b"  - d\n" * 9_000
    after, trace = yaml.insert(text, MAP, ENTRY)
    assert entry_of(after, MAP) == ENTRY
    assert yaml.remove(after, MAP, trace) == text


@quick
@given(both, st.sampled_from(["zoo", "a", "name"]))
def test_a_file_that_is_read_in_part_says_the_same(case: Case, other: str) -> None:
    editor, path, document = case
    after, trace = editor.insert(document, path, ENTRY)
    theirs = (path[0], other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_outline, "_BIG", 0)
        assert editor.read(after, path) == ENTRY
        assert editor.remove(after, path, trace) == document
        again, found = editor.insert(document, path, ENTRY)
        assert entry_of(again, path) == ENTRY
        assert editor.remove(again, path, found) == document
        changed = editor.update(after, path, {"cmd": "y", "more": 1})
        assert entry_of(changed, path) == {**ENTRY, "cmd": "y", "more": 1}
        is_there = editor.read(document, theirs)
    assert is_there == editor.read(document, theirs)


def test_a_key_that_stands_twice_in_a_big_table_is_seen() -> None:
    text = b"extensions:\n" + b"".join(b"  k%d: {a: b}\n" % n for n in range(20_000))
    with pytest.raises(MalformedError, match="line 20002, column 3: the key “k7” stands twice"):
        yaml.insert(text + b"  k7: 1\n", MAP, ENTRY)


@pytest.mark.parametrize("name", [b"shop", b'"sh\\x6fp"', b"\n      shop", b"'shop'"])
def test_an_item_of_a_big_list_is_found_however_its_name_is_written(name: bytes) -> None:
    items = [b"  - cmd: x\n    name: n%d\n" % number for number in range(9_000)]
    items[4_000] = b"  - cmd: z\n    name: " + name + b"\n"
    text = b"mcpServers:\n" + b"".join(items)
    assert yaml_list.read(text, LIST) == {"cmd": "z", "name": "shop"}
    assert yaml_list.remove(text, LIST, Trace()) == text.replace(items[4_000], b"")


@pytest.mark.parametrize("end", [b"", b"# c\n\n", b"y: |+\n  k\n\n\n", b"y: {a: \n  b}  \n"])
def test_a_big_file_without_the_table_gets_it_at_its_end(end: bytes) -> None:
    text = b"a:\n" + b"  - b: c\n" * 25_000 + end
    after, trace = yaml.insert(text, MAP, ENTRY)
    load = partial(reader.load, Loader=reader.CSafeLoader)
    assert load(after) == {**load(text), "extensions": {"shop": ENTRY}}
    assert yaml.remove(after, MAP, trace) == text


def test_a_big_file_that_is_malformed_is_refused() -> None:
    text = b"a:\n" + b"  - b: c\n" * 25_000 + b"  x: [\n"
    with pytest.raises(MalformedError) as caught:
        yaml.insert(text, MAP, ENTRY)
    assert caught.value.line > 25_000


def test_removing_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        yaml_list.remove(b"mcpServers: []\n", LIST, Trace())


@pytest.mark.parametrize(
    ("document", "reason", "line", "column"),
    [
        (b"a: [1\nb: 2", "this is not YAML", 2, 2),
        (b"a:\n\tb: 1\n", "this is not YAML", 2, 1),
        (b"a: 1\nb: 2\na: 3\n", "the key “a” stands twice", 3, 1),
        (b"a: {b: 1, 'b': 2}\n", "the key “b” stands twice", 1, 11),
        (b"a: 1\n---\nb: 1\n", "a second document starts here", 2, 1),
        (b"a: *b\n", "“*b” stands for nothing", 1, 4),
        (b"a: \xff", "this is not UTF-8", 1, 4),
        (b"a: \0\n", "a character is not allowed here", 1, 4),
        (b"- a\n", "the document is not a map", 1, 1),
        (b"just text\n", "the document is not a map", 1, 1),
        (b"extensions: []\n", "“extensions” is not a map", 1, 13),
        (b"x: &x {}\nextensions: *x\n", "“extensions” stands elsewhere, under an alias", 2, 13),
        (b"extensions:\n  shop:\n", "“shop” is there already", 2, 8),
        (b"[" * 20_000, "this is", 1, 0),
    ],
)
def test_what_the_app_cannot_read_is_refused_with_its_place(
    document: bytes, reason: str, line: int, column: int
) -> None:
    with pytest.raises(MalformedError) as caught:
        yaml.insert(document, MAP, ENTRY)
    assert caught.value.reason.startswith(reason)
    assert caught.value.line == line
    assert caught.value.column == (column or caught.value.column)


def test_a_map_where_a_list_belongs_is_refused() -> None:
    with pytest.raises(MalformedError, match="“mcpServers” is not a list"):
        yaml_list.insert(b"mcpServers:\n  a: 1\n", LIST, ENTRY)


@pytest.mark.parametrize("end", ["}", " }", "\n}", " # theirs\n}", ",\n  # theirs\n}"])
def test_a_note_between_braces_never_swallows_what_follows(end: str) -> None:
    text = f"extensions: {{\n# mine\n  shop: {{cmd: x}}{end}\nz: 1\n".encode()
    left = yaml.remove(text, MAP, Trace())
    assert reader.safe_load(left) in ({"extensions": {}, "z": 1}, {"extensions": {None: None}})
    assert left.count(b"# mine") == 1
    assert left.count(b"# theirs") == end.count("# theirs")


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ("a: 1, # one\n  shop: {}", "a: 1 # one\n  "),
        ("a: 1 # one, two\n  , shop: {}, b: 2", "a: 1 # one, two\n   , b: 2"),
        ("shop: {}, # one\n  b: 2", " # one\n  b: 2"),
    ],
)
def test_a_note_between_entries_in_braces_stays(inside: str, left: str) -> None:
    text = f"extensions: {{{inside}}}\n".encode()
    assert yaml.remove(text, MAP, Trace()) == f"extensions: {{{left}}}\n".encode()


def test_a_note_in_a_table_that_we_made_stays_without_the_table() -> None:
    after, trace = yaml.insert(b"a: 1\n", MAP, ENTRY)
    noted = after.replace(b"extensions:\n", b"extensions: # one\n  # two\n") + b"  # three\n"
    assert yaml.remove(noted, MAP, trace) == b"a: 1\n# one\n  # two\n  # three\n"
