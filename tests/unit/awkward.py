"""Valid settings files of every format, as awkward as people and programs write them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import assume
from hypothesis import strategies as st

Draw = st.DrawFn
pick = st.sampled_from


def documents(form: str, table: str) -> st.SearchStrategy[str]:
    """Return files of a format, most of them with the table ``table`` in one of its shapes."""
    makers: dict[str, Callable[..., st.SearchStrategy[str]]] = {
        "json": json_files,
        "json+comments": json_files,
        "jsonc": json_files,
        "toml": toml_files,
        "yaml": yaml_files,
        "yaml-list": yaml_files,
    }
    return makers[form](form, table)


# fmt: off
blanks = st.lists(pick([" ", "\n", "\r\n", "\t", "\n  ", "\r"]), max_size=2).map("".join)
notes = pick(
    [
        "/* c */",
        "// c\n",
        "//\r\n",
        "/*{,}*/",
        "/*\n*/",
        '// "sales": {},\n',
        "/***/",
        "// 😀\u2028\n",
    ]
)
words = pick(
    ["1", "-0", "1E+2", "0.10", "1e400", "9" * 4_400, "null", "true", '""', '"\\ud800"', '"//"',
     '"\u2028\x7f\x85"', '",}"', '"\\"\\\\"', '"a\\/b"', "[]", "{}", '"/*"', '"😀"']
)
names = pick(["a", "x.y", "ü", "", 'a"b', "mcpServers", "sales", "//", ",}"])

# fmt: on


class Json:
    """Writes JSON in one dialect, with blanks and notes wherever they may stand."""

    def __init__(self, draw: Draw, form: str, table: str) -> None:
        self._draw, self._table = draw, table
        self._filler = st.one_of(blanks, notes) if form != "json" else blanks
        self._may_trail = form == "jsonc"

    def file(self) -> str:
        members = self._draw(st.lists(st.tuples(names, st.just("")), max_size=3))
        pairs = [pair for pair in members if pair[0] not in (self._table, "inputs")]
        for _ in range(self._draw(pick([0, 1, 1, 1, 2]))):
            at = self._draw(st.integers(0, len(pairs)))
            servers = self._draw(st.lists(st.tuples(pick(["files", "Sales", "b c"]), st.just(""))))
            pairs.insert(at, (self._table, self._object(servers[:3], 1)))
        if self._may_trail and self._draw(st.booleans()):
            items = pick(['{"id": "a"}', "1", "{}", '{"id": "c",/*,*/}'])
            pairs.append(("inputs", self._list(self._draw(st.lists(items, max_size=3)))))
        return self.gap() + self._object(pairs, 2) + self.gap()

    def gap(self) -> str:
        return self._draw(self._filler)

    def _object(self, pairs: list[tuple[str, str]], depth: int) -> str:
        written = (
            f"{self._key(k)}{self.gap()}:{self.gap()}{v or self._value(depth)}" for k, v in pairs
        )
        return "{" + self._listed(list(written)) + "}"

    def _list(self, items: list[str]) -> str:
        return "[" + self._listed(items) + "]"

    def _listed(self, items: list[str]) -> str:
        text = ",".join(self.gap() + item + self.gap() for item in items)
        trails = items and self._may_trail and self._draw(st.booleans())
        return text + ("," if trails else "") + self.gap()

    def _key(self, key: str) -> str:
        if key.isalpha() and self._draw(st.integers(0, 3)) == 0:
            return f'"\\u{ord(key[0]):04X}{key[1:]}"'
        return json.dumps(key, ensure_ascii=False)

    def _value(self, depth: int) -> str:
        kind = self._draw(st.integers(0, 3)) if depth else 0
        if kind == 2:
            return self._list(self._draw(st.lists(words, max_size=2)))
        if kind == 3:
            inner = self._draw(st.lists(st.tuples(names, st.just("")), max_size=2))
            return self._object(inner, depth - 1)
        return self._draw(words)


@st.composite
def json_files(draw: Draw, form: str, table: str) -> str:
    writer = Json(draw, form, table)
    return writer.gap() + writer.gap() if draw(st.integers(0, 19)) == 0 else writer.file()


# fmt: off
toml_keys = pick(["a", "b-1", '"ü"', "'x y'", '"a.b"', '"\\u00e9"', '"[x]"', '""', "'#'"])
toml_values = pick(
    ["1", "0xFF", "1_000", "nan", '"x"', "'# no'", '"\\" # ["', '"""\n[mcp_servers.sales]\n"""',
     "'''\n[x]\n''y'''", '"""a""\\""""""', '[\n  ["a"], # ]\n  {x = "}"},\n]', "{}", "[ # c\n]",
     "{ a = 1, b.c = [ { d = '' } ] }", "1979-05-27 07:32:00", '"""\\\n  x"""', '"😀\u2028\x85"']
)
toml_ends = pick(
    ["\n", "\n", "\r\n", " # c\n", "  \n", "\n\n", "\n# [mcp_servers.sales]\n", "\n\t"]
)
toml_headers = pick(
    ["[mcp_servers]", "[mcp_servers.a]", "[ mcp_servers . a . env ]", "['mcp_servers'.\"ü\"]",
     "[[mcp_servers.list]]", "[tui]", "[[hooks]]", '[projects."/a/[b]"]', "[sales]", "[x]",
     "[x.mcp_servers.sales]", '["mcp\\u005fservers".q]', "[mcp_servers.sales2]",
     "[mcp_servers.a.b]"]
)
toml_roots = pick(
    ["", "", "", "# c\n", "mcp_servers = {}\n", "mcp_servers = { z = {} } # z\n",
     "mcp_servers.z.x = 1\n", "'mcp_servers' = {z.x=1 , y.z = 2 }\n", "mcp_servers.z = {x=1}\n",
     '"mcp\\u005fservers"  . z = { }\r\n', "mcp_servers = {a = [\n1\n]}\n"]
)

