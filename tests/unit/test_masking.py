"""No secret of another server is in a shown change, and what is ours can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from trunkline_server.clients import apps, plan, tokens, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.masking import spans
from trunkline_server.clients.masking.spans import Layout
from trunkline_server.profiles.profile import Profile

SHOP = Profile(id="shop", name="Shop")
NOTED = "// one of theirs\n"


def shown(text: str, form: str, table: str = "mcpServers") -> str:
    """Return a settings file with the secrets hidden; ``shop`` is ours."""
    layout = Layout(format=form, table=(table,), names=frozenset({"shop"}))
    where = (0, len(text))
    return spans.hidden(text, spans.in_settings(text, layout, where, is_whole=True, is_line=True))


# One case after the other: "S" and a digit is a secret


@pytest.mark.parametrize(
    "text",
    [
        '{"PASSWORD": "SECRET6"}',
        '{"args": ["--api-key", "S1", "--port", "80"]}',
        '{"args": ["--api-key=S1", "--pat=S2", "--verbose"]}',
        '{"args": ["-e", "ANY=S1", "--header", "X-Any: S2", "--env=ANY=S3"]}',
        '{"args": ["--header", "Authorization: Bearer S1"]}',
        '{"command": "npx it --token S1 --x API_KEY=S2"}',
        '{"GH_PAT": "S1", "A_PASS": "S2", "pw": "S3", "pin": 12345}'.replace("12345", '"S4"'),
        '{"env": {"PLAIN": "S1", "A": {"B": "S2"}}, "headers": {"X-Any": "S3"}}',
        '{"environment": {"A": "S1"}, "envs": {"A": "S2"}, "http_headers": {"A": "S3"}}',
        '{"requestInit": {"headers": {"A": "S1"}}}',
        '{"tokens": ["S1", "S2"], "credentials": {"user": "S3"}}',
        '{"any": "sk-S1abcdef", "b": "sk-ant-S2abc", "c": "rk_live_S3", "d": "ghp_S4abc"}',
        '{"any": "github_pat_S1", "b": "xoxb-S2", "c": "AKIAS3ABCDEF", "d": "glpat-S4"}',
        '{"any": "eyJhbGciOi.S1.S2", "b": "hf_S3abcdef", "c": "AIzaS4abcdefgh"}',
        '{"url": "https://ann:S1@host/x", "dsn": "S2"}',
        '{"url": "postgresql://ann:p@S1@host/x"}',
        '{"url": "https://host/mcp?api_key=S1&any=2"}',
        '{"url": "https://S1S1S1S1S1S1S1S1@host/"}',
        '{"p\\u0061ssword": "S1"}',
    ],
)
def test_in_json(text: str) -> None:
    assert "S" not in shown(text, "json").replace("PASSWORD", "").replace("PASS", "")
    json.loads(shown(text, "json"))


@pytest.mark.parametrize(
    "text",
    [
        '// "env": {"A_TOKEN": "S1"}\n{}',
        '{/* password: S1 */ "a": 1, // api_key = S2\n}',
        '{"env": { // theirs\n "A": "S1", /* and */ "B": "S2" } }',
        '{"password": /* here */ "S1"}',
    ],
)
def test_in_json_with_comments(text: str) -> None:
    assert "S" not in shown(text, "jsonc")


@pytest.mark.parametrize(
    "text",
    [
        'api_key = \'S1\'\npassword = """\nS2\nS3"""\n',
        '[mcp_servers.a]\nargs = [\n  "--api-key",  # that\n  "S1",\n]\n',
        '[mcp_servers.a]\nenv = { A = "S1", "B" = \'S2\' }\nenv.C = "S3"\n',
        "[mcp_servers.a.env]\nA = \"S1\"\n\n[mcp_servers.\"b.c\".\"env\"]\nB = '''S2'''\n",
        '[mcp_servers]\na = { http_headers = { X = "S1" }, bearer_token = "S2" }\n',
        '[mcp_servers.a]\nurl = "https://ann:S1@host" # password: S2\n',
        "[[providers]]\nname = 'a'\nsecret = 'S1'\n",
    ],
)
def test_in_toml(text: str) -> None:
    assert "S" not in shown(text, "toml", "mcp_servers")


@pytest.mark.parametrize(
    "text",
    [
        "A_PASS: 'S1'\npw: \"S2\"\nGH_PAT: S3\npassword: S4 S5\n",
        "api_key: >-\n  S1\n  S2\n\n  S3\nb: 1\n",
        "api_key:\n  S1\nb: |\n  token: S2\n",
        "a:\n  envs: {A: S1, 'B': \"S2\", C: [S3]}\n",
        "a:\n  env:\n    A: S1\n    B: &x S2\n    C: |\n      S3\n",
        "a:\n  args: [--token, S1]\n",
        "a:\n  args:\n  - --token\n  - S1\n",
        "a:\n  args:\n    - --token\n    - S1 # password: S2\n",
        "a:\n  - name: x\n    headers:\n      A: S1\n    env: {\n      B: S2,\n    }\n",
        "password: 'S1\n  S2'\nsecret: S3\n  S4\n",
        "url: https://ann:S1@host/x\n",
        "- - password: S1\n  - - token: S2\n",
        "a: {password: S1, b: sk-S2abcdef}\n",
        "a:\r\n  env:\r\n    A: S1\r\n    B: S2\r\n",
    ],
)
def test_in_yaml(text: str) -> None:
    hidden = shown(text, "yaml")
    assert "S" not in hidden.replace("PASS", "")
    assert hidden.count("\n") == text.count("\n")
    yaml.safe_load(hidden)


@pytest.mark.parametrize(
    "text",
    [
        '{"max_tokens": 100000000, "token_count": 3, "theme": "dark", "is_secret": true}',
        '{"API_KEY": "${input:github-key}", "headers": {"Authorization": "Bearer ${GH_TOKEN}"}}',
        '{"env": {"A": "${env:HOME}", "ON": true}, "token_file": "/home/ada/token"}',
        '{"bearer_token_env_var": "GH_TOKEN", "password_command": "pass show x"}',
        '{"args": ["-y", "@scope/mcp-server", "--port", "8080"], "url": "http://127.0.0.1:1/mcp"}',
        '{"inputs": [{"type": "promptString", "id": "trunkline-shop", "password": true}]}',
        '{"command": "/opt/monkey", "passthrough": "on", "author": "Ada", "path": "/compat"}',
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert shown(text, "json") == text


@pytest.mark.parametrize("app", [app for app in apps.ALL.values() if plan.can_edit(app)])
def test_of_our_own_entry_all_is_shown(app: App) -> None:
    text = plan.fresh(app, SHOP)
    layout = Layout(format=app.format, table=app.table, names=frozenset({"shop"}))
    assert spans.in_settings(text, layout, (0, len(text)), is_whole=True, is_line=True) == []


def test_of_our_own_entry_only_the_token_is_hidden() -> None:
    entry = '{"url": "http://h/mcp", "headers": {"Authorization": "Bearer S1", "X": "y"}}'
    text = f'{{"mcpServers": {{"shop": {entry}, "a": {entry}}}}}'
    ours = entry.replace("S1", "•••")
    assert shown(text, "json") == (
        f'{{"mcpServers": {{"shop": {ours}, "a": {ours.replace(chr(34) + "y", chr(34) + "•••")}}}}}'
    )


def test_an_entry_of_the_same_name_elsewhere_is_not_ours() -> None:
    text = '{"projects": {"mcpServers": {"shop": {"env": {"A": "S1"}}}}}'
    assert "S1" not in shown(text, "json")


def test_words_of_an_app_are_hidden_as_well() -> None:
    said = "401 for https://ann:pw@h, key sk-ant-abcdef, password=hunter2hunter2, token: refused"
    assert tokens.hidden(said) == (
        "401 for https://ann:•••@h, key •••, password=•••, token: refused"
    )


# Whole files, as people have them: what is planted is never shown


secret = st.from_regex(r"\AQ[0-9]{2,12}Z\Z")
plain = st.sampled_from(["npx", "/usr/bin/it", "http://127.0.0.1:1/mcp", "dark", "a b", ""])
PLACES: tuple[Callable[[str], dict[str, Any]], ...] = (
    lambda s: {"env": {"ANY": s}},
    lambda s: {"environment": {"A": "x", "B": s}},
    lambda s: {"envs": {"A": s, "B": s}},
    lambda s: {"headers": {"X-Any": s, "Authorization": f"Bearer {s}"}},
    lambda s: {"args": ["--api-key", s, "--last"]},
    lambda s: {"args": [f"--token={s}", "x"]},
    lambda s: {"args": ["-e", f"ANY={s}", "--header", f"X: {s}"]},
    lambda s: {"url": f"https://ann:{s}@host/mcp"},
    lambda s: {"GH_PAT": s, "A_PASS": s},
    lambda s: {"password": s},
    lambda s: {"value": f"sk-{s}abcdef", "other": f"ghp_{s}"},
    lambda s: {"tokens": [s, s], "nested": {"api_key": s}},
    lambda s: {"secret": f"{s}\n{s}\n"},
)
server = st.tuples(st.sampled_from(PLACES), secret, plain, st.booleans()).map(
    lambda t: {"command": t[2], **t[0](t[1])} if t[3] else {**t[0](t[1]), "timeout": 30}
)
servers = st.lists(server, min_size=1, max_size=3)


def as_json(document: Any, style: int) -> str:
    return json.dumps(document, indent=(None, 2, "\t")[style])


def with_notes(document: Any, style: int) -> str:
    return as_json(document, style or 1).replace('"', f'{NOTED}"', 1)


def as_yaml(document: Any, style: int) -> str:
    return yaml.safe_dump(
        document,
        sort_keys=False,
        default_flow_style=(False, None, False)[style],
        default_style=(None, None, '"')[style],
        width=30,
    )


def as_toml(document: Any, style: int) -> str:
    """Return tables under headers, and what is in an entry in one of three ways."""
    lines = [f"{key} = {inline(value)}" for key, value in document.items() if key != "mcp_servers"]
    for name, entry in document["mcp_servers"].items():
        flat = [(k, v) for k, v in entry.items() if style == 0 or not isinstance(v, dict)]
        lines += ["", f"[mcp_servers.{name}]", *(f"{k} = {inline(v)}" for k, v in flat)]
        deep = [(k, v) for k, v in entry.items() if (k, v) not in flat]
        if style == 1:
            lines += [f"{k}.{n} = {inline(v)}" for k, inner in deep for n, v in inner.items()]
        for key, inner in deep if style == 2 else ():
            lines += [f"[mcp_servers.{name}.{key}]"]
            lines += [f"{n} = {inline(v)}" for n, v in inner.items()]
    return "\n".join(lines) + "\n"


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


WRITTEN: tuple[tuple[str, Callable[[Any, int], str]], ...] = (
    ("cursor", as_json),
    ("gemini-cli", with_notes),
    ("zed", with_notes),
    ("codex", as_toml),
    ("goose", as_yaml),
    ("continue", as_yaml),
)


def settings_of(app: App, entries: list[Any], padding: int) -> Any:
    """Return a document with these servers, the last of them named ``z``."""
    named = {chr(ord("z") - place): entry for place, entry in enumerate(entries[::-1])}
    named = dict(sorted(named.items()))
    table: Any = named
    if app.format == "yaml-list":
        table = [{"name": name, **entry} for name, entry in named.items()]
    far = {"history": ["said once"] * padding} if padding else {}
    return {**far, app.table[0]: table}


@contextmanager
def written(app: App, text: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_HOME", str(Path(folder) / "home"))
        path = Path(folder) / "settings"
        path.write_bytes(text.encode())
        yield path


@pytest.mark.parametrize(("app_id", "write"), WRITTEN)
@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    servers,
    st.tuples(st.integers(0, 2), st.sampled_from([0, 3_000]), st.sampled_from(["\n", "\r\n"])),
)
def test_no_planted_secret_is_in_the_change(
    app_id: str,
    write: Callable[[Any, int], str],
    entries: list[Any],
    how: tuple[int, int, str],
) -> None:
    app, (style, padding, end) = apps.ALL[app_id], how
    text = write(settings_of(app, entries, padding), style).replace("\n", end)
    with written(app, text) as path:
        connected = plan.connect(app, SHOP, path=path)
        writer.apply(connected)
        for change in (connected, plan.disconnect(app, SHOP, path=path)):
            assert "trunkline-stdio" in change.diff
            assert not [line for line in change.diff.splitlines() if planted(line)]


def planted(line: str) -> bool:
    return any(f"Q{digit}" in line for digit in range(10))


@pytest.mark.parametrize("beside", [10, 16_000, 40_000])
@pytest.mark.parametrize(
    ("app_id", "start", "end"),
    [
        ("cursor", '{"mcpServers": {"a": {"env": {', "}}}}"),
        ("cursor", '{\n"mcpServers": {\n"a": {\n"env": {\n', "\n}\n}\n}\n}"),
    ],
)
def test_variables_that_are_opened_far_above_are_hidden(
    app_id: str, start: str, end: str, beside: int
) -> None:
    app = apps.ALL[app_id]
    between = ",\n" if "\n" in start else ", "
    variables = between.join(f'"N{n}": "Q{n}Z"' for n in range(beside // 20))
    with written(app, f"{start}{variables}{end}") as path:
        diff = plan.connect(app, SHOP, path=path).diff
        assert "trunkline-stdio" in diff
        assert not planted(diff)
