"""What a tool is: a name, words for the model, a schema, and a function. Knows no MCP library."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.serving.source import Source

Arguments = dict[str, Any]

DATABASE = "database"  # the argument that names one of several; tools never see it


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says: one text, and how many rows are in it."""

    text: str
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something an AI may call.

    Attributes:
        name: what the model calls.
        title: what the person sees.
        description: what the model reads.
        properties: name of each argument and its JSON schema.
        required: the arguments that must be there.
        run: takes the database and checked arguments.
        group: "core" is always there, others are switched on.
    """

    name: str
    title: str
    description: str
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...] = ()
    run: Callable[[Source, Arguments], Awaitable[Answer]]
    group: str = "core"

    def schema(self, databases: Sequence[str] = ()) -> dict[str, Any]:
        """Return the JSON schema of the arguments; ``databases`` to choose from, when several."""
        properties, required = self.properties, self.required
        if len(databases) > 1:
            properties = {**properties, DATABASE: {"type": "string", "enum": list(databases)}}
            required = (*required, DATABASE)
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        return {**schema, "required": list(required)} if required else schema

    def checked(self, arguments: Arguments) -> Arguments:
        """Return the arguments as the schema wants them; ``null`` counts as left out.

        Raises:
            TrunklineError: ``arguments.unknown``, ``arguments.missing`` or ``arguments.type``.
        """
        given = {k: v for k, v in arguments.items() if v is not None}
        for name in given:
            if name not in self.properties:
                raise fail(
                    "arguments.unknown",
                    f"{self.name} has no argument “{name}”.",
                    f"It takes: {', '.join(self.properties)}.",
                )
        for name in self.required:
            if given.get(name) in (None, ""):
                raise fail("arguments.missing", f"{self.name} needs the argument “{name}”.")
        return {name: _as(self.properties[name], name, value) for name, value in given.items()}


_KINDS: dict[str, tuple[type, str]] = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
    "array": (list, "a list"),
}


def _as(schema: dict[str, Any], name: str, value: object) -> object:
    wanted = schema["type"]
    value = _unpacked(wanted, value)
    kind, words = _KINDS[wanted]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise fail("arguments.type", f"The argument “{name}” must be {words}.")
    choices = schema.get("enum")
    if choices and value not in choices:
        raise fail("arguments.type", f"The argument “{name}” is one of: {', '.join(choices)}.")
    least = schema.get("minimum")
    if least is not None and isinstance(value, int) and value < least:
        raise fail("arguments.type", f"The argument “{name}” must be at least {least}.")
    return value


def _unpacked(wanted: str, value: object) -> object:
    """Models often write a number or a list as text: read it as what was meant."""
    if wanted != "string" and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def compact(document: object) -> str:
    """Return JSON without a wasted byte."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
