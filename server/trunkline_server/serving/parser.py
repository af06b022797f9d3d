"""HTTP as uvicorn reads it, with the blanks around the value of a header taken off."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Parser(HttpToolsProtocol):
    """Leaves the blanks out, as RFC 9110 (5.5) asks; httptools keeps those at the end."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        super().on_header(name, value.strip(b" \t"))
