"""What a person gets to paste, open or run says exactly what ``connect`` would write."""

from __future__ import annotations

import ast
import base64
import io
import json
import shlex
import stat
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import trunkline_server
from tests.fakes import MemoryKeyring
from trunkline_server import subjects
from trunkline_server.clients import apps, entries, plan, writer
from trunkline_server.clients.exports import bundle, docker, offers, python, standard
from trunkline_server.clients.target import Command, Target
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.serving.app import TOOLS

TOKEN = "kEy-0123456789_abcdefghijklmnopqrstuvwxyz="
SALES = Profile(id="sales", name="Verkäufe “Süd”", http_port=8765)
KNOWN = {app.id: app for app in (*apps.KNOWN, *apps.BY_HAND.values(), standard.ANY)}
PROGRAMS = {
    "linux": '/home/Jürgen Müller/100% ~~~~ `sure` & "it\'s" #1/trunkline-stdio',
    "darwin": "/Users/Jürgen Müller/Application Support/+?/trunkline-stdio",
    "win32": r"C:\Users\Jürgen Müller\Trunk line\trunkline-stdio.exe",
}
WAYS = [
    (app.id, way)
    for app in KNOWN.values()
    for way in app.transports
    if app.table and (app.bearer_by != "file" or way == "stdio")
]
FORMED = [(app_id, way, form) for app_id, way in WAYS for form in offers.forms(KNOWN[app_id])]


@pytest.fixture(autouse=True)
def keys(home: Path, memory_keyring: MemoryKeyring) -> MemoryKeyring:
    secrets.put(SALES.id, TOKEN, "token")
    return memory_keyring


def target(transport: Transport, platform: str, bearer: str = "") -> Target:
    """Return where an entry leads on a computer with an awkward name."""
    environment = (("TRUNKLINE_HOME", "/home/Jürgen Müller/50%"),)
    command = Command(program=PROGRAMS[platform], arguments=("sales",), environment=environment)
    is_address = transport != "stdio"
    return Target(
        name="sales",
        transport=transport,
        command=command,
        url="http://127.0.0.1:8765/mcp" if is_address else "",
        bearer=bearer if is_address else "",
        platform=platform,
        description="Größe & mehr: 100 %, ~~~",
        inputs=(entries.question(SALES),) if is_address and "input" in bearer else (),
    )


def failure(app_id: str, form: Any, transport: Transport = "stdio", **options: Any) -> Any:
    with pytest.raises(TrunklineError) as caught:
        offers.content(KNOWN[app_id], SALES, form, transport=transport, **options)
    return caught.value.failure


# Links, decoded the way each app does it


def named(link: str) -> tuple[str, Any]:
    fields = parse_qs(urlsplit(link).query, strict_parsing=True)
    # Some decode the base64 as Latin-1: nothing in it may depend on that.
    return fields["name"][0], json.loads(base64.b64decode(fields["config"][0]).decode("ascii"))


def whole(link: str) -> tuple[str, Any]:
    document = json.loads(unquote(unquote(link.partition("?")[2])))  # twice, as it does
    return document.pop("name"), document


def listed(link: str) -> tuple[str, Any]:
    (packed,) = parse_qs(urlsplit(link).query)["servers"]
    ((name, entry),) = json.loads(base64.b64decode(packed))["mcpServers"].items()
    return name, entry


STARTS = {
    "cursor": ("cursor://anysphere.cursor-deeplink/mcp/install?name=sales&config=", named),
    "lm-studio": ("lmstudio://add_mcp?name=sales&config=", named),
    "vscode": ("vscode:mcp/install?%7B", whole),
    "vscode-insiders": ("vscode-insiders:mcp/install?%7B", whole),
    "vscodium": ("vscodium:mcp/install?%7B", whole),
    "cherry-studio": ("cherrystudio://mcp/install?servers=", listed),
}
LINKED = [(app_id, way) for app_id in STARTS for way in KNOWN[app_id].transports]


@pytest.mark.parametrize("platform", PROGRAMS)
@pytest.mark.parametrize(("app_id", "way"), LINKED)
def test_a_link_says_what_the_file_would(app_id: str, way: Transport, platform: str) -> None:
    app, (start, decoded) = KNOWN[app_id], STARTS[app_id]
    asked = app.bearer_by == "input"
    wanted = target(way, platform, "Bearer ${input:trunkline-sales}" if asked else "Bearer %20+")
    assert app.link is not None
    link = app.link(wanted, app.entry(wanted))
    assert link.startswith(start)
    assert link.isascii()
    assert not set(link) & set(" +\"'<>`")
    inputs = {"inputs": list(wanted.inputs)} if wanted.inputs else {}
    assert decoded(link) == ("sales", app.entry(wanted) | inputs)


