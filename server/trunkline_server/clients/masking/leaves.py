"""What can be a secret in a settings file: its values and comments, and where they stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_DEEP = 100  # nobody's settings are; a path that grows with each bracket of a long text costs much


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that is no map and no list, or a comment.

    Attributes:
        start: where its text begins, without quotes; in characters.
        end: where it ends.
        path: the keys, and the places in lists, that lead to it; as far as they were seen.
        is_rooted: whether the path begins at the document.
        is_text: whether it is a text, rather than a number or a word of the format.
        before: the text in the same list before it; "" for none.
        is_comment: whether it is a comment; it has no path.
    """

    start: int
    end: int
    path: Path = ()
    is_rooted: bool = True
    is_text: bool = True
    before: str = ""
    is_comment: bool = False


@dataclass(slots=True)
class Holder:
    """A map or a list that is being read.

    Attributes:
        path: what leads to it.
        is_list: whether it is a list.
        column: in block style, where its keys or dashes are; -1 between brackets.
        key: the key whose value is next; None when there was none.
        index: the place in the list that is next; -1 for what is in nothing.
        before: the text that was read before.
        is_rooted: whether ``path`` begins at the document.
    """

    path: Path = ()
    is_list: bool = False
    column: int = -1
    key: str | None = None
    index: int = 0
    before: str = ""
    is_rooted: bool = True

    @property
    def next(self) -> Path:
        """What leads to the next value in it."""
        if self.key is None and self.index < 0:
            return self.path
        return (*self.path, self.index if self.key is None else self.key)

    def passed(self) -> None:
        """Go on behind a comma."""
        self.index += 1
        self.key = None


@dataclass(slots=True)
class Nest:
    """The maps and lists around a place, and the values found on the way to it."""

    held: list[Holder]
    found: list[Leaf] = field(default_factory=list)

    @property
    def top(self) -> Holder:
        """The innermost one."""
        return self.held[-1]

    def open(self, *, is_list: bool, column: int = -1) -> None:
        """Enter a map or a list."""
        outer = self.top
        path = outer.next if len(self.held) < _DEEP else outer.path
        self.held.append(Holder(path, is_list, column, is_rooted=outer.is_rooted))

    def close(self) -> None:
        """Leave one; what lies around the first one is not known."""
        if len(self.held) > 1:
            self.held.pop()
        else:
            self.held[0] = Holder(index=-1, is_rooted=False)

    def add(self, text: str, start: int, end: int, *, is_text: bool = True) -> None:
        """Take the next value: the characters from ``start`` to ``end``."""
        top = self.top
        before = top.before if top.key is None else ""
        self.found.append(Leaf(start, end, top.next, top.is_rooted, is_text, before))
        top.before = text[start:end] if top.key is None else ""

    def remark(self, start: int, end: int) -> None:
        """Take a comment."""
        self.found.append(Leaf(start, end, is_comment=True))
