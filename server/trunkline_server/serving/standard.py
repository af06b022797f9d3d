"""This process's standard input and output, where a stray ``print`` can do no harm."""

from __future__ import annotations

import os
import sys


class StandardStreams:
    """This process's own input and output, taken away from everybody else.

    Afterwards ``print`` and every library write to standard error, and what must not be disturbed
    (MCP, or events) leaves through :meth:`write_line`.
    """

    def __init__(self) -> None:
        sys.stdout.flush()
        self._output = os.dup(1)
        os.dup2(2, 1)
        self._rest = b""

    def write_line(self, line: bytes) -> None:
        """Write one line and its end; raises ``OSError`` when nobody reads."""
        data = memoryview(line + b"\n")
        while data:
            data = data[os.write(self._output, data) :]

    def read_line(self) -> bytes:
        """Block for the next line that is not empty; ``b""`` at the end."""
        while True:
            line, end, rest = self._rest.partition(b"\n")
            if end:
                self._rest = rest
                if line.strip():
                    return line
            elif not (more := os.read(0, 65536)):
                self._rest = b""
                return line
            else:
                self._rest += more

    def until_end(self) -> None:
        """Block until the input ends."""
        while os.read(0, 65536):
            pass
