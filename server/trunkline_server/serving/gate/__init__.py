"""The gate before HTTP and SSE: sizes, addresses, rates, and who may come in."""

from trunkline_server.serving.gate.gate import guarded

__all__ = ["guarded"]