def test_a_plus_in_base64_survives() -> None:
    wanted = target("stdio", "linux")
    assert "+" in base64.b64encode(json.dumps({"x": ">>>~~~"}).encode()).decode()
    app = KNOWN["cursor"]
    assert app.link is not None
    link = app.link(wanted, {"x": ">>>~~~"})
    assert "%2B" in link
    assert named(link) == ("sales", {"x": ">>>~~~"})


def test_goose_gets_the_address_and_the_header() -> None:
    link = offers.content(
        KNOWN["goose"], replace(SALES, description="Größe & mehr"), "link", transport="http",
        may_write_token=True,
    )  # fmt: skip
    assert link.startswith("goose://extension?")
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True)
    header, value = fields.pop("header")[0].split("=")  # as it does: a token may end in one
    assert (header, unquote(value)) == ("Authorization", f"Bearer {TOKEN}")
    assert {name: value for name, (value,) in fields.items()} == {
        "url": "http://127.0.0.1:8765/mcp", "type": "streamable_http", "id": "sales",
        "name": "sales", "description": "Größe & mehr", "timeout": "300",
    }  # fmt: skip


def test_a_question_goes_along_with_its_link() -> None:
    _, document = whole(offers.content(KNOWN["vscode"], SALES, "link", transport="http"))
    (question,) = document["inputs"]
    assert document["headers"]["Authorization"] == f"Bearer ${{input:{question['id']}}}"
    assert question["password"] is True


# Commands


def test_a_command_is_quoted_for_the_shell_of_linux_and_macos() -> None:
    for platform in ("linux", "darwin"):
        wanted = target("stdio", platform)
        line = Command(program="claude", arguments=tuple(words("claude-code", wanted)[1:]))
        read = shlex.split(line.line(platform))
        assert read == words("claude-code", wanted)
        assert read[-2:] == [PROGRAMS[platform], "sales"]


def test_a_command_is_quoted_for_the_command_prompt_of_windows() -> None:
    said = words("vscode", replace(target("stdio", "win32"), command=Command(
        program=PROGRAMS["win32"], arguments=("sales",))))  # fmt: skip
    line = Command(program=said[0], arguments=tuple(said[1:])).line("win32")
    assert line == (
        'code --add-mcp "{\\"name\\":\\"sales\\",\\"type\\":\\"stdio\\",\\"command\\":'
        '\\"C:\\\\Users\\\\J\\u00fcrgen M\\u00fcller\\\\Trunk line\\\\trunkline-stdio.exe\\",'
        '\\"args\\":[\\"sales\\"]}"'
    )


def words(app_id: str, wanted: Target) -> list[str]:
    app = KNOWN[app_id]
    assert app.command is not None
    return app.command(wanted, app.entry(wanted))


def test_commands_without_a_word_for_it_say_so() -> None:
    assert "Codex has no word" in failure("codex", "command", "http").title
    assert "TRUNKLINE_HOME" in failure("cline", "command").title


# Texts


@pytest.mark.parametrize(("app_id", "way"), WAYS)
def test_a_text_is_the_file_that_connect_writes(
    app_id: str, way: Transport, tmp_path: Path
) -> None:
    app, file = KNOWN[app_id], tmp_path / "settings"
    text = offers.content(app, SALES, "text", transport=way, may_write_token=True)
    writer.apply(plan.connect(app, SALES, transport=way, path=file, may_write_token=True))
    assert text.encode() == file.read_bytes()


@pytest.mark.parametrize(("app_id", "way", "form"), FORMED)
def test_no_token_is_exported_unless_it_is_allowed(app_id: str, way: Transport, form: Any) -> None:
    try:
        text = offers.content(KNOWN[app_id], SALES, form, transport=way)
    except TrunklineError as exc:
        assert exc.code in {"client.token", "client.link", "client.command"}  # noqa: PT017
    else:
        said = STARTS[app_id][1](text) if form == "link" else text
        assert TOKEN not in str(said)


def test_a_file_that_is_kept_only_for_connected_apps_is_not_promised() -> None:
    said = failure("opencode", "text", "sse")
    assert said.code == "client.file"
    assert "trunkline connect sales --client opencode --transport sse" in said.hint


# Offers


