"""What a relay remembers of one AI app's session, so that a server may come and go. Pure.

Every request of the app is answered exactly once: by the server, or by one of the sentences here.
Standard library only, and little of it: see ``runfile``.
"""

from __future__ import annotations

import json
from collections import deque

TYPE_CHECKING = False  # typing's own costs a relay several milliseconds
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

# JSON-RPC leaves -32000 to -32099 to implementations; MCP and its SDKs use -32000 to -32002
# and -32020 to -32042 for meanings of their own.
TRY_AGAIN = -32010
SWITCHED_OFF = -32011

# Asking these again changes nothing, so a new server may answer what the old one did not.
_REPEATABLE = frozenset(
    {
        "initialize",
        "server/discover",
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "prompts/list",
    }
)
# What waits under these names makes sense to the old server only, or is said again by us: answers
# and cancellations have no name here.
_OF_THE_LOST_SERVER = ("", "notifications/initialized")
_LISTS = ("tools", "resources", "prompts")


class Ledger:
    """Who still owes whom an answer.

    Attributes:
        name: what the person calls the database; appears in the sentences.
        is_replaying: whether a new server is still to answer the remembered ``initialize``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_replaying = False
        self._waiting: deque[tuple[bytes, str, str]] = deque()  # line, method, key of the id
        self._pending: dict[str, tuple[bytes, str]] = {}  # key of the id: line, method
        self._cancelled: set[str] = set()
        self._asked: set[str] = set()  # the server's own requests, now with the app
        self._initialize: tuple[bytes, str] | None = None  # answered once: line, key of the id
        self._initialized: bytes | None = None

    @property
    def is_owing(self) -> bool:
        """Whether a request of the app still waits for its answer."""
        waits = any(key for _, _, key in self._waiting)
        return waits or bool(self._pending.keys() - self._cancelled)

    def from_app(self, line: bytes, *, connected: bool) -> bytes | None:
        """Take one line of the app; it then waits for :meth:`next_to_send`.

        Returns an answer when the app is to have one at once.
        """
        message = _parsed(line)
        method, key = str(message.get("method") or ""), _key(message)
        if not method and key:
            self._on_answer(line, key)
        elif method == "notifications/initialized":
            self._initialized = line
            if connected and not self.is_replaying:
                self._waiting.append((line, method, ""))
        elif method == "notifications/cancelled":
            self._on_cancelled(line, message)
        elif method == "ping" and not connected:
            return _answer(message["id"], result={}) if key else None
        else:
            self._waiting.append((line, method, key))
        return None

    def _on_answer(self, line: bytes, key: str) -> None:
        """Pass the app's answer on, unless the server that asked is gone."""
        if key in self._asked:
            self._asked.discard(key)
            self._waiting.append((line, "", ""))

    def _on_cancelled(self, line: bytes, message: Message) -> None:
        params = message.get("params")
        key = _key({"id": params.get("requestId")}) if isinstance(params, dict) else ""
        if key in self._pending:
            self._cancelled.add(key)
            self._waiting.append((line, "", ""))
        else:
            self._waiting = deque(w for w in self._waiting if w[2] != key or not key)

    def next_to_send(self) -> bytes | None:
        """Return the next line for the server and count it as sent, or ``None``."""
        if self.is_replaying or not self._waiting:
            return None
        line, method, key = self._waiting.popleft()
        if key and method:
            self._pending[key] = (line, method)
        return line

    def not_sent(self, line: bytes) -> None:
        """Take back what :meth:`next_to_send` returned: no server has heard it, the next one will.

        What asks for nothing is of the lost server only.
        """
        found = next((key for key, sent in self._pending.items() if sent[0] is line), None)
        if found is not None:
            self._waiting.appendleft((*self._pending.pop(found), found))

    def from_server(self, frame: bytes) -> list[bytes]:
        """Take one message of the server; returns the lines the app is to see."""
        message = _parsed(frame)
        key = _key(message)
        if "method" in message:
            if key:
                self._asked.add(key)
            return [frame]
        if self.is_replaying and self._initialize is not None and key == self._initialize[1]:
            return self._on_replayed(message)
        if not key:
            return [frame]
        return self._on_reply(frame, key, message)

    def _on_reply(self, frame: bytes, key: str, message: Message) -> list[bytes]:
        sent = self._pending.pop(key, None)
        self._cancelled.discard(key)
        if sent is None:
            return []
        if sent[1] == "initialize" and "result" in message:
            self._initialize = (sent[0], key)
        return [frame]

    def _on_replayed(self, message: Message) -> list[bytes]:
        """Finish the handshake with a new server and tell the app what may have changed."""
        self.is_replaying = False
        if self._initialized is None:
            return []
        self._waiting.appendleft((self._initialized, "notifications/initialized", ""))
        result = message.get("result")
        offered = result.get("capabilities", {}) if isinstance(result, dict) else {}
        return [
            _line({"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"})
            for kind in _LISTS
            if kind in offered
        ]

    def connected(self) -> bytes | None:
        """Begin with a new server; returns the remembered ``initialize`` to send first, if any."""
        if self._initialize is None:
            return None
        self.is_replaying = True
        return self._initialize[0]

    def lost(self) -> list[bytes]:
        """The server is gone: return the answers to what it can no longer answer."""
        self.is_replaying = False
        self._asked.clear()
        lines, again = [], []
        for key, (line, method) in self._pending.items():
            if key in self._cancelled:
                continue
            if method in _REPEATABLE:
                again.append((line, method, key))
            else:
                lines.append(self._error(key, TRY_AGAIN, self._restarted()))
        self._waiting = deque(w for w in self._waiting if w[1] not in _OF_THE_LOST_SERVER)
        self._waiting.extendleft(reversed(again))
        self._pending.clear()
        self._cancelled.clear()
        return lines

    def give_up(self) -> list[bytes]:
        """Answer everything that is still owed: no server came."""
        owed = [key for _, _, key in self._waiting if key]
        owed += [key for key in self._pending if key not in self._cancelled]
        self._waiting.clear()
        self._pending.clear()
        return [self._error(key, SWITCHED_OFF, self._switched_off()) for key in owed]

    def _restarted(self) -> str:
        return f"The database “{self.name}” was restarted in Trunkline. Please try again."

    def _switched_off(self) -> str:
        return (
            f"The database “{self.name}” is switched off in Trunkline. "
            "Open Trunkline, switch it on, then try again."
        )

    def _error(self, key: str, code: int, sentence: str) -> bytes:
        return _answer(json.loads(key), error={"code": code, "message": sentence})


def _parsed(line: bytes) -> Message:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _key(message: Message) -> str:
    """Return the id as JSON text: 1 and "1" are different ids; "" when there is none."""
    found = message.get("id")
    return json.dumps(found) if isinstance(found, (int, str)) else ""


def _answer(request_id: object, **outcome: object) -> bytes:
    return _line({"jsonrpc": "2.0", "id": request_id, **outcome})


def _line(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
