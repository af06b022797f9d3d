"""Who asked what, kept in SQLite for the person's own eyes; standard library only.

A question never waits for this log and never fails because of it. Several processes may write to
one file while others read it.
"""

from trunkline_server.serving.activity.calls import (
    MESSAGE_CHARS,
    STATEMENT_CHARS,
    Call,
    Greeting,
    Outcome,
)
from trunkline_server.serving.activity.days import Today
from trunkline_server.serving.activity.log import KEEP_BYTES, KEEP_DAYS, Activity

__all__ = [
    "KEEP_BYTES",
    "KEEP_DAYS",
    "MESSAGE_CHARS",
    "STATEMENT_CHARS",
    "Activity",
    "Call",
    "Greeting",
    "Outcome",
    "Today",
]
