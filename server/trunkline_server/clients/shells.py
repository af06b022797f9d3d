"""Words as one line to paste, which a shell takes for the very same words. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# What needs no quotes. The Command Prompt ends the name of a program at more signs.
_PLAIN = re.compile(r"[\w./:\\=+-]+", re.ASCII)
_PROGRAM = re.compile(r"[\w.:\\-]+", re.ASCII)
_BLANKS = " \t"
_SIGNS = "&|<>^()"


def line(words: Iterable[str], platform: str) -> str:
    """Return the line for the shell of a system: on Windows for the Command Prompt.

    There, no word may have a line break, which nothing keeps.
    """
    return _command_prompt(words) if platform == "win32" else shlex.join(words)


def _command_prompt(words: Iterable[str]) -> str:
    made = _Line()
    for word in words:
        made.add(word)
    return made.text


class _Line:
    """A line for the Command Prompt while it grows.

    Two read it, and each has quotes of its own. The Command Prompt leaves signs such as & alone
    between quotes, and counts every one; the program that it starts splits at blanks but between
    quotes, and does not count one behind a backslash. A caret would do for a sign as well, but only
    once: commands that are batch files, as npm makes them, let the line be read again. So a sign
    stands between quotes for the one, a blank for the other, and no two percent signs follow
    each other without a quote in between, which no name of a variable has. (A third reading, for
    exclamation marks, happens only where a person has asked for it.)
    """

    def __init__(self) -> None:
        self.text = ""
        self._is_in = False  # between quotes, for the program
        self._is_kept = False  # between quotes, for the Command Prompt
        self._is_open = False  # a percent sign came, and no quote since

    def add(self, word: str) -> None:
        """Write one more word."""
        plain = _PLAIN if self.text else _PROGRAM
        self.text += " " if self.text else ""
        if not word or not (plain.fullmatch(word) or self._is_kept):
            self._quote()
        for sign in word:
            self._add(sign)
        if self._is_in:
            self._quote()

    def _add(self, sign: str) -> None:
        if sign == '"':
            self._literal_quote()
            return
        needs_program, needs_prompt = sign in _BLANKS, sign in _SIGNS
        if (
            (needs_program and not self._is_in)
            or (needs_prompt and not self._is_kept)
            or (sign == "%" and self._is_open)
        ):
            self._quote()
        self.text += sign
        self._is_open = self._is_open or sign == "%"

    def _quote(self) -> None:
        self._double_backslashes()
        self.text += '"'
        self._is_in, self._is_kept = not self._is_in, not self._is_kept
        self._is_open = False

    def _literal_quote(self) -> None:
        self._double_backslashes()
        self.text += '\\"'
        self._is_kept, self._is_open = not self._is_kept, False

    def _double_backslashes(self) -> None:
        """Double those at the end: before a quote, and only there, programs take two for one."""
        self.text += "\\" * (len(self.text) - len(self.text.rstrip("\\")))