def offered(app_id: str, transport: Transport = "stdio") -> list[str]:
    return [offer.kind for offer in offers.offers(KNOWN[app_id], SALES, transport)]


def test_everything_an_app_takes_is_offered_the_easiest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRUNKLINE_HOME")
    assert offered("vscode") == ["link", "command", "text"]
    assert offered("zed") == ["text"]
    assert offered("cline") == ["command", "text"]
    assert offered("cherry-studio") == ["link", "text"]
    assert offered("goose") == ["text"]
    assert offered("codex", "http") == ["text"]
    assert offered("lm-studio", "http") == []  # it would hold the token
    assert offered("chatgpt-web") == offered("chatgpt-web", "http") == []


def test_an_offer_has_a_label_and_its_content() -> None:
    link, _, text = offers.offers(KNOWN["vscode"], SALES)
    assert link.title == "Link that opens VS Code"
    assert text.title == "Settings of VS Code, as JSON"
    assert text.content == offers.content(KNOWN["vscode"], SALES, "text")
    assert offers.offers(KNOWN["codex"], SALES)[-1].title == "Settings of Codex, as TOML"


def test_an_app_without_a_link_says_what_it_has() -> None:
    assert failure("claude-code", "link").hint == "Take what it has: --as command or --as text."
    assert failure("zed", "command").code == "client.command"
    assert "npx and docker" in failure("goose", "link").title


def test_an_app_that_never_reaches_this_computer_says_so() -> None:
    said = failure("chatgpt-web", "text", "http")
    assert said.code == "client.by_hand"
    assert "--tls-cert" in said.hint


# Bundles


def files(platform: str, profile: Profile = SALES) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(bundle.bundle(profile, target("stdio", platform))))


@pytest.mark.parametrize("platform", PROGRAMS)
def test_a_bundle_starts_the_installed_program(platform: str) -> None:
    manifest = json.loads(files(platform).read("manifest.json"))
    assert manifest["server"]["mcp_config"] == {
        "command": PROGRAMS[platform],
        "args": ["sales"],
        "env": {"TRUNKLINE_HOME": "/home/Jürgen Müller/50%"},
    }
    assert manifest["compatibility"]["platforms"] == [platform]
    assert manifest["version"] == trunkline_server.__version__


def test_a_bundle_has_a_program_of_its_own_that_may_be_run() -> None:
    packed = files("linux")
    entry = json.loads(packed.read("manifest.json"))["server"]["entry_point"]
    mode = packed.getinfo(entry).external_attr >> 16
    assert stat.S_IMODE(mode) == 0o755
    assert shlex.split(packed.read(entry).decode().splitlines()[1]) == [
        "exec", "env", "TRUNKLINE_HOME=/home/Jürgen Müller/50%", PROGRAMS["linux"], "sales",
    ]  # fmt: skip


def test_a_bundle_for_windows_starts_it_by_its_path() -> None:
    lines = bundle.launcher(target("stdio", "win32")).split("\r\n")
    assert lines[1:] == [
        '@set "TRUNKLINE_HOME=/home/Jürgen Müller/50%%"',
        r'@"C:\Users\Jürgen Müller\Trunk line\trunkline-stdio.exe" sales',
        "",
    ]


def test_a_bundle_lists_the_tools_of_the_server() -> None:
    names = {tool.name for tool in TOOLS}
    assert names == bundle.TOOLS.keys() | bundle.TOOLS_FOR_ADMINISTRATORS.keys()
    assert {tool.name for tool in TOOLS if tool.group == "dba"} == set(
        bundle.TOOLS_FOR_ADMINISTRATORS
    )
    for profile in (SALES, replace(SALES, tools=("dba",))):
        manifest = json.loads(files("linux", profile).read("manifest.json"))
        has_all = {tool["name"] for tool in manifest["tools"]} == names
        assert has_all == bool(profile.tools)


def test_a_bundle_is_the_same_every_time() -> None:
    one, other = (bundle.bundle(SALES, target("stdio", "linux")) for _ in range(2))
    assert one == other


# Containers


def started(line: str) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the variables, docker's other words, and those of the server of a line."""
    said = shlex.split(line, comments=True)
    at = said.index(docker.IMAGE)
    before, server = said[2:at], said[at + 1 :]
    pairs = [value for word, value in pairwise(before) if word == "--env"]
    given = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    rest = [word for word in before if word not in (*pairs, "--env")]
    return given | {pair: "" for pair in pairs if "=" not in pair}, rest, server


