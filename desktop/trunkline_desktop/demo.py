"""``trunkline demo``: the whole way from a database to an AI app's answer, told step by step.

Everything happens in a temporary folder with the sample shop. Afterwards nothing runs any more and
nothing is left, unless ``--keep`` keeps the folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING, Any

from trunkline_desktop import display
from trunkline_desktop.verbs import runs, say
from trunkline_server import events, programs, sample
from trunkline_server.clients import apps, plan, writer
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import saving, secrets
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.profiles.store import Store

if TYPE_CHECKING:
    from mcp import Client

QUESTION = "Which customers brought the most revenue?"
STATEMENT = """
SELECT customers.name, country, count(*) AS orders, sum(total) AS revenue
FROM shop.order_totals JOIN shop.customers ON customers.id = customer_id
WHERE status IN ('paid', 'shipped', 'delivered')
GROUP BY customers.id ORDER BY revenue DESC LIMIT 5"""
ATTACK = "DROP TABLE shop.customers"

_KEYRING_WAIT_S = 3.0
_INDENT = "     "


def demo(options: Namespace) -> int:
    """Show all of it; returns 0 when every step worked."""
    story = Story(is_told=not options.json)
    with _own_home(is_kept=options.keep) as home:
        try:
            asyncio.run(_told(story))
        except asyncio.CancelledError as exc:  # SIGTERM
            raise KeyboardInterrupt from exc
        except Exception as exc:
            raise _failure(exc) from exc
        finally:
            sample.stop()
    seconds = time.monotonic() - story.began
    if options.json:
        say.as_json({"ok": True, "seconds": round(seconds, 1), "steps": story.steps,
                     "folder": str(home) if options.keep else None})  # fmt: skip
        return 0
    say.line()
    say.line(f"{say.sign('done')} Done in {seconds:.1f} s; nothing is left running.")
    if options.keep:
        say.line(f"  The folder is kept: TRUNKLINE_HOME={home}")
    headings = chain(["  Next:"], repeat("       "))
    for heading, sentence in zip(headings, _next_steps(story), strict=False):
        say.line(f"{heading} {sentence}")
    return 0


def _next_steps(story: Story) -> Iterator[str]:
    """Yield what works here: no app without a screen, nothing saved without a keyring."""
    if display.is_there():
        yield f"{say.typed('')}  the app in your tray"
    if story.has_keyring:
        yield f"{say.typed('add NAME --url postgresql://…')}   your own database"
    else:
        options = "run --transport http --url postgresql://…"
        yield f"{say.typed(options, 'trunkline-server')}   your own database"
        yield "without a keyring; PG* variables, DATABASE_URL or a .env file do instead of --url"


@dataclass
class Story:
    """What has been told so far.

    Attributes:
        is_told: whether steps are written as they happen.
        began: ``time.monotonic()`` at the start.
        steps: what ``--json`` answers for each step.
        has_keyring: whether passwords can be kept here.
    """

    is_told: bool
    began: float = field(default_factory=time.monotonic)
    steps: list[dict[str, Any]] = field(default_factory=list)
    has_keyring: bool = True

    @contextmanager
    def step(self, title: str) -> Iterator[dict[str, Any]]:
        """Tell one step; what is put into the yielded facts goes into the JSON answer."""
        began = time.monotonic()
        facts: dict[str, Any] = {"step": len(self.steps) + 1, "title": title}
        self.steps.append(facts)
        if self.is_told:
            say.line()
            say.line(f"{say.colour(f'{len(self.steps):>2}', 'bold')}  {title}")
        yield facts
        facts["ms"] = round(1000 * (time.monotonic() - began))
        self.tell(f"{say.sign('done')} {facts['ms'] / 1000:.1f} s")

    def tell(self, text: str) -> None:
        """Write one line below the step."""
        if self.is_told:
            say.line(f"{_INDENT}{text}")


async def _told(story: Story) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if sys.platform != "win32" and task:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    if story.is_told:
        say.line(say.colour("Trunkline, from a database to an AI app's answer", "bold"))
    with ExitStack() as cleanup:
        database = await _database(story)
        database = _saved(story, database, cleanup)
        await _checked(story, database)
        server = _Server(database)
        cleanup.callback(server.stop)
        await _started(story, server)
        await _asked_over_http(story, database)
        await _asked_over_stdio(story, server)
        _connected(story, database.profile)


@dataclass(frozen=True)
class _Database:
    """The sample shop as saved, with its secrets, which no file holds."""

    profile: Profile
    password: str
    token: str

    @property
    def first_line(self) -> bytes:
        """What ``trunkline-server … --profile -`` reads."""
        document = {"profile": self.profile.as_json(), "password": self.password,
                    "token": self.token}  # fmt: skip
        return json.dumps(document).encode()


class _Server:
    """The one server of the demo, over one transport at a time."""

    def __init__(self, database: _Database) -> None:
        self.database = database
        self._running = ExitStack()

    async def start(self, transport: Transport) -> events.Ready:
        """Start and wait until it accepts questions."""
        child = self._running.enter_context(
            runs.serving(
                *("run", "--profile", "-", "--events", "--until-eof", "--transport", transport),
                *("--port", str(self.database.profile.http_port)),
                first_line=self.database.first_line,
            )
        )
        return await asyncio.to_thread(runs.until_ready, child)

    def stop(self) -> None:
        """Stop it, if it runs."""
        self._running.close()


async def _database(story: Story) -> _Database:
    with story.step("Start the sample shop, an embedded PostgreSQL") as facts:
        starting = asyncio.to_thread(sample.start)
        # The client's library takes over a second to load; PostgreSQL is made meanwhile.
        loading = asyncio.to_thread(__import__, "mcp")
        address, _ = await asyncio.gather(starting, loading)
        facts["host"] = address.host
        story.tell("50,000 rows of customers, orders, payments and reviews")
    shop = replace(sample.profile(), id=f"demo-{token_hex(3)}")
    return _Database(shop, sample.password(), token_urlsafe(32))


def _saved(story: Story, database: _Database, cleanup: ExitStack) -> _Database:
    with story.step("Save it as a profile") as facts:
        store, profile = Store(), database.profile
        reason = _why_no_keyring(profile.id)
        facts["keyring"] = story.has_keyring = reason == ""
        if reason:
            profile = replace(profile, http_port=saving.free_port(()))
            store.save(profile)
            story.tell(f"{reason} For the demo, the password stays in memory.")
        else:
            cleanup.callback(secrets.forget, profile.id)
            profile = saving.add(store, profile, database.password, token=database.token)
            story.tell("The password is in the keyring of this computer, in no file.")
    return replace(database, profile=profile)


async def _checked(story: Story, database: _Database) -> None:
    with story.step("Check the connection") as facts:
        facts["stages"] = stages = await asyncio.to_thread(_stages, story, database)
        if not stages:
            raise runs.ended_at_once("check")


def _stages(story: Story, database: _Database) -> list[str]:
    passed = []
    arguments = ("check", "--profile", "-", "--events")
    with runs.serving(*arguments, first_line=database.first_line, is_quiet=True) as child:
        for event in runs.told(child):
            if isinstance(event, events.Failed):
                raise TrunklineError(event.failure)
            if isinstance(event, events.Stage) and event.state != "running":
                passed.append(event.stage)
                if story.is_told:
                    runs.show_stage(event, database.profile, _INDENT)
    return passed


async def _started(story: Story, server: _Server) -> None:
    with story.step("Start its server over HTTP") as facts:
        facts["url"] = (await server.start("http")).url
        story.tell(f"{facts['url']}, for those who know the token")


async def _asked_over_http(story: Story, database: _Database) -> None:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {database.token}"}
    url = story.steps[-1]["url"]
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(
            streamable_http_client(url, http_client=http), client_info=_introduction()
        ) as client,
    ):
        with story.step(f"An AI app asks over HTTP: {QUESTION}") as facts:
            tables = json.loads(await _call(client, "list_tables"))
            facts["tables"] = len(_tables(tables))
            story.tell(f"It sees {facts['tables']} tables and views.")
            facts["answer"] = await _ask(story, client)
        with story.step(f"It tries to change something: {ATTACK}") as facts:
            facts["refusal"] = await _refused(client)
            story.tell(f"Refused: {facts['refusal']}")


async def _asked_over_stdio(story: Story, server: _Server) -> None:
    from mcp import Client, StdioServerParameters

    relay = StdioServerParameters(
        command=str(programs.path_of("trunkline-stdio")),
        args=[server.database.profile.id],
        env={"TRUNKLINE_HOME": os.environ["TRUNKLINE_HOME"]},
    )
    async with AsyncExitStack() as stack:
        with story.step("Another AI app starts trunkline-stdio and asks the same") as facts:
            began = time.monotonic()
            client = await stack.enter_async_context(Client(relay, client_info=_introduction()))
            facts["connected_ms"] = round(1000 * (time.monotonic() - began))
            story.tell(f"Started and connected to the running server in {facts['connected_ms']} ms")
            facts["answer"] = await _ask(story, client)
        with story.step("Switch the server from HTTP to STDIO while that app stays") as facts:
            await asyncio.to_thread(server.stop)
            await server.start("stdio")
            facts["answer"] = await _ask(story, client)
            story.tell("The same connection answers again; the app noticed nothing.")


def _connected(story: Story, profile: Profile) -> None:
    with story.step("Connect Claude Desktop (a file in the temporary folder)") as facts:
        file = Path(os.environ["TRUNKLINE_HOME"]) / "Claude" / "claude_desktop_config.json"
        file.parent.mkdir()
        file.write_text('{\n  "globalShortcut": "Alt+Space"\n}\n', encoding="utf-8")
        applied = writer.apply(plan.connect(apps.ALL["claude-desktop"], profile, path=file))
        facts["diff"] = applied.plan.diff
        if story.is_told:
            say.diff("\n".join(applied.plan.diff.splitlines()[2:]), _INDENT)


async def _call(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    text = "".join(getattr(part, "text", "") for part in result.content)
    if result.is_error:
        raise fail("demo.answer", f"The server did not answer {tool}.", "", text)
    return text


async def _ask(story: Story, client: Client) -> list[list[Any]]:
    reply = json.loads(await _call(client, "execute_query", query=STATEMENT.strip()))
    rows: list[list[Any]] = reply["rows"]
    if story.is_told:
        shown = [[name, country, orders, f"{float(revenue):,.2f}"]
                 for name, country, orders, revenue in rows]  # fmt: skip
        say.table(("CUSTOMER", "COUNTRY", "ORDERS", "REVENUE €"), shown, _INDENT)
    return rows


async def _refused(client: Client) -> str:
    result = await client.call_tool("execute_query", {"query": ATTACK})
    if not result.is_error:
        raise fail("demo.written", "The statement was not refused.", "Please report this.")
    return "".join(getattr(part, "text", "") for part in result.content)


def _failure(exc: Exception) -> TrunklineError:
    """Return what went wrong as a failure; the client's library packs it into groups."""
    while isinstance(exc, ExceptionGroup):
        exc = exc.exceptions[0]
    if isinstance(exc, TrunklineError):
        return exc
    return fail("demo.failed", "The demo stopped halfway.", f"Please report this: {exc!r}")


def _tables(reply: Any) -> list[Any]:
    found: list[Any] = reply["tables"] if isinstance(reply, dict) else reply
    return found


def _introduction() -> Any:
    from mcp import Implementation

    return Implementation(name="trunkline-demo", version="1")


def _why_no_keyring(profile_id: str) -> str:
    """Return why the keyring cannot be used now, as a sentence; "" when it can."""
    answers: list[str] = []

    def ask() -> None:
        try:
            secrets.get(profile_id)
            answers.append("")
        except TrunklineError as exc:
            answers.append(exc.failure.title)

    # A locked keyring may wait for a person for ever; the thread ends with the process.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_KEYRING_WAIT_S)
    return answers[0] if answers else "The keyring is locked."


@contextmanager
def _own_home(*, is_kept: bool) -> Iterator[Path]:
    """Move everything Trunkline keeps into a temporary folder."""
    before = {
        name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TRUNKLINE_")
    }
    home = Path(tempfile.mkdtemp(prefix="trunkline-demo-"))
    os.environ["TRUNKLINE_HOME"] = str(home)
    try:
        yield home
    finally:
        del os.environ["TRUNKLINE_HOME"]
        os.environ.update(before)
        if not is_kept:
            shutil.rmtree(home, ignore_errors=True)
