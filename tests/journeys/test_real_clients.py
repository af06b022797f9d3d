"""The real AI apps read what we wrote and connect: by program, by HTTP and by SSE."""

from __future__ import annotations

import json
import re
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FileKeyring
from tests.journeys import real_clients
from tests.journeys.conftest import Served, served
from tests.journeys.real_clients import Person
from tests.server.processes import TOKEN, running
from trunkline_server import events
from trunkline_server.clients import apps, barriers
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.profiles.store import Store

VARIABLE = "TRUNKLINE_TOKEN_SHOP"
ASKED = ("claude-code", "codex", "gemini-cli", "opencode", "qwen-code")
WAYS = [(app, way) for app in ASKED for way in apps.ALL[app].transports]

GetPerson = Callable[..., Person]


@pytest.fixture
def somebody(
    tmp_path: Path,
    shop: Profile,
    over_http: Served,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> GetPerson:
    """Return a function that returns somebody with the shop saved, served by that transport.

    It is given the server that is to serve it, where it is not to be the one of all tests.
    """

    def get(way: Transport = "http", at: Served | None = None) -> Person:
        usual = request.getfixturevalue("over_sse") if way == "sse" else over_http
        server = at or usual
        monkeypatch.setenv("TRUNKLINE_HOME", str(server.home))
        Store().save(replace(shop, http_port=server.port, transport=way))
        return real_clients.person(tmp_path / "person", server.home)

    return get


@pytest.fixture
def fresh(shop: Profile, tmp_path: Path) -> Iterator[Served]:
    """Serve the shop for one test: whoever is refused too often is not even answered any more."""
    yield from served(shop, "http", tmp_path / "served")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Hold a port on which nobody listens."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def of_claude(person: Person, **variables: str) -> str:
    return person.app("claude", "mcp", "get", "shop", **variables)


def of_gemini(person: Person, **variables: str) -> str:
    trust = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}
    return person.app("gemini", "mcp", "list", **trust, **variables)


def of_qwen(person: Person, **variables: str) -> str:
    return person.app("qwen", "mcp", "list", **variables)


def of_opencode(person: Person, **variables: str) -> str:
    return person.app("opencode", "mcp", "list", **variables)


def of_codex(person: Person, **variables: str) -> str:
    environment = {**person.environment, **variables}
    server = real_clients.codex_servers(person.install("codex"), environment, person.home)["shop"]
    return f"shop: tools {sorted(server['tools'])}, failed: {server['toolsError']}"


SAYS: dict[str, Callable[..., str]] = {
    "claude-code": of_claude,
    "codex": of_codex,
    "gemini-cli": of_gemini,
    "opencode": of_opencode,
    "qwen-code": of_qwen,
}
YES = {
    "claude-code": r"Status: ✔ Connected",
    "codex": r"shop: tools \[.*'execute_query'.*\], failed: None",
    "gemini-cli": r"✓ shop: .* - Connected",
    "opencode": r"✓ shop .*connected",
    "qwen-code": r"✓\S* shop: .* - Connected",
}
NO = {
    "claude-code": r"Status: ✘ Failed to connect",
    "codex": r"shop: tools \[\], failed: MCP startup failed",
    "gemini-cli": r"✗ shop: .* - Disconnected",
    "opencode": r"✗ shop .*failed",
    "qwen-code": r"✗\S* shop: .* - Disconnected",
}


def told(app: str, way: Transport) -> dict[str, str]:
    """Return the variables that the person has to set for the app; see our note to them."""
    is_by_variable = way != "stdio" and apps.ALL[app].bearer_by == "variable"
    return {VARIABLE: TOKEN} if is_by_variable else {}


def settings(person: Person, app: str, change: dict[str, Any] | None = None) -> Any:
    """Return what the app's file says; written first with ``change`` when that is given."""
    file = person.home / FILES[app]
    if change is not None:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(change["text"] if app == "codex" else json.dumps(change, indent=2))
    text = file.read_text()
    return tomllib.loads(text) if app == "codex" else json.loads(text)


FILES = {
    "claude-code": ".claude.json",
    "codex": ".codex/config.toml",
    "gemini-cli": ".gemini/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "qwen-code": ".qwen/settings.json",
}


@pytest.mark.parametrize(("app", "way"), WAYS, ids=map("-".join, WAYS))
def test_it_reads_its_entry_and_connects(somebody: GetPerson, app: str, way: Transport) -> None:
    person = somebody(way)
    written = person.does("connect", "shop", "--client", app, "--transport", way)
    assert written["path"] == str(person.home / FILES[app])
    assert TOKEN not in Path(written["path"]).read_text()
    assert re.search(YES[app], SAYS[app](person, **told(app, way)))


