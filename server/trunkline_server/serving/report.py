"""What a run tells the one who started it: events, or words on standard error."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from trunkline_server import events
from trunkline_server.serving import logs


class Reporter:
    """Tells what happens; may be called from any thread.

    Args:
        write_line: takes an event without its line end.
        has_events: whether events are wanted; words on standard error otherwise.
        form: of those words.
    """

    def __init__(
        self,
        write_line: Callable[[bytes], object],
        *,
        has_events: bool,
        form: logs.Form = "text",
    ) -> None:
        self._form = form
        self._write_line = write_line
        self._has_events = has_events
        self._one_at_a_time = threading.Lock()

    def __call__(self, event: events.Event) -> None:
        """Tell one event; a reader that is gone is no reason to fail."""
        with contextlib.suppress(OSError), self._one_at_a_time:
            if self._has_events:
                self._write_line(events.encode(event).encode())
            elif words := _in_words(event):
                logs.say(words, self._form)


def _in_words(event: events.Event) -> str:
    if isinstance(event, events.Failed):
        details = f"\nDetails: {event.detail}" if event.detail else ""
        return f"{event.failure}{details}"
    if isinstance(event, events.Ready) and event.url:
        return f"Serving at {event.url}"
    return ""
