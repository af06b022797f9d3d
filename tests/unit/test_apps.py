"""Every AI app on every system: where its file is, what is written there, how it is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trunkline_server.clients import apps
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Command, Target
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import TRANSPORTS, Transport

KNOWN = {app.id: app for app in (*apps.KNOWN, *apps.BY_HAND.values())}
EDITED = [app.id for app in apps.KNOWN]
SYSTEMS = ("linux", "darwin", "win32")
MAC = "Library/Application Support"
WIN = "AppData/Roaming"


def on(platform: str, home: Path, **environment: str) -> Computer:
    """Return a computer with nothing but a home folder."""
    return Computer(
        platform=platform, home=home, environment=environment, programs=home / "Applications"
    )


# Where: below the home folder, without any variable set

EVERYWHERE = {
    "claude-code": ".claude.json",
    "cursor": ".cursor/mcp.json",
    "windsurf": ".codeium/windsurf/mcp_config.json",
    "gemini-cli": ".gemini/settings.json",
    "codex": ".codex/config.toml",
    "opencode": ".config/opencode/opencode.json",
    "copilot-cli": ".copilot/mcp-config.json",
    "lm-studio": ".lmstudio/mcp.json",
    "cline": ".cline/data/settings/cline_mcp_settings.json",
    "continue": ".continue/config.yaml",
    "kiro": ".kiro/settings/mcp.json",
    "junie": ".junie/mcp/mcp.json",
    "warp": ".warp/.mcp.json",
    "visual-studio": ".mcp.json",
    "qwen-code": ".qwen/settings.json",
    "amp": ".config/amp/settings.json",
    "antigravity": ".gemini/antigravity/mcp_config.json",
}
BY_SYSTEM = {
    "claude-desktop": (
        ".config/Claude/claude_desktop_config.json",
        f"{MAC}/Claude/claude_desktop_config.json",
        f"{WIN}/Claude/claude_desktop_config.json",
    ),
    "vscode": (
        ".config/Code/User/mcp.json",
        f"{MAC}/Code/User/mcp.json",
        f"{WIN}/Code/User/mcp.json",
    ),
    "vscode-insiders": (
        ".config/Code - Insiders/User/mcp.json",
        f"{MAC}/Code - Insiders/User/mcp.json",
        f"{WIN}/Code - Insiders/User/mcp.json",
    ),
    "vscodium": (
        ".config/VSCodium/User/mcp.json",
        f"{MAC}/VSCodium/User/mcp.json",
        f"{WIN}/VSCodium/User/mcp.json",
    ),
    "zed": (
        ".config/zed/settings.json",
        ".config/zed/settings.json",
        f"{WIN}/Zed/settings.json",
    ),
    "goose": (
        ".config/goose/config.yaml",
        ".config/goose/config.yaml",
        f"{WIN}/Block/goose/config/config.yaml",
    ),
    "jan": (
        ".local/share/Jan/data/mcp_config.json",
        f"{MAC}/Jan/data/mcp_config.json",
        f"{WIN}/Jan/data/mcp_config.json",
    ),
}
PLACES = {app_id: (place,) * 3 for app_id, place in EVERYWHERE.items()} | BY_SYSTEM


@pytest.mark.parametrize("platform", SYSTEMS)
@pytest.mark.parametrize("app_id", EDITED)
def test_the_file_is_where_the_app_looks(app_id: str, platform: str, tmp_path: Path) -> None:
    home = tmp_path / "Jürgen Müller"
    expected = PLACES[app_id][SYSTEMS.index(platform)]
    assert KNOWN[app_id].path(on(platform, home)) == home / expected


@pytest.mark.parametrize(
    ("app_id", "variable", "expected"),
    [
        ("claude-desktop", "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
        ("claude-code", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("vscode", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("vscode", "VSCODE_PORTABLE", "user-data/User/mcp.json"),
        ("zed", "XDG_CONFIG_HOME", "zed/settings.json"),
        ("gemini-cli", "GEMINI_CLI_HOME", ".gemini/settings.json"),
        ("codex", "CODEX_HOME", "config.toml"),
        ("opencode", "XDG_CONFIG_HOME", "opencode/opencode.json"),
        ("opencode", "OPENCODE_CONFIG_DIR", "opencode.json"),
        ("opencode", "OPENCODE_CONFIG", ""),
        ("copilot-cli", "COPILOT_HOME", "mcp-config.json"),
        ("cline", "CLINE_DIR", "data/settings/cline_mcp_settings.json"),
        ("cline", "CLINE_MCP_SETTINGS_PATH", ""),
        ("continue", "CONTINUE_GLOBAL_DIR", "config.yaml"),
        ("goose", "XDG_CONFIG_HOME", "goose/config.yaml"),
        ("jan", "XDG_DATA_HOME", "Jan/data/mcp_config.json"),
    ],
)
def test_a_variable_moves_it(app_id: str, variable: str, expected: str, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    computer = on("linux", tmp_path / "home", **{variable: str(moved)})
    assert KNOWN[app_id].path(computer) == moved / expected


@pytest.mark.parametrize("platform", SYSTEMS)
def test_a_relative_folder_in_a_variable_does_not_count(platform: str, tmp_path: Path) -> None:
    computer = on(platform, tmp_path, CODEX_HOME="codex", CLAUDE_CONFIG_DIR="")
    assert KNOWN["codex"].path(computer) == tmp_path / ".codex/config.toml"
    assert KNOWN["claude-code"].path(computer) == tmp_path / ".claude.json"


def made(file: Path, content: str = "{}") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def test_each_profile_of_vs_code_has_a_file(tmp_path: Path) -> None:
    user = tmp_path / ".config/Code/User"
    (user / "profiles" / "-4c1a").mkdir(parents=True)
    assert KNOWN["vscode"].paths(on("linux", tmp_path)) == (
        user / "mcp.json",
        user / "profiles/-4c1a/mcp.json",
    )


@pytest.mark.parametrize(
    ("app_id", "sandbox"),
    [
        ("vscode", ".var/app/com.visualstudio.code/config/Code/User/mcp.json"),
        ("zed", ".var/app/dev.zed.Zed/config/zed/settings.json"),
    ],
)
def test_in_flatpak_alone_it_is_there(app_id: str, sandbox: str, tmp_path: Path) -> None:
    file = made(tmp_path / sandbox)
    assert KNOWN[app_id].path(on("linux", tmp_path)) == file
    assert KNOWN[app_id].is_installed(on("linux", tmp_path))


def test_opencode_keeps_the_file_with_comments(tmp_path: Path) -> None:
    file = made(tmp_path / ".config/opencode/opencode.jsonc")
    assert KNOWN["opencode"].path(on("darwin", tmp_path)) == file


@pytest.mark.parametrize("editor", ["Code", "Cursor"])
def test_an_older_cline_has_its_file_inside_the_editor(editor: str, tmp_path: Path) -> None:
    storage = f"{MAC}/{editor}/User/globalStorage/saoudrizwan.claude-dev/settings"
    older = made(tmp_path / storage / "cline_mcp_settings.json")
    computer = on("darwin", tmp_path)
    assert KNOWN["cline"].path(computer) == older
    now = made(tmp_path / ".cline/data/settings/cline_mcp_settings.json")
    assert KNOWN["cline"].paths(computer) == (now, older)


def test_an_older_lm_studio_has_its_old_folder(tmp_path: Path) -> None:
    (tmp_path / ".cache/lm-studio").mkdir(parents=True)
    assert KNOWN["lm-studio"].path(on("linux", tmp_path)) == tmp_path / ".cache/lm-studio/mcp.json"


@pytest.mark.parametrize("content", ["{", "[]", '{"data_folder": 7}', '{"data_folder": "data"}'])
def test_jan_with_strange_settings_keeps_its_usual_folder(content: str, tmp_path: Path) -> None:
    made(tmp_path / MAC / "Jan/settings.json", content)
    usual = tmp_path / MAC / "Jan/data/mcp_config.json"
    assert KNOWN["jan"].path(on("darwin", tmp_path)) == usual


def test_jan_says_where_its_data_are(tmp_path: Path) -> None:
    moved = tmp_path / "Große Platte"
    made(tmp_path / WIN / "Jan/settings.json", f'{{"data_folder": "{moved}"}}')
    assert KNOWN["jan"].path(on("win32", tmp_path)) == moved / "mcp_config.json"


# Whether: noticed by its folder, its program, its bundle or its installation

WINDOWS_ONLY = {"visual-studio"}


@pytest.mark.parametrize("platform", SYSTEMS)
@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_on_an_empty_computer_nothing_is_installed(
    app_id: str, platform: str, tmp_path: Path
) -> None:
    assert not KNOWN[app_id].is_installed(on(platform, tmp_path))


@pytest.mark.parametrize("platform", SYSTEMS)
@pytest.mark.parametrize("app_id", [i for i in EDITED if i not in WINDOWS_ONLY])
def test_with_its_file_it_is_installed(app_id: str, platform: str, tmp_path: Path) -> None:
    computer = on(platform, tmp_path)
    made(KNOWN[app_id].path(computer))
    assert KNOWN[app_id].is_installed(computer)


@pytest.mark.parametrize(
    ("app_id", "program"),
    [
        ("claude-desktop", "claude-desktop"),
        ("claude-code", "claude"),
        ("cursor", "cursor"),
        ("vscode", "code"),
        ("vscode-insiders", "code-insiders"),
        ("vscodium", "codium"),
        ("windsurf", "windsurf"),
        ("zed", "zeditor"),
        ("gemini-cli", "gemini"),
        ("codex", "codex"),
        ("opencode", "opencode"),
        ("copilot-cli", "copilot"),
        ("lm-studio", "lms"),
        ("cline", "cline"),
        ("continue", "cn"),
        ("goose", "goose"),
        ("kiro", "kiro-cli"),
        ("junie", "junie"),
        ("warp", "warp-terminal"),
        ("qwen-code", "qwen"),
        ("amp", "amp"),
        ("antigravity", "antigravity"),
        ("jan", "jan"),
    ],
)
def test_with_its_program_on_the_path_it_is_installed(
    app_id: str, program: str, tmp_path: Path
) -> None:
    made(tmp_path / "bin" / program).chmod(0o755)
    assert KNOWN[app_id].is_installed(on("linux", tmp_path, PATH=str(tmp_path / "bin")))


@pytest.mark.parametrize(
    ("app_id", "bundle"),
    [
        ("claude-desktop", "Claude"),
        ("cursor", "Cursor"),
        ("vscode", "Visual Studio Code"),
        ("vscode-insiders", "Visual Studio Code - Insiders"),
        ("vscodium", "VSCodium"),
        ("windsurf", "Windsurf"),
        ("zed", "Zed"),
        ("codex", "Codex"),
        ("lm-studio", "LM Studio"),
        ("goose", "Goose"),
        ("kiro", "Kiro"),
        ("warp", "Warp"),
        ("antigravity", "Antigravity"),
        ("jan", "Jan"),
        ("cherry-studio", "Cherry Studio"),
    ],
)
def test_with_its_bundle_on_a_mac_it_is_installed(app_id: str, bundle: str, tmp_path: Path) -> None:
    (tmp_path / "Applications" / f"{bundle}.app").mkdir(parents=True)
    assert KNOWN[app_id].is_installed(on("darwin", tmp_path))
    assert not KNOWN[app_id].is_installed(on("linux", tmp_path))


@pytest.mark.parametrize(
    ("app_id", "folder"),
    [
        ("claude-desktop", "AnthropicClaude"),
        ("claude-desktop", "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming"),
        ("cursor", "Programs/cursor"),
        ("vscode", "Programs/Microsoft VS Code"),
        ("vscode-insiders", "Programs/Microsoft VS Code Insiders"),
        ("vscodium", "Programs/VSCodium"),
        ("codex", "Packages/OpenAI.Codex_2p2nqsd0c76g0"),
        ("visual-studio", "Microsoft/VisualStudio/17.0_ab12cd34"),
        ("jan", "Programs/Jan"),
    ],
)
def test_with_its_folder_on_windows_it_is_installed(
    app_id: str, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "AppData/Local" / folder).mkdir(parents=True)
    assert KNOWN[app_id].is_installed(on("win32", tmp_path))
    assert not KNOWN[app_id].is_installed(on("linux", tmp_path))


def test_antigravity_alone_is_not_gemini(tmp_path: Path) -> None:
    made(tmp_path / ".gemini/antigravity/mcp_config.json")
    assert not KNOWN["gemini-cli"].is_installed(on("linux", tmp_path))


# What: exactly, for each transport

EXE = "C:\\Users\\Jürgen Müller\\AppData\\Local\\Programs\\Trunkline\\trunkline-stdio.exe"
HELP = f'"{EXE}" --headers sales'
URL = "http://127.0.0.1:8765/mcp"
ENV = {"TRUNKLINE_HOME": "D:\\Daten"}
PLAIN = {"command": EXE, "args": ["sales"], "env": ENV}
AUTH = {"headers": {"Authorization": "Bearer WORDS"}}
REMOTE = {"type": "remote", "url": URL, **AUTH, "enabled": True}


def extension(kind: str, **middle: Any) -> dict[str, Any]:
    return {
        "name": "sales",
        "type": kind,
        **middle,
        "env_keys": [],
        "enabled": True,
        "timeout": 300,
        "description": "What was sold",
        "bundled": None,
    }


STDIO = {
    "claude-desktop": PLAIN,
    "claude-code": {"type": "stdio", **PLAIN},
    "cursor": PLAIN,
    "vscode": {"type": "stdio", **PLAIN},
    "vscode-insiders": {"type": "stdio", **PLAIN},
    "vscodium": {"type": "stdio", **PLAIN},
    "windsurf": PLAIN,
    "zed": {"source": "custom", **PLAIN},
    "gemini-cli": PLAIN,
    "codex": PLAIN,
    "opencode": {
        "type": "local",
        "command": [EXE, "sales"],
        "environment": ENV,
        "enabled": True,
    },
    "copilot-cli": {"type": "local", **PLAIN, "tools": ["*"]},
    "lm-studio": PLAIN,
    "cline": {**PLAIN, "disabled": False},
    "continue": {"name": "sales", **PLAIN},
    "goose": extension("stdio", cmd=EXE, args=["sales"], envs=ENV),
    "kiro": {**PLAIN, "disabled": False},
    "junie": PLAIN,
    "warp": {**PLAIN, "working_directory": "C:\\Users\\Jürgen Müller"},
    "visual-studio": {"type": "stdio", **PLAIN},
    "qwen-code": PLAIN,
    "amp": PLAIN,
    "antigravity": PLAIN,
    "jan": {**PLAIN, "active": True},
    "cherry-studio": {"type": "stdio", **PLAIN},
    "jetbrains-ai": PLAIN,
}
HTTP = {
    "claude-code": {"type": "http", "url": URL, "headersHelper": HELP},
    "cursor": {"url": URL, **AUTH},
    "vscode": {"type": "http", "url": URL, **AUTH},
    "vscode-insiders": {"type": "http", "url": URL, **AUTH},
    "vscodium": {"type": "http", "url": URL, **AUTH},
    "windsurf": {"serverUrl": URL, **AUTH},
    "zed": {"url": URL, **AUTH},
    "gemini-cli": {"httpUrl": URL, **AUTH},
    "codex": {"url": URL, "http_headers_helper": HELP},
    "opencode": REMOTE,
    "copilot-cli": {"type": "http", "url": URL, **AUTH, "tools": ["*"]},
    "lm-studio": {"url": URL, **AUTH},
    "cline": {"type": "streamableHttp", "url": URL, **AUTH, "disabled": False},
    "continue": {"name": "sales", "type": "streamable-http", "url": URL, "requestOptions": AUTH},
    "goose": extension("streamable_http", uri=URL, **AUTH, envs={}),
    "kiro": {"url": URL, **AUTH, "disabled": False},
    "junie": {"url": URL, **AUTH},
    "warp": {"url": URL, **AUTH},
    "visual-studio": {"type": "http", "url": URL, **AUTH},
    "qwen-code": {"httpUrl": URL, **AUTH},
    "amp": {"url": URL, **AUTH},
    "antigravity": {"serverUrl": URL, **AUTH},
    "jan": {"type": "http", "url": URL, **AUTH, "active": True},
    "cherry-studio": {"type": "streamableHttp", "url": URL, **AUTH},
    "jetbrains-ai": {"url": URL, **AUTH},
    "chatgpt-web": {"url": URL, **AUTH},
}
SSE = {
    "claude-code": {"type": "sse", "url": URL, "headersHelper": HELP},
    "cursor": {"url": URL, **AUTH},
    "vscode": {"type": "sse", "url": URL, **AUTH},
    "vscode-insiders": {"type": "sse", "url": URL, **AUTH},
    "vscodium": {"type": "sse", "url": URL, **AUTH},
    "windsurf": {"serverUrl": URL, **AUTH},
    "gemini-cli": {"url": URL, "type": "sse", **AUTH},
    "opencode": REMOTE,
    "copilot-cli": {"type": "sse", "url": URL, **AUTH, "tools": ["*"]},
    "lm-studio": {"url": URL, **AUTH},
    "cline": {"type": "sse", "url": URL, **AUTH, "disabled": False},
    "continue": {"name": "sales", "type": "sse", "url": URL, "requestOptions": AUTH},
    "kiro": {"url": URL, **AUTH, "disabled": False},
    "warp": {"url": URL, **AUTH},
    "visual-studio": {"type": "sse", "url": URL, **AUTH},
    "qwen-code": {"url": URL, **AUTH},
    "antigravity": {"serverUrl": URL, **AUTH},
    "jan": {"type": "sse", "url": URL, **AUTH, "active": True},
    "cherry-studio": {"type": "sse", "url": URL, **AUTH},
    "jetbrains-ai": {"url": URL, **AUTH},
    "chatgpt-web": {"url": URL, **AUTH},
}
ENTRIES: dict[Transport, dict[str, dict[str, Any]]] = {"stdio": STDIO, "http": HTTP, "sse": SSE}


def target(transport: Transport, app: App, platform: str = "win32") -> Target:
    headers = ("--headers", "sales")
    is_helped = transport != "stdio" and app.bearer_by == "helper"
    return Target(
        name="sales",
        transport=transport,
        command=Command(
            program=EXE,
            arguments=headers if is_helped else ("sales",),
            environment=() if is_helped else tuple(ENV.items()),
        ),
        url=URL,
        bearer="" if is_helped else "Bearer WORDS",
        platform=platform,
        home="C:\\Users\\Jürgen Müller",
        description="What was sold",
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_the_entry_is_in_the_words_of_the_app(app_id: str, transport: Transport) -> None:
    app = KNOWN[app_id]
    if expected := ENTRIES[transport].get(app_id):
        entry = app.entry(target(transport, app))
        assert entry == expected
        assert list(entry) == list(expected)
    else:
        with pytest.raises(TrunklineError) as caught:
            app.entry(target(transport, app))
        assert caught.value.code == "client.transport"


@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_the_transports_of_an_app_are_those_it_has_words_for(app_id: str) -> None:
    expected = tuple(t for t in TRANSPORTS if app_id in ENTRIES[t])
    assert KNOWN[app_id].transports == expected


def test_on_linux_codex_lets_the_session_bus_through() -> None:
    codex = KNOWN["codex"]
    assert codex.entry(target("stdio", codex, "linux"))["env_vars"] == [
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
    ]


@pytest.mark.parametrize(
    ("platform", "program", "line"),
    [
        ("linux", "/opt/trunkline/trunkline-stdio", "/opt/trunkline/trunkline-stdio --headers x"),
        ("darwin", "/Users/Zoë B/t", "'/Users/Zoë B/t' --headers x"),
        ("linux", "/home/o'hara/t", "'/home/o'\"'\"'hara/t' --headers x"),
        ("win32", "C:\\Zoë B\\t.exe", '"C:\\Zoë B\\t.exe" --headers x'),
        ("win32", "C:\\t.exe", "C:\\t.exe --headers x"),
    ],
)
def test_a_command_line_is_quoted_for_its_shell(platform: str, program: str, line: str) -> None:
    assert Command(program=program, arguments=("--headers", "x")).line(platform) == line


# Who: what an app calls itself

GREETINGS = {
    "claude-ai": "claude-desktop",
    "claude-code": "claude-code",
    "cursor-vscode": "cursor",
    "Visual Studio Code": "vscode",
    "Visual-Studio-Code": "vscode",
    "Visual Studio Code - Insiders": "vscode-insiders",
    "VSCodium": "vscodium",
    "windsurf-client": "windsurf",
    "Zed": "zed",
    "gemini-cli-mcp-client": "gemini-cli",
    "gemini-cli-mcp-client-sales": "gemini-cli",
    "codex-mcp-client": "codex",
    "opencode": "opencode",
    "github-copilot-developer": "copilot-cli",
    "LM Studio": "lm-studio",
    "lmstudio-mcp-bridge": "lm-studio",
    "Cline": "cline",
    "continue-client": "continue",
    "goose": "goose",
    "Kiro": "kiro",
    "Kiro CLI": "kiro",
    "qwen-cli-mcp-client-sales": "qwen-code",
    "amp-mcp-client": "amp",
    "antigravity-client": "antigravity",
    "Jan": "jan",
    "Jan Streamable Client": "jan",
    "openai-mcp": "chatgpt-web",
}


@pytest.mark.parametrize("client", sorted(GREETINGS))
def test_a_greeting_is_one_app_s(client: str) -> None:
    assert [app.id for app in KNOWN.values() if app.is_called(client)] == [GREETINGS[client]]


# "mcp-test-client" are Gemini CLI and Qwen Code when they only look whether a server is there.
@pytest.mark.parametrize(
    "client", ["", "mcp", "claude", "inspector", "visual", "Zedd", "mcp-test-client"]
)
def test_a_greeting_of_a_stranger_is_no_app_s(client: str) -> None:
    assert [app.id for app in KNOWN.values() if app.is_called(client)] == []


# All of them


def test_ids_names_and_monograms_are_unique() -> None:
    for word in ("id", "name", "monogram"):
        assert len({getattr(app, word) for app in KNOWN.values()}) == len(KNOWN)


@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_what_to_do_next_is_one_sentence(app_id: str) -> None:
    app = KNOWN[app_id]
    assert app.afterwards.endswith(".")
    assert "!" not in app.afterwards
    assert len(app.monogram) == 2


@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_an_app_that_holds_the_token_itself_says_so(app_id: str) -> None:
    app = KNOWN[app_id]
    if app.bearer_by in {"text", "variable", "input"}:
        assert app.warning()
    assert bool(app.bearer_words) == (app.bearer_by in {"variable", "input", "file"})


def test_apps_with_stores_of_their_own_are_never_edited() -> None:
    for app in apps.BY_HAND.values():
        assert (app.paths(), app.id in apps.ALL) == ((), False)
        assert app.by_hand.endswith(".")
