"""``activity``: who asked what."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from datetime import datetime

from trunkline_desktop.verbs import say
from trunkline_server.profiles.store import Store
from trunkline_server.serving.activity import Activity, Call


def activity(options: Namespace) -> int:
    """Show the latest questions, newest first, and today's figures."""
    profile_id = Store().get(options.name).id if options.name else None
    log = Activity()
    calls, today = log.recent(profile_id, options.limit), log.today(profile_id)
    if options.json:
        say.as_json({"today": asdict(today), "calls": [asdict(call) for call in calls]})
    elif not calls:
        say.line("No AI app has asked anything yet.")
    else:
        say.table(("TIME", "DATABASE", "APP", "TOOL", "MS", "ROWS", "OUTCOME", "STATEMENT"),
                  [_row(call) for call in calls])  # fmt: skip
        word = "question" if today.questions == 1 else "questions"
        say.line(f"Today: {today.questions} {word}, {today.refused} refused.")
    return 0


def _row(call: Call) -> tuple[object, ...]:
    at = datetime.fromtimestamp(call.at).astimezone()
    statement = " ".join(call.statement.split())
    short = statement if len(statement) <= 60 else f"{statement[:59]}…"
    return (f"{at:%Y-%m-%d %H:%M:%S}", call.profile_id, call.client or "-", call.tool,
            f"{call.duration_ms:.1f}", call.rows, call.outcome, short)  # fmt: skip