def without_keyring(person: Person) -> None:
    FileKeyring.file(person.home).write_text("{}")


def with_another_file(person: Person) -> None:
    tokens = Path(person.environment["TRUNKLINE_HOME"]) / "state" / "tokens"
    (tokens / "shop.token").write_text("another-token-that-is-not-right")


def without_variable(_person: Person) -> None:
    """Nothing was set."""


@pytest.mark.parametrize(
    ("app", "take_away"),
    [("claude-code", without_keyring), ("codex", without_keyring), ("gemini-cli", without_variable),
     ("opencode", with_another_file), ("qwen-code", without_variable)],
)  # fmt: skip
def test_without_the_token_it_is_not_let_in(
    somebody: GetPerson, fresh: Served, app: str, take_away: Callable[[Person], None]
) -> None:
    person = somebody(at=fresh)
    person.does("connect", "shop", "--client", app, "--transport", "http")
    take_away(person)
    assert re.search(NO[app], SAYS[app](person))


@pytest.mark.parametrize("app", ["gemini-cli", "qwen-code"])
def test_with_the_token_itself_no_variable_is_needed(somebody: GetPerson, app: str) -> None:
    person = somebody()
    person.does("connect", "shop", "--client", app, "--transport", "http", "--allow-token")
    assert re.search(YES[app], SAYS[app](person))


@pytest.mark.parametrize(
    ("lists", "is_off"),
    [
        ({"excluded": ["shop"]}, True),
        ({"allowed": ["other"]}, True),
        ({"allowed": ["shop"]}, False),
    ],
)
def test_gemini_leaves_alone_what_its_lists_say(
    somebody: GetPerson, lists: dict[str, Any], is_off: bool
) -> None:
    person = somebody()
    settings(person, "gemini-cli", {"mcp": lists})
    person.does("connect", "shop", "--client", "gemini-cli")
    found = settings(person, "gemini-cli")
    said = barriers.said(apps.ALL["gemini-cli"], "shop", lambda path: found[path[0]].get(path[1]))
    assert bool(said) == is_off
    assert bool(re.search(r"shop: .* - Blocked", of_gemini(person))) == is_off


def test_the_server_hears_who_came(somebody: GetPerson, shop: Profile, tmp_path: Path) -> None:
    home = tmp_path / "served"
    arguments = ("--transport", "http", "--port", "0")
    with running(shop, *arguments, TRUNKLINE_HOME=str(home)) as run:
        person = somebody(at=Served(run.ready().url, home))
        for app in ASKED:
            person.does("connect", "shop", "--client", app, "--transport", "http")
            SAYS[app](person, **told(app, "http"))
        run.close_input()
        told_of = map(events.decode, iter(run.hear, b""))
        heard = {event.name for event in told_of if isinstance(event, events.Client)}
    known = {name: apps.called(name) for name in heard}
    assert {app.id for app in known.values() if app} == {"claude-code", "codex", "opencode"}
    # Gemini CLI and Qwen Code, when they only look whether a server is there, are nobody.
    assert [name for name, app in known.items() if not app] == ["mcp-test-client"]


THEIRS: dict[str, dict[str, Any]] = {
    "claude-code": {
        "theme": "light",
        "mcpServers": {"theirs": {"type": "stdio", "command": "/bin/false", "args": []}},
    },
    "codex": {
        "text": 'model = "o9"\n\n[mcp_servers.theirs]\ncommand = "/bin/false"\nenabled = false\n'
    },
    "gemini-cli": {
        "ui": {"hideTips": True},
        "mcpServers": {"theirs": {"command": "/bin/false", "args": []}},
    },
    "opencode": {
        "share": "disabled",
        "mcp": {"theirs": {"type": "local", "command": ["/bin/false"], "enabled": False}},
    },
    "qwen-code": {
        "ui": {"hideTips": True},
        "mcpServers": {"theirs": {"command": "/bin/false", "args": []}},
    },
}


@pytest.mark.parametrize("app", ASKED)
def test_what_the_person_had_stays_and_our_entry_goes_whatever_the_app_rewrote(
    somebody: GetPerson, app: str
) -> None:
    person = somebody()
    before = settings(person, app, THEIRS[app])
    (table,) = apps.ALL[app].table
    person.does("connect", "shop", "--client", app)
    SAYS[app](person)
    between = settings(person, app)
    assert between[table].keys() == {"theirs", "shop"}
    assert between | {table: before[table]} == between | before  # the app may have added its own
    person.does("disconnect", "shop", "--client", app)
    after = settings(person, app)
    assert after == between | {table: before[table]}