# fmt: on


@st.composite
def toml_files(draw: Draw, form: str, table: str) -> str:
    text = draw(toml_roots)
    for number in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            text += draw(pick(["", "  "])) + draw(toml_headers) + draw(toml_ends)
        text += f"{draw(toml_keys)}.k{number}{draw(pick([' = ', '=']))}"
        text += draw(toml_values) + draw(toml_ends)
    text = draw(_ended(text))
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    return text


def _ended(text: str) -> st.SearchStrategy[str]:
    windows = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return pick([text, text, "\n" + text, text.rstrip("\r\n\t "), windows])


# fmt: off
yaml_values = pick(
    ["1", "x", '"a: b"', "'# no'", "", "~", "1E+2", "😀 é", "yes", '"\\x73ales"', "!x y", "a#b",
     '"x\n{0}  y"', "a\n{0}  b", "'a\n\n{0}  b'", "{{}}", "[1, {{a: b}}]", "[ # c\n{0} ]", "[a,]",
     "{{a: 1, # c\n{0}  b: [\n{0}  ]}}", "&k [x]", "\n{0}- a\n{0}- b: 1", "\n{0}  - - z"]
)
yaml_texts = pick(
    ["|\n{0}  x\n{0}  # no\n", ">-\n{0}  x\n\n", "|+\n{0}  x\n\n\n", "|2-  # c\n{0}   x\n{0}  y\n",
     "|\n{0}  x\n{0}     \n", "|\n{0}  extensions:\n{0}    sales: {{}}\n",
     "|\n\n{0}   x\n{0}  \n",
     "|1\n{0}  a\n{0}   \n", "|\n{0}  a\n{0}  \t\n"]
)
yaml_ends = pick(
    ["", "", " # c", "  ", "\n", "\n# extensions:", "\n\n    # x", "\t# tab", "\n \n"]
)
yaml_starts = pick(
    ["", "", "---\n", "# top\n", "\n", "%YAML 1.1\n---\n", "--- # c\n\n# x\n", "--- !!map\n"]
)

# fmt: on


@st.composite
def yaml_maps(draw: Draw, indent: str, keys: list[str]) -> str:
    text = ""
    for key in draw(st.lists(pick(keys), max_size=3, unique=True)):
        if draw(st.integers(0, 3)):
            value = draw(yaml_values).format(indent)
            text += f"{indent}{key}:{' ' if value[:1] not in ('', chr(10)) else ''}{value}"
            text += draw(yaml_ends) + "\n"
        else:
            text += f"{indent}{key}: {draw(yaml_texts)}".format(indent)
            text += "" if text.endswith("\n") else "\n"
    return text


@st.composite
def yaml_items(draw: Draw, unit: str) -> str:
    text, lead = "", draw(pick(["", unit]))
    firsts = ["name: n{0}", "uses: x # c", '"name": "ü"', '"na\\x6de": z{0}', "{{name: q{0}}}", "a"]
    for number in range(draw(st.integers(0, 3))):
        first = draw(pick(firsts)).format(number)
        text += f"{lead}-{draw(pick([' ', '   ']))}{first}\n{draw(pick(['', '', '# c', ' ']))}"
        text += "" if text.endswith("\n") else "\n"
    return text


@st.composite
def yaml_files(draw: Draw, form: str, table: str) -> str:
    in_list, unit = form == "yaml-list", draw(pick(["  ", "    ", " "]))
    inside = yaml_items(unit) if in_list else yaml_maps(unit, ["a", '"b c"', "x.y", "name", "😀"])
    key = draw(
        pick([table, table, f'"{table}"', f"'{table}'", f'"\\x{ord(table[0]):02x}{table[1:]}"'])
    )
    empty, some = ("[ ]", "[{name: a}, # c\n  b]") if in_list else ("{ }", "{a: 1, # c\n  b: }")
    value = draw(
        pick(["", "null", "~", empty, some, some.replace("\n", "\n\n"), "block", "block", "&t"])
    )
    body = draw(inside) if value in ("block", "&t") else ""
    line = f"{key}: {'' if value == 'block' else value}".rstrip()
    lines = "" if draw(st.integers(0, 4)) == 0 else f"{line}{draw(yaml_ends)}\n{body}"
    before, after = draw(yaml_maps("", ["a", '"b c"', "'ü'"])), draw(yaml_maps("", ["z", "k'"]))
    text = draw(_ended(draw(yaml_starts) + before + lines + after))
    try:
        yaml.load(text, Loader=Plain)
    except yaml.YAMLError:
        assume(False)
    return text


class Plain(yaml.CSafeLoader):
    """Reads tags of others too, by what they stand before."""


def _untagged(loader: Any, _suffix: str, node: Any) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else str(node.value)


Plain.add_multi_constructor("!", _untagged)
