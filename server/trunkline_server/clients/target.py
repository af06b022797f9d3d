"""What an entry in an AI app's file leads to: a program to start, or an address and its token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from trunkline_server.clients import shells
from trunkline_server.profiles.profile import Transport

# By whom or what the app gets the token of an address:
#   helper    a program of ours that it asks each time it connects
#   input     the app asks the person once and keeps it in its own secret storage
#   file      a file of ours that only this person may read
#   variable  an environment variable, or a store of the app's own, that the person fills
#   text      the token itself, in the app's file: only when the person said so
BearerBy = Literal["helper", "input", "file", "variable", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an AI app has to start.

    Attributes:
        program: absolute path.
        arguments: as the program gets them; never a secret.
        environment: set in addition; usually empty.
    """

    program: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def line(self, platform: str) -> str:
        """Return the command as one line for the shell of that system; see ``shells``."""
        return shells.line((self.program, *self.arguments), platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one entry leads to, in words that are the same for every app.

    Attributes:
        name: the entry's key.
        transport: how the app reaches it.
        command: what the app starts for stdio; for an address, what prints the headers.
        url: the address; "" for stdio.
        bearer: the value of the header ``Authorization`` as it stands in the file: with the token,
            or with the app's own words for where the token is; "" when a helper gives it.
        platform: the system of the computer, as in ``sys.platform``.
        home: the person's home folder there.
        description: what the data is about; may be "".
        inputs: the questions with which the app asks for what ``bearer`` refers to.
    """

    name: str
    transport: Transport
    command: Command
    url: str = ""
    bearer: str = ""
    platform: str = "linux"
    home: str = ""
    description: str = ""
    inputs: tuple[dict[str, Any], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """The headers to send, as they stand in the file."""
        return {"Authorization": self.bearer} if self.bearer else {}