@pytest.mark.parametrize("app", ASKED)
def test_verifying_what_is_connected_lets_the_app_tell(somebody: GetPerson, app: str) -> None:
    person = somebody()
    person.install(apps.ALL[app].health.program)
    person.does("connect", "shop", "--client", app)
    done = person.trunkline("connect", "shop", "--client", app, "--verify")
    assert f"{apps.ALL[app].name} is connected already" in done.stdout
    assert f"{apps.ALL[app].name} reached “Shop”." in done.stdout
    assert done.returncode == 0


def test_verifying_fails_when_the_database_is_not_there(
    somebody: GetPerson, closed_port: int
) -> None:
    """By stdio the relay serves by itself: the app is content."""
    person = somebody()
    person.install("claude")
    Store().save(Profile(id="gone", name="Gone", host="127.0.0.1", port=closed_port))
    done = person.trunkline("connect", "gone", "--client", "claude-code", "--verify")
    assert done.returncode == 1
    assert "Claude Code reached Trunkline, but Trunkline does not reach “Gone”." in done.stdout
    assert f"Nothing is listening on 127.0.0.1, port {closed_port}." in done.stdout


@pytest.mark.parametrize("app", ASKED)
def test_verifying_fails_when_nobody_listens(
    somebody: GetPerson, app: str, closed_port: int
) -> None:
    person = somebody()
    person.install(apps.ALL[app].health.program)
    Store().save(Profile(id="off", name="Off", transport="http", http_port=closed_port))
    FileKeyring.file(person.home).write_text(json.dumps({"off/token": TOKEN}))
    done = person.trunkline("connect", "off", "--client", app, "--transport", "http", "--verify",
                            **{f"{VARIABLE.removesuffix('SHOP')}OFF": TOKEN})  # fmt: skip
    assert done.returncode == 1
    assert f"{apps.ALL[app].name} did not reach “Off”. It said: " in done.stdout
    assert "trunkline start off --transport http" in done.stdout
    assert TOKEN not in done.stdout


# The lists, what is told of them, and the lists when that was done.
KEEPING_OUT: dict[str, tuple[dict[str, Any], tuple[str, str], dict[str, Any]]] = {
    "gemini-cli": (
        {"allowed": ["other"]},
        ("its settings do not allow it.", "put “shop” into mcp.allowed in its settings."),
        {"allowed": ["other", "shop"]},
    ),
    "qwen-code": (
        {"excluded": ["shop"]},
        ("its settings exclude it.", "take “shop” out of mcp.excluded in its settings."),
        {"excluded": []},
    ),
}


@pytest.mark.parametrize("app", ["codex", "opencode"])
def test_verifying_tells_of_an_entry_that_the_person_has_switched_off(
    somebody: GetPerson, app: str
) -> None:
    person = somebody()
    person.install(apps.ALL[app].health.program)
    file = Path(person.does("connect", "shop", "--client", app)["path"])
    text = file.read_text()
    off = text.replace('"enabled": true', '"enabled": false')
    file.write_text(off if off != text else f"{text}enabled = false\n")
    done = person.trunkline("connect", "shop", "--client", app, "--verify")
    name = apps.ALL[app].name
    assert f"{name} did not reach “Shop”: it is switched off there." in done.stdout
    assert f"Switch it on in {name}: “enabled” of its entry must be true." in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("app", KEEPING_OUT)
def test_verifying_tells_of_lists_that_keep_the_entry_out(somebody: GetPerson, app: str) -> None:
    person = somebody()
    person.install(apps.ALL[app].health.program)
    lists, (why, remedy), mended = KEEPING_OUT[app]
    settings(person, app, {"mcp": lists})
    done = person.trunkline("connect", "shop", "--client", app, "--verify")
    name = apps.ALL[app].name
    assert f"{name} did not reach “Shop”: {why}" in done.stdout
    assert f"Allow it in {name}: {remedy}" in done.stdout
    assert done.returncode == 1
    settings(person, app, settings(person, app) | {"mcp": mended})
    done = person.trunkline("connect", "shop", "--client", app, "--verify")
    assert f"{name} reached “Shop”." in done.stdout


def test_verifying_tells_of_an_entry_that_claude_code_does_not_allow(somebody: GetPerson) -> None:
    person = somebody()
    person.install("claude")
    own = person.home / ".claude" / "settings.json"
    own.parent.mkdir()
    own.write_text(json.dumps({"deniedMcpServers": [{"serverName": "shop"}]}))
    done = person.trunkline("connect", "shop", "--client", "claude-code", "--verify")
    assert "Allow it in Claude Code: see allowedMcpServers and deniedMcpServers" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("app", ["gemini-cli", "qwen-code"])
