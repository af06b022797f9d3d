"""The MCP server itself: our tools on FastMCP. The only ``import fastmcp``."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version as version_of
from typing import Any, Literal

# FastMCP reads these while it is imported: no question to the package index, no second log format,
# and no .env of the folder an AI app happens to start us in.
os.environ["FASTMCP_ENV_FILE"] = os.devnull
os.environ["FASTMCP_CHECK_FOR_UPDATES"] = "off"
os.environ["FASTMCP_SHOW_SERVER_BANNER"] = "false"
os.environ["FASTMCP_LOG_ENABLED"] = "false"

import mcp_types
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.context import Context, reset_transport, set_transport
from fastmcp.server.dependencies import get_context
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool as FastTool
from fastmcp.tools.base import ToolResult
from mcp.server.stdio import stdio_server
from pydantic import PrivateAttr
from starlette.applications import Starlette
from starlette.middleware import Middleware as HttpMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from trunkline_server.errors import Failure, TrunklineError, explain
from trunkline_server.serving.activity import Call, Outcome
from trunkline_server.serving.auth import BearerGate
from trunkline_server.serving.lines import Balance, Inbox, Outbox
from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.query import EXECUTE_QUERY
from trunkline_server.serving.tools.schema import DESCRIBE_TABLE, LIST_TABLES
from trunkline_server.serving.tools.tool import Answer, Tool, compact

TOOLS: tuple[Tool, ...] = (LIST_TABLES, DESCRIBE_TABLE, EXECUTE_QUERY)
HEALTH = "/health"

_REFUSED = ("guard.", "query.write_refused")
_RULES = (
    "Reads the PostgreSQL database “{name}”; nothing in it can be changed. Start with list_tables, "
    "then describe_table, then execute_query."
)
_FIRST_SESSION = (
    (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
        b'"capabilities":{},"clientInfo":{"name":"trunkline","version":"1"}}}'
    ),
    b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
    b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}',
)
_LOG = logging.getLogger("trunkline")

Record = Callable[[Call], None]
OnClient = Callable[[str, str, str], None]


def build(source: Source, record: Record) -> FastMCP[Any]:
    """Return the server of one database; ``record`` gets every call and must return at once."""
    profile = source.profile
    server: FastMCP[Any] = FastMCP(
        "Trunkline",
        version=version_of("trunkline"),
        instructions="\n\n".join(
            filter(None, (_RULES.format(name=profile.name), profile.description))
        ),
        mask_error_details=True,
    )
    for tool in TOOLS:
        server.add_tool(_offered(tool, source, record))
    return server


async def ready(source: Source, record: Record, on_client: OnClient) -> FastMCP[Any]:
    """Return :func:`build`'s server after a first session of our own: later ones start faster."""
    server = build(source, record)
    lines = iter([*_FIRST_SESSION, b""])
    balance = Balance()
    outbox = Outbox(lambda _: None, balance)
    await converse(server, Inbox(lambda: next(lines), balance), outbox)
    await outbox.close()
    server.add_middleware(_Introductions(on_client))
    return server


async def converse(server: FastMCP[Any], inbox: Inbox, outbox: Outbox) -> None:
    """Serve one client on a pair of line streams until it closes its end."""
    token = set_transport("stdio")
    try:
        # The streams only need to be iterated, written and flushed.
        async with stdio_server(stdin=inbox, stdout=outbox) as (read, write):  # type: ignore[arg-type]
            low_level = server._mcp_server
            await low_level.run(read, write, low_level.create_initialization_options())
    finally:
        reset_transport(token)