CONTAINED = Profile(
    id="sales", name="Sales", host="db.example.com", port=5433, database="Größe 'n' \"mehr\"",
    user="ada o'hara", sslmode="verify-full", fallback_hosts=("[::2]:5432", "b.example.com:5434"),
    target_session_attrs="read-only", schemas=("public",), hidden=("public.pay",), tools=("dba",),
    max_rows=7, statement_timeout=2.5, description="What's sold; $HOME", http_port=9000,
)  # fmt: skip


def test_a_container_gets_the_same_database() -> None:
    given, _, _ = started(docker.line(CONTAINED, "http", "linux"))
    read = subjects.from_surroundings(given, Path(), lambda _: None).profile
    for name in ("addresses", "database", "user", "sslmode", "target_session_attrs"):
        assert getattr(read, name) == getattr(CONTAINED, name)


def test_a_container_gets_its_secrets_by_name_and_opens_one_local_port() -> None:
    line = docker.line(CONTAINED, "sse", "linux")
    given, rest, server = started(line)
    assert (given["PGPASSWORD"], given["TRUNKLINE_TOKEN"]) == ("", "")
    assert rest == ["--rm", "--publish", "127.0.0.1:9000:9000"]
    assert server[:5] == ["run", "--transport", "sse", "--port", "9000"]
    assert server[-2:] == ["--description", "What's sold; $HOME"]
    assert "TRUNKLINE_TOKEN" in line.splitlines()[1]


def test_a_container_for_stdio_opens_no_port() -> None:
    given, rest, server = started(docker.line(SALES, "stdio", "linux"))
    assert rest[:2] == ["--rm", "--interactive"]
    assert "--publish" not in rest
    assert (server, "TRUNKLINE_TOKEN" in given) == (["run"], False)


def test_a_container_reaches_this_computer_by_another_name() -> None:
    given, rest, _ = started(docker.line(SALES, "http", "linux"))
    assert given["PGHOST"] == "host.docker.internal"
    assert "host.docker.internal:host-gateway" in rest


def test_a_container_gets_the_socket_and_the_certificates() -> None:
    profile = replace(SALES, host="/run/my sockets", sslrootcert="/home/me/ca.crt")
    given, rest, _ = started(docker.line(profile, "http", "linux"))
    assert (given["PGHOST"], given["PGSSLROOTCERT"]) == ("/run/my sockets", "/tls/root.crt")
    assert "/run/my sockets:/run/my sockets" in rest
    assert "/home/me/ca.crt:/tls/root.crt:ro" in rest


def test_what_a_container_does_not_get_is_said() -> None:
    assert "stay behind" in docker.line(replace(SALES, notes=("a.b: c",)), "http", "linux")
    assert "stay behind" not in docker.line(SALES, "http", "linux")


@pytest.mark.parametrize("change", [{"sample": True}, {"ssh_host": "b"}, {"host": "@abstract"}])
def test_what_a_container_cannot_reach_is_said(change: dict[str, Any]) -> None:
    with pytest.raises(TrunklineError) as caught:
        docker.line(replace(SALES, **change), "http", "linux")
    assert caught.value.code == "client.docker"


def test_the_line_for_windows_has_its_comments_and_quotes() -> None:
    *notes, line = docker.line(CONTAINED, "http", "win32").splitlines()
    assert all(note.startswith("REM ") for note in notes)
    assert "PowerShell" in notes[0]
    assert '"PGUSER=ada o\'hara"' in line


@pytest.mark.parametrize("name", ["two\nlines", "tab\tbed"])
def test_a_name_that_cannot_be_typed_on_windows_is_said(name: str) -> None:
    profile = replace(SALES, database=name)
    with pytest.raises(TrunklineError) as caught:
        docker.line(profile, "http", "win32")
    assert caught.value.code == "client.docker"
    assert started(docker.line(profile, "http", "linux"))[0]["PGDATABASE"] == name


# Programs


@pytest.mark.parametrize("platform", PROGRAMS)
@pytest.mark.parametrize("way", ["stdio", "http", "sse"])
def test_a_program_holds_the_very_same_words(way: Transport, platform: str) -> None:
    text = python.snippet(target(way, platform), "Verkäufe\n“Süd”", "TRUNKLINE_TOKEN_SALES")
    nodes = ast.walk(ast.parse(text))
    said = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert (PROGRAMS[platform] if way == "stdio" else "http://127.0.0.1:8765/mcp") in said
    assert ("TRUNKLINE_TOKEN_SALES" in said) == (way != "stdio")