def test_an_app_that_greets_under_another_name_counts_as_seen(
    somebody: GetPerson, app: str
) -> None:
    person = somebody()
    person.install(apps.ALL[app].health.program)
    person.does("connect", "shop", "--client", app)
    assert seen_at(person, app) is None
    person.trunkline("connect", "shop", "--client", app, "--verify")
    assert seen_at(person, app)


def seen_at(person: Person, app: str) -> float | None:
    listed = person.does("clients")
    (seen,) = (entry["seen_at"] for entry in listed if entry["id"] == app)
    return seen


def test_gemini_remembers_one_folder_however_often_it_is_asked(somebody: GetPerson) -> None:
    person = somebody()
    person.install("gemini")
    for _ in range(2):
        person.trunkline("connect", "shop", "--client", "gemini-cli", "--verify")
    remembered = json.loads((person.home / ".gemini" / "projects.json").read_text())["projects"]
    assert len(remembered) == 1


def test_verifying_tells_of_the_variable_that_is_not_set(
    somebody: GetPerson, fresh: Served
) -> None:
    person = somebody(at=fresh)
    person.install("qwen")
    done = person.trunkline("connect", "shop", "--client", "qwen-code", "--transport", "http",
                            "--verify")  # fmt: skip
    assert done.returncode == 1
    assert (
        "Qwen Code did not reach “Shop”. It said: Disconnected. "
        f"Set the environment variable {VARIABLE} to the token before Qwen Code starts. "
        "See the token: "
    ) in done.stdout
    assert done.stdout.endswith("trunkline-server token --profile shop\n")


# What reads other apps' files: mcporter finds them by itself and asks a question


ASK = ("call", "shop.execute_query", "query=SELECT name FROM customers ORDER BY id LIMIT 2")
FOUND = ("claude-code", "codex", "cursor", "opencode", "vscode", "windsurf")
SHOWN = ("claude-desktop", "jan", "junie", "kiro", "lm-studio")  # it has to be told where they are
AT_ADDRESSES = [(app, way) for app in ("cursor", "windsurf") for way in ("http", "sse")]


def names(printed: str) -> Any:
    assert printed.startswith("{"), printed
    return [row[0] for row in json.loads(printed)["rows"]]


@pytest.mark.parametrize("app", FOUND)
def test_mcporter_finds_the_file_and_asks(somebody: GetPerson, app: str) -> None:
    person = somebody()
    person.does("connect", "shop", "--client", app)
    assert names(person.app("mcporter", *ASK)) == ["Ada", "Grace"]


@pytest.mark.parametrize("app", SHOWN)
def test_mcporter_reads_the_file_and_asks(somebody: GetPerson, app: str) -> None:
    person = somebody()
    file = str(person.home / "servers.json")
    person.does("connect", "shop", "--client", app, "--path", file)
    assert names(person.app("mcporter", "--config", file, *ASK)) == ["Ada", "Grace"]


@pytest.mark.parametrize(("app", "way"), AT_ADDRESSES, ids=map("-".join, AT_ADDRESSES))
def test_mcporter_asks_at_the_address_with_the_token_in_the_file(
    somebody: GetPerson, app: str, way: Transport
) -> None:
    person = somebody(way)
    person.does("connect", "shop", "--client", app, "--transport", way, "--allow-token")
    assert names(person.app("mcporter", *ASK)) == ["Ada", "Grace"]


def test_mcporter_is_not_let_in_without_the_token(somebody: GetPerson, fresh: Served) -> None:
    person = somebody(at=fresh)
    person.does("connect", "shop", "--client", "cursor", "--transport", "http")
    assert "ServerError" in person.app("mcporter", *ASK)


# What only reads its own file without a login


@pytest.mark.parametrize(("way", "kind"), [("stdio", "local"), ("http", "http"), ("sse", "sse")])
def test_copilot_takes_its_entry(somebody: GetPerson, way: Transport, kind: str) -> None:
    person = somebody(way)
    person.does("connect", "shop", "--client", "copilot-cli", "--transport", way, "--allow-token")
    entry = json.loads(person.app("copilot", "mcp", "list", "--json"))["mcpServers"]["shop"]
    assert (entry["type"], entry["tools"], entry["enabled"]) == (kind, ["*"], True)


@pytest.mark.parametrize(
    ("way", "kind"), [("stdio", "stdio"), ("http", "streamableHttp"), ("sse", "sse")]
)
def test_cline_takes_its_entry(somebody: GetPerson, way: Transport, kind: str) -> None:
    person = somebody(way)
    written = person.does(
        "connect", "shop", "--client", "cline", "--transport", way, "--allow-token"
    )
    (entry,) = json.loads(person.app("cline", "config", "mcp", "--json"))
    assert entry == {"name": "shop", "transportType": kind, "disabled": False,
                     "path": written["path"]}  # fmt: skip
