"""HTTP as uvicorn reads it, with the blanks around values taken off, and without trailers."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Parser(HttpToolsProtocol):
    """Reads as RFC 9110 asks, where httptools leaves it to us."""

    _is_in_headers = True

    def on_message_begin(self) -> None:
        """Begin one request."""
        self._is_in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request on; fields that come behind its body belong to nobody."""
        self._is_in_headers = False
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header.

        httptools keeps blanks at the end (5.5). It tells trailers as headers, which must not count
        (6.5.1): what a proxy checks and sets, such as the client's address, stands before the body.
        """
        if self._is_in_headers:
            super().on_header(name, value.strip(b" \t"))
