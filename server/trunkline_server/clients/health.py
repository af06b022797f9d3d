"""How an AI app tells, without a login, whether it reaches a server on its list. Starts nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# Why an app does not even try: its person has switched an entry off, or keeps it out by a list.
Barrier = Literal["", "off", "kept out", "excluded", "not allowed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app said about one server on its list.

    Attributes:
        is_reached: whether it reached that server.
        said: the app's own words for it.
        barrier: why it did not even try; "" when it did.
    """

    is_reached: bool
    said: str
    barrier: Barrier = ""


Reading = Callable[[str, str], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The command with which an app connects to its servers and tells how that went.

    Attributes:
        program: its name on the path.
        arguments: what follows; ``{name}`` stands for the key of the entry.
        reading: finds the answer for the entry of a name in what was printed, colours taken out;
            None while it is not there, and for whatever is not known.
        requests: lines for its standard input, of a program that answers until that input ends.
        last: how the line begins that answers the last of them.
        environment: the variables that it needs beside those of the person.
        switch: how a person switches an entry on again, as the end of a sentence; "" where the
            entry itself says so, see ``App.switch``.
        allow: how a person lets the app use an entry that it keeps out, as above.
    """

    program: str
    arguments: tuple[str, ...]
    reading: Reading
    requests: tuple[str, ...] = ()
    last: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    switch: str = ""
    allow: str = ""

    def command(self, name: str) -> tuple[str, ...]:
        """Return the arguments for the entry ``name``."""
        return tuple(argument.replace("{name}", name) for argument in self.arguments)

    def lines(self, name: str) -> bytes:
        """Return what to write on its standard input for the entry ``name``."""
        return "".join(f"{line}\n" for line in self.requests).replace("{name}", name).encode()


_NO: Mapping[str, Barrier] = {
    "disconnected": "",
    "failed": "",
    "disabled": "off",
    "blocked": "kept out",
    "rejected": "",
    "pending approval": "",
    "needs authentication": "",
    "needs client registration": "",
}


def judged(state: str, why: str = "") -> Answer | None:
    """Return what an app's word for the state of a server means; None for one not known.

    ``why`` are its words for the reason, where it gives any.
    """
    state = state.strip()
    if state.casefold() == "connected":
        return Answer(True, state)
    no = next((word for word in _NO if state.casefold().startswith(word)), None)
    if no is None:
        return None
    is_told_why = why.strip() and not _NO[no]
    return Answer(False, f"{state}: {why.strip()}" if is_told_why else state, _NO[no])


def listed(printed: str, name: str) -> Answer | None:
    """Read a list of lines such as ``✓ sales: http://127.0.0.1:8765/mcp (http) - Connected``."""
    line = re.search(rf"^\S+ {re.escape(name)}: .* - (.+)$", printed, re.MULTILINE)
    return judged(line[1]) if line else empty(printed)


def empty(printed: str) -> Answer | None:
    """Return that an app's list has no server at all, when it says so."""
    line = re.search(r"No MCP servers configured", printed)
    return Answer(False, line[0]) if line else None
