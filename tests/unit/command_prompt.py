"""A small model of how Windows reads a line: the Command Prompt, batch files, then the program.

By https://ss64.com/nt/syntax-esc.html and
https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw. It is
stricter than they are: every name between percent signs is a variable that is set, unless it has a
quote.
"""

from __future__ import annotations

import re

_VARIABLE = re.compile(r'%[^%":]+(?::[^%"]*)?%')


def typed(line: str) -> str:
    """Return what is left of a line that was pasted, for the program that it starts."""
    return again(_VARIABLE.sub("<the value of a variable>", line))


def again(line: str) -> str:
    """Return what is left when a batch file hands a line on with ``%*``: no variable is looked up.

    Raises:
        ValueError: a part of it would be taken for a command or a file of its own.
    """
    left, is_quoted, signs = "", False, iter(line)
    for sign in signs:
        if sign == '"':
            is_quoted = not is_quoted
        elif sign in "&|<>()\r\n" and not is_quoted:
            raise ValueError(line)
        left += next(signs, "") if sign == "^" and not is_quoted else sign
    return left


def arguments(line: str, *, is_newer: bool) -> list[str]:
    """Return the words that a program gets, its own name among them.

    Of two quotes between quotes, both make one; after that the ``is_newer`` runtime library is
    still between quotes, and the older one, with some languages' own, is not.
    """
    words: list[str] = []
    word, is_quoted, at = None, False, 0
    while at < len(line):
        run = re.compile(r"\\*").match(line, at)
        assert run is not None
        slashes, at = len(run[0]), run.end()
        sign = line[at : at + 1]
        word = (word or "") + "\\" * (slashes // 2 if sign == '"' else slashes) if slashes else word
        at += 1
        if sign == '"' and slashes % 2:
            word = f'{word}"'
        elif sign == '"' and is_quoted and line[at : at + 1] == '"':
            word, at, is_quoted = f'{word}"', at + 1, is_newer
        elif sign == '"':
            word, is_quoted = word or "", not is_quoted
        elif sign in {" ", "\t", ""} and not is_quoted:
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + sign
    return words if word is None else [*words, word]
