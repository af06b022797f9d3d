"""What the pages are told about AI apps; plain values, made by the controllers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AppState = Literal["connected", "waiting", "ready", "missing", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """One AI app on this computer.

    Attributes:
        id: its id in ``clients.apps.ALL``.
        name: what people call it.
        monogram: two letters, never its logo.
        state: "connected" (it has asked), "waiting" (its file names us, it has not asked yet),
            "ready" (installed, nothing of ours in its file), "missing" (not installed) or
            "broken" (its file cannot be read).
        seen_at: when it last asked, in seconds since 1970; 0 for never.
        databases: ids of the profiles its file names.
        path: where its settings file is, or would be.
        problem: why the file cannot be read; "" when it can.
    """

    id: str
    name: str
    monogram: str
    state: AppState = "ready"
    seen_at: float = 0.0
    databases: tuple[str, ...] = ()
    path: str = ""
    problem: str = ""
