"""What we offer carries none of FastMCP's own notes."""

from __future__ import annotations

from typing import Any


class Unnoted:
    """Stands before one of FastMCP's kinds of component."""

    def get_meta(self) -> dict[str, Any]:
        """Return nothing: FastMCP's notes would cost the model tokens in every list."""
        return {}
