"""The way through a YAML document to one entry. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline_server.clients.editors.text import (
    BOM,
    Edit,
    MalformedError,
    Trace,
    UnusualError,
    decoded,
    edited,
    line_end,
    place_in,
)
from trunkline_server.clients.editors.yaml_layout import Addition, indented
from trunkline_server.clients.editors.yaml_outline import others, without
from trunkline_server.clients.editors.yaml_page import Node, root

Path = Sequence[str]


class Page:
    """One document.

    Attributes:
        bom: the byte-order mark to write in front; "" for none.
        text: the document without it.
        root: its outermost value, of a big document without what need not be looked at; None
            without any.
    """

    def __init__(self, document: bytes, path: Path, *, in_list: bool) -> None:
        self.bom = BOM.decode() if document.startswith(BOM) else ""
        self.text = decoded(document.removeprefix(BOM))
        self._in_list = in_list
        self._others = others(self.text, path, in_list=in_list)
        seen = without(self.text, self._others, same_length=True)
        self.root = root(seen, is_part=bool(self._others))

    def core(self, place: int) -> tuple[str, int]:
        """Return only what has been looked at, and how many characters are left out up to there."""
        before = [span for span in self._others if span[1] <= place]
        left = place - len(without(self.text[:place], before, same_length=False))
        return without(self.text, self._others, same_length=False), left

    def at(self, path: Path) -> Node | None:
        """Return the value at ``path``; None when it is absent.

        Raises:
            MalformedError: what should hold it cannot.
        """
        nodes = self.nodes(path)
        return nodes[-1] if len(nodes) == len(path) + 1 else None

    def nodes(self, path: Path) -> list[Node]:
        """Return the outermost value and those that ``path`` leads through, while there are.

        Raises:
            MalformedError: one of them cannot hold the next.
        """
        found = [self.root] if self.root else []
        for depth, key in enumerate(path if found else ()):
            here = found[-1]
            wanted = "list" if self._in_list and depth and depth == len(path) - 1 else "map"
            if self._is_null(here, depth):
                break
            self._require(here, wanted, path[:depth])
            at = self.index(here, key)
            if at < 0:
                break
            found.append(here.items[at] if here.kind == "list" else here.pairs[at][1])
        return found

    def index(self, parent: Node, key: str) -> int:
        """Return which child of a map, or which item of that name, it is; -1 for none."""
        if parent.kind == "map":
            keys = [k.text if k.kind == "scalar" else None for k, _ in parent.pairs]
        else:
            names = [item.pair("name") if item.kind == "map" else None for item in parent.items]
            keys = [name[1].text if name else None for name in names]
        return max((n for n, found in enumerate(keys) if found == key), default=-1)

    def first(self, new: Addition, depth: int) -> tuple[Edit, Trace]:
        """Return what adds to a document without a value: blank, or of comments only."""
        lines = indented(self.text, new.lines, 0)
        if self.text.strip():
            where = len(self.text.rstrip(" \t\r\n"))
            return Edit(where, where, lines), Trace(depth - 1)
        end = line_end(self.text)
        return Edit(0, len(self.text), lines.removeprefix(end) + end), Trace(depth, self.text)

    def written(self, *edits: Edit) -> bytes:
        """Return the document with changes."""
        return (self.bom + edited(self.text, edits)).encode()

    def refusal(self, reason: str, where: int) -> MalformedError:
        """Return why the app cannot use the document."""
        return MalformedError(reason, *place_in(self.text, where))

    def unusual(self, reason: str, where: int) -> UnusualError:
        """Return why the document cannot be edited."""
        return UnusualError(reason, *place_in(self.text, where))

    def _is_null(self, node: Node, depth: int) -> bool:
        if node.is_empty:
            return True
        return bool(depth) and node.kind == "scalar" and self.text[node.start : node.end] in _NULLS

    def _require(self, node: Node, wanted: str, path: Path) -> None:
        what = f"“{path[-1]}”" if path else "the document"
        if node.is_alias:
            raise self.unusual(f"{what} stands elsewhere, under an alias", node.start)
        if node.kind != wanted:
            raise self.refusal(f"{what} is not a {wanted}", node.start)


_NULLS = {"~", "null", "Null", "NULL"}
