"""Finds the secrets in a settings file, or in a part of one, and hides them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trunkline_server.clients.masking import json, toml, words, yaml
from trunkline_server.clients.masking.leaves import Leaf, Path
from trunkline_server.clients.masking.words import Span

HIDDEN = "•••"
_LEAST = 8  # characters of a secret where nothing is known of what surrounds it
_FLAG = re.compile(r"--?([A-Za-z][\w-]*)")
_PASSING = re.compile(r"(?:-e|--env|-H|--header)")
_PASSED = re.compile(r"(?:-e|--env=|-H|--header=)?\s*[\w.-]+\s*[=:]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a settings file is written, and which of it is ours.

    Attributes:
        format: see ``App``.
        table: the keys that lead to the entries.
        names: those of our own ones, which are shown but for what is announced as a secret.
    """

    format: str
    table: tuple[str, ...]
    names: frozenset[str]


def in_words(text: str, where: Span | None = None) -> list[Span]:
    """Return what is secret in a text of which nothing is known; only of ``where`` it matters."""
    start, stop = where or (0, len(text))
    part = text[start:stop]
    found = (*words.forms(part), *words.announced(part, _LEAST))
    return [(start + first, start + last) for first, last in found]


def in_settings(
    text: str, layout: Layout, shown: Span, *, is_whole: bool, is_line: bool
) -> list[Span]:
    """Return what is secret in settings, as far as it may be ``shown``.

    Args:
        text: a document, or what follows some place in one.
        layout: how it is written.
        shown: the characters between which it matters.
        is_whole: whether ``text`` begins at the document.
        is_line: whether it begins with a line.
    """
    leaves = _read(text, layout.format, is_whole=is_whole, is_line=is_line)
    ours = _Ours(text, layout, leaves)
    near = (leaf for leaf in leaves if leaf.end > shown[0] and leaf.start < shown[1])
    return [
        (leaf.start + start, leaf.start + end)
        for leaf in near
        for start, end in _secrets(leaf, text[leaf.start : leaf.end], is_ours=ours.has(leaf))
    ]


def hidden(text: str, spans: Iterable[Span], shown: Span | None = None) -> str:
    """Return ``text``, or what is ``shown`` of it, without the secrets; its lines stay as many."""
    at, stop = shown or (0, len(text))
    parts = []
    for start, end in sorted(spans):
        first, last = max(start, at), min(end, stop)
        if first < last:
            parts += [text[at:first], _masked(text[first:last])]
            at = last
    return "".join([*parts, text[at:stop]])


def _masked(text: str) -> str:
    return re.sub(r"[^\s][^\r\n]*", HIDDEN, text)


def _read(text: str, form: str, *, is_whole: bool, is_line: bool) -> list[Leaf]:
    if form == "toml" and (is_whole or is_line):
        return toml.leaves(text, is_whole=is_whole)
    if form.startswith("yaml") and (is_whole or is_line):
        return yaml.leaves(text, is_whole=is_whole)
    return json.leaves(text, is_whole=is_whole, is_line=is_line)  # so are long lines of others


def _secrets(leaf: Leaf, text: str, *, is_ours: bool) -> Iterator[Span]:
    """Yield what of a value is secret, counted from its start."""
    if words.is_harmless(text):
        return
    passed = _PASSED.match(text)
    if (not is_ours and _is_unclear(leaf)) or (not leaf.is_comment and _is_secret(leaf, text)):
        yield words.scheme(text), len(text)
    elif passed and (_PASSING.fullmatch(leaf.before) or text.startswith(("--env=", "--header="))):
        value = passed.end() + words.scheme(text[passed.end() :])
        if not words.is_harmless(text[passed.end() :]):
            yield value, len(text)
    else:
        yield from words.forms(text)
        yield from words.announced(text)


def _is_unclear(leaf: Leaf) -> bool:
    """Whether it may be anything: a variable, a header, or something in what was not seen."""
    if leaf.is_comment:
        return False
    is_known = leaf.is_rooted or len(leaf.path) > 1
    return not is_known or any(words.is_around(k) for k in leaf.path if isinstance(k, str))


def _is_secret(leaf: Leaf, text: str) -> bool:
    """Whether its key, or the option before it, announces a secret."""
    key = next((key for key in reversed(leaf.path) if isinstance(key, str)), "")
    flag = _FLAG.fullmatch(leaf.before)
    is_text = leaf.is_text
    return words.is_secret(key, is_text=is_text) or bool(
        flag and not text.startswith("-") and words.is_secret(flag[1])
    )


class _Ours:
    """Tells our own entries from those of others."""

    def __init__(self, text: str, layout: Layout, leaves: Iterable[Leaf]) -> None:
        self._table, self._names = layout.table, layout.names
        self._items: frozenset[Path] | None = None
        if layout.format == "yaml-list":
            named = (leaf for leaf in leaves if text[leaf.start : leaf.end] in layout.names)
            self._items = frozenset(e.path[:-1] for e in named if e.path[-1:] == ("name",))

    def has(self, leaf: Leaf) -> bool:
        """Whether a value is in one of ours."""
        whole = len(self._table)
        return any(
            leaf.path[:depth] == self._table[whole - depth :]
            and self._is_entry(leaf.path[: depth + 1])
            for depth in range(whole if leaf.is_rooted else 0, whole + 1)
        )

    def _is_entry(self, path: Path) -> bool:
        return path[-1:] != () and (
            path[-1] in self._names if self._items is None else path in self._items
        )
