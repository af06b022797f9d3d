"""Every AI app on every system: where its file is, what is written there, how it is noticed."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.clients import apps, plan
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Command, Target
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import TRANSPORTS, Profile, Transport

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


@pytest.mark.parametrize("name", ["opencode.jsonc", "config.json"])
def test_opencode_keeps_the_file_that_is_there(name: str, tmp_path: Path) -> None:
    file = made(tmp_path / ".config/opencode" / name)
    assert KNOWN["opencode"].path(on("darwin", tmp_path)) == file
    newer = made(tmp_path / ".config/opencode/opencode.json")
    assert KNOWN["opencode"].files(on("darwin", tmp_path)) == (newer, file)


@pytest.mark.skipif(sys.platform == "win32", reason="links are made by administrators there")
@pytest.mark.parametrize(
    ("app_id", "program"),
    [("vscode", "code"), ("vscode-insiders", "code-insiders"), ("vscodium", "codium")],
)
def test_a_portable_vs_code_keeps_its_file_beside_itself(
    app_id: str, program: str, tmp_path: Path
) -> None:
    install = tmp_path / "a stick/editor"
    made(install / "bin" / program).chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).symlink_to(install / "bin" / program)
    computer = on("linux", tmp_path, PATH=str(tmp_path / "bin"))
    assert KNOWN[app_id].path(computer) == tmp_path / PLACES[app_id][0]  # it is no portable one
    (install / "data/user-data").mkdir(parents=True)
    file = install / "data/user-data/User/mcp.json"
    assert KNOWN[app_id].path(computer) == file
    # Its own terminal says so, and another edition is not meant.
    told = on("linux", tmp_path / "home", VSCODE_PORTABLE=str(install / "data"))
    at = [key for key in ("vscode", "vscode-insiders", "vscodium") if KNOWN[key].path(told) == file]
    assert at == [app_id]


def test_a_portable_vs_code_on_a_mac_has_its_folder_beside_it(tmp_path: Path) -> None:
    data = tmp_path / "Applications/code-insiders-portable-data"
    (data / "user-data").mkdir(parents=True)
    file = data / "user-data/User/mcp.json"
    assert KNOWN["vscode-insiders"].path(on("darwin", tmp_path)) == file
    assert KNOWN["vscode"].path(on("darwin", tmp_path)) != file
    told = on("darwin", tmp_path / "home", VSCODE_PORTABLE=str(data))
    assert KNOWN["vscode-insiders"].path(told) == file


@pytest.mark.parametrize(
    ("app_id", "folder"),
    [
        ("vscode", ".vscode-server"),
        ("vscode-insiders", ".vscode-server-insiders"),
        ("vscodium", ".vscodium-server"),
    ],
)
def test_where_vs_code_works_from_afar_its_file_is_there(
    app_id: str, folder: str, tmp_path: Path
) -> None:
    (tmp_path / folder).mkdir()
    computer = on("linux", tmp_path)
    assert KNOWN[app_id].path(computer) == tmp_path / folder / "data/User/mcp.json"
    assert KNOWN[app_id].is_installed(computer)
    here = made(tmp_path / PLACES[app_id][0])
    assert KNOWN[app_id].path(computer) == here


@pytest.mark.parametrize("editor", ["Code", "Cursor"])
def test_an_older_cline_has_its_file_inside_the_editor(editor: str, tmp_path: Path) -> None:
    storage = f"{MAC}/{editor}/User/globalStorage/saoudrizwan.claude-dev/settings"
    older = made(tmp_path / storage / "cline_mcp_settings.json")
    computer = on("darwin", tmp_path)
    assert KNOWN["cline"].path(computer) == older
    now = made(tmp_path / ".cline/data/settings/cline_mcp_settings.json")
    assert KNOWN["cline"].paths(computer) == (now, older)


def test_an_older_cline_of_a_sandbox_has_its_file_there(tmp_path: Path) -> None:
    user = tmp_path / ".var/app/com.visualstudio.code/config/Code/User"
    storage = user / "globalStorage/saoudrizwan.claude-dev/settings"
    older = made(storage / "cline_mcp_settings.json")
    assert KNOWN["cline"].path(on("linux", tmp_path)) == older


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


@pytest.mark.parametrize(
    ("identifier", "is_there"),
    [("com.openai.codex", True), ("com.openai.chat", False), ("", False)],
)
def test_of_two_chatgpt_apps_one_has_codex(identifier: str, is_there: bool, tmp_path: Path) -> None:
    bundle = tmp_path / "Applications/ChatGPT.app"
    assert not KNOWN["codex"].is_installed(on("darwin", tmp_path))
    made(bundle / "Contents/Info.plist", "<broken>")
    assert not KNOWN["codex"].is_installed(on("darwin", tmp_path))
    facts = {"CFBundleIdentifier": identifier} if identifier else {}
    (bundle / "Contents/Info.plist").write_bytes(plistlib.dumps(facts))
    assert KNOWN["codex"].is_installed(on("darwin", tmp_path)) == is_there


# https://github.com/pressly/goose and https://openzfs.github.io/openzfs-docs/man/8/zed.8.html
@pytest.mark.parametrize(("app_id", "program"), [("goose", "goose"), ("zed", "zed")])
def test_another_program_of_that_name_is_not_the_app(
    app_id: str, program: str, tmp_path: Path
) -> None:
    made(tmp_path / "bin" / program).chmod(0o755)
    assert not KNOWN[app_id].is_installed(on("linux", tmp_path, PATH=str(tmp_path / "bin")))


def test_zed_is_noticed_where_its_installer_puts_it(tmp_path: Path) -> None:
    (tmp_path / ".local/zed.app").mkdir(parents=True)
    assert KNOWN["zed"].is_installed(on("linux", tmp_path))


def test_antigravity_alone_is_not_gemini(tmp_path: Path) -> None:
    made(tmp_path / ".gemini/antigravity/mcp_config.json")
    assert not KNOWN["gemini-cli"].is_installed(on("linux", tmp_path))


# How: format, table, and what stands for a token

FORMATS = {
    "json": """claude-desktop claude-code cursor windsurf lm-studio cline kiro junie warp
        visual-studio amp antigravity jan cherry-studio jetbrains-ai chatgpt-web""",
    "json+comments": "gemini-cli qwen-code",
    "jsonc": "vscode vscode-insiders vscodium zed opencode copilot-cli",
    "toml": "codex",
    "yaml": "goose",
    "yaml-list": "continue",
}
TABLES = {
    "vscode": "servers",
    "vscode-insiders": "servers",
    "vscodium": "servers",
    "visual-studio": "servers",
    "zed": "context_servers",
    "codex": "mcp_servers",
    "opencode": "mcp",
    "goose": "extensions",
    "amp": "amp.mcpServers",  # one key, with a dot in it
}
TOKENS = {
    "claude-code": "helper",
    "codex": "helper",
    "gemini-cli": "${%s}",
    "qwen-code": "${%s}",
    "opencode": "{file:%s}",
    "vscode": "${input:%s}",
    "vscode-insiders": "${input:%s}",
    "vscodium": "${input:%s}",
    "visual-studio": "${input:%s}",
    "cursor": "${env:%s}",
    "windsurf": "${env:%s}",
    "kiro": "${%s}",
    "continue": "${{ secrets.%s }}",
}


@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_the_settings_are_read_as_the_app_reads_them(app_id: str) -> None:
    app = KNOWN[app_id]
    assert app.format in [form for form, ids in FORMATS.items() if app_id in ids.split()]
    is_web = app_id == "chatgpt-web"
    assert app.table == (() if is_web else (TABLES.get(app_id, "mcpServers"),))


@pytest.mark.parametrize("app_id", sorted(KNOWN))
def test_a_token_is_where_the_app_looks_for_it(app_id: str) -> None:
    app = KNOWN[app_id]
    assert TOKENS.get(app_id, "text") == (app.bearer_words or app.bearer_by)


# What would keep such an app from starting, or would cost the person all its settings.
@pytest.mark.parametrize("app_id", [i for i in EDITED if KNOWN[i].format.startswith("json")])
def test_a_file_that_the_app_cannot_read_is_not_taken_for_sound(
    app_id: str, home: Path, tmp_path: Path
) -> None:
    app, sales = KNOWN[app_id], Profile(id="sales", name="Sales")
    for text, reading in (('{"a": 1,}', "jsonc"), ('{"a": 1 /* one */}', "json+comments, jsonc")):
        file = made(tmp_path / "settings", text)
        if app.format in reading.split(", "):
            plan.connect(app, sales, path=file)
            continue
        with pytest.raises(TrunklineError) as caught:
            plan.connect(app, sales, path=file)
        assert caught.value.code == "client.malformed"


def test_goose_knows_its_entries_by_small_letters(home: Path, tmp_path: Path) -> None:
    sales, file = Profile(id="sales", name="Sales"), tmp_path / "config.yaml"
    with pytest.raises(TrunklineError) as caught:
        plan.connect(KNOWN["goose"], sales, path=file, name="Sales")
    assert (caught.value.code, caught.value.failure.hint) == ("client.name", "Use sales.")
    assert plan.connect(KNOWN["goose"], sales, path=file, name="sales-2").is_needed
    assert plan.connect(KNOWN["cursor"], sales, path=file, name="Sales").is_needed


def test_continue_keeps_its_older_settings(home: Path, tmp_path: Path) -> None:
    app, sales = KNOWN["continue"], Profile(id="sales", name="Sales")
    older, file = made(tmp_path / "config.json"), tmp_path / "config.yaml"
    with pytest.raises(TrunklineError) as caught:
        plan.connect(app, sales, path=file)
    assert caught.value.code == "client.older"
    assert str(older) in caught.value.failure.title
    made(file, "name: My own\nversion: 1.0.0\nschema: v1\n")
    assert plan.connect(app, sales, path=file).is_needed  # it is this one that is read


def test_kiro_is_to_be_told_that_it_may_read_the_token() -> None:
    said = KNOWN["kiro"].warning("TRUNKLINE_TOKEN_SALES")
    assert "Approve TRUNKLINE_TOKEN_SALES in its setting “Mcp Approved Env Vars”" in said
    assert "Approve" not in KNOWN["cursor"].warning()


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