def http_app(
    server: FastMCP[Any], transport: Literal["http", "sse"], token: str, hosts: Sequence[str]
) -> Starlette:
    """Return the ASGI app of ``/mcp`` or ``/sse``, behind the Host and Origin check and a token.

    ``hosts`` are further names a client may use in its Host header.
    """

    async def health(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    server.custom_route(HEALTH, methods=["GET"])(health)
    return server.http_app(
        transport=transport,
        path="/mcp" if transport == "http" else "/sse",
        middleware=[HttpMiddleware(BearerGate, token=token, open_paths=(HEALTH,))],
        host_origin_protection=True,
        allowed_hosts=list(hosts),
    )


class _Introductions(Middleware):
    """Tells who connects: at the handshake, or by the first message of a client without one."""

    def __init__(self, on_client: OnClient) -> None:
        self._on_client = on_client
        self._seen: set[tuple[str, str, str]] = set()

    async def on_initialize(
        self,
        context: MiddlewareContext[mcp_types.InitializeRequest],
        call_next: CallNext[mcp_types.InitializeRequest, mcp_types.InitializeResult | None],
    ) -> mcp_types.InitializeResult | None:
        reply = await call_next(context)
        if context.message is not None and context.message.params is not None:
            self._tell(context.message.params.client_info, context.fastmcp_context)
        return reply

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        reply = await call_next(context)
        where = context.fastmcp_context
        if context.method != "initialize" and where is not None and where.request_context:
            params = where.session.client_params
            is_discovery = context.method == "server/discover"
            if params is not None:
                self._tell(params.client_info, where, again=is_discovery)
        return reply

    def _tell(
        self, who: mcp_types.Implementation, context: Context | None, *, again: bool = True
    ) -> None:
        key = (who.name, who.version, _transport(context))
        if again or key not in self._seen:
            self._seen.add(key)
            self._on_client(*key)


def _transport(context: Context | None) -> str:
    found = context.transport if context is not None else None
    return "http" if found == "streamable-http" else found or "stdio"


class _OfferedTool(FastTool):
    """One of our tools as FastMCP wants it; recorded, and told in plain words when it fails."""

    _tool: Tool = PrivateAttr()
    _source: Source = PrivateAttr()
    _record: Record = PrivateAttr()

    def get_meta(self) -> dict[str, Any]:
        """Return nothing: FastMCP's own notes would cost the model tokens in every list."""
        return {}

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        began, start = time.time(), time.perf_counter()
        answer, failure, outcome = Answer(""), None, "cancelled"
        try:
            answer = await self._tool.run(self._source, self._tool.checked(arguments))
            outcome = "ok"
        except TrunklineError as exc:
            failure = exc.failure
        except Exception as exc:  # noqa: BLE001 - the edge of a tool call: nothing may escape it
            _LOG.exception("The tool %s failed.", self.name)
            failure = Failure(code="internal", title=explain(exc).title)
        finally:
            outcome = _outcome(failure, outcome)
            spent_ms = round((time.perf_counter() - start) * 1000, 2)
            call = self._call(arguments, answer)
            message = str(failure) if failure else ""
            self._record(
                replace(call, at=began, duration_ms=spent_ms, outcome=outcome, message=message)
            )
        if failure is not None:
            raise ToolError(_sentence(failure), log_level=logging.DEBUG)
        return ToolResult(content=[mcp_types.TextContent(type="text", text=answer.text)])

    def _call(self, arguments: dict[str, Any], answer: Answer) -> Call:
        name, version = _client()
        query = arguments.get("query")
        return Call(
            at=0.0,
            profile_id=self._source.profile.id,
            client=name,
            client_version=version,
            tool=self.name,
            statement=query if isinstance(query, str) else compact(arguments),
            rows=answer.rows,
            bytes=len(answer.text.encode()),
        )


def _offered(tool: Tool, source: Source, record: Record) -> FastTool:
    offered = _OfferedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tool.schema,
        output_schema=None,
        annotations=mcp_types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    offered._tool, offered._source, offered._record = tool, source, record
    return offered


def _outcome(failure: Failure | None, otherwise: str) -> Outcome:
    if failure is None:
        return "ok" if otherwise == "ok" else "cancelled"
    return "refused" if failure.code.startswith(_REFUSED) else "failed"


def _sentence(failure: Failure) -> str:
    if not failure.detail or failure.detail in str(failure):
        return str(failure)
    who = "PostgreSQL says" if failure.code.startswith("query.") else "Details"
    return f"{failure}\n{who}: {failure.detail}"


def _client() -> tuple[str, str]:
    context = get_context()
    params = context.session.client_params if context.request_context else None
    return (params.client_info.name, params.client_info.version) if params else ("", "")
