"""What can be exported besides the entries of the AI apps that Trunkline knows."""

from __future__ import annotations

from typing import Literal, get_args

Form = Literal["link", "command", "text"]
FORMS: tuple[Form, ...] = get_args(Form)  # the easiest for a person first

KINDS = {
    "json": "the JSON that most AI apps understand",
    "mcpb": "a bundle for Claude Desktop, added by a double click",
    "docker": "a line that runs the server in a container",
    "python": "a program that asks through FastMCP",
}
