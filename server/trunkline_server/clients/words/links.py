"""The links that open an AI app with a new server, as the app writes them. Pure.

Whoever opens one is asked by the app before anything is added. What is in it is plain ASCII, since
some apps take base64 for Latin-1.
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

from trunkline_server.clients.app import Link
from trunkline_server.clients.target import Target
from trunkline_server.clients.words.shapes import Entry


def named(start: str) -> Link:
    """Return the link of apps that take a name and the entry as base64."""

    def link(target: Target, entry: Entry) -> str:
        return f"{start}?{query(name=target.name, config=encoded(entry))}"

    return link


def query(**fields: str) -> str:
    """Return fields as they stand behind the question mark of a link."""
    return urlencode(fields, quote_via=quote, safe="")


def encoded(value: Any) -> str:
    """Return a JSON value as base64."""
    return base64.b64encode(packed(value).encode()).decode()


def packed(value: Any) -> str:
    """Return a JSON value in few, plain letters."""
    return json.dumps(value, separators=(",", ":"))
