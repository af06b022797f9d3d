"""``trunkline-server token`` as an administrator types it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trunkline_server import cli
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.serving.named_tokens import NamedTokens

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def sales(home: Path) -> Path:
    Store().save(Profile(id="sales", name="Sales EU", host="db.example.com"))
    return home / "config" / "tokens.json"


def said(capsys: Captured, *arguments: str, code: int = 0) -> str:
    """Run the verb and return what it said, on standard output or else standard error."""
    assert cli.main(["token", *arguments]) == code
    out, err = capsys.readouterr()
    return (out if code == 0 else err).strip()


def test_alone_it_makes_a_token_and_keeps_nothing(capsys: Captured, sales: Path):
    first, second = said(capsys), said(capsys)
    assert first != second
    assert len(first) == 43
    assert not sales.exists()


def test_add_prints_the_token_and_keeps_its_digest_only(capsys: Captured, sales: Path):
    token = said(capsys, "add", "ci")
    content = sales.read_text()
    assert token not in content
    assert json.loads(content)["tokens"][0]["sha256"] == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_the_list_is_for_this_user_only(capsys: Captured, sales: Path):
    said(capsys, "add", "ci")
    assert stat.S_IMODE(sales.stat().st_mode) == 0o600


def test_add_narrows_to_profiles_and_tools_and_days(capsys: Captured):
    told = json.loads(said(capsys, "add", "ci", "--profile", "Sales EU", "--tools",
                           "list_tables, execute_query", "--expires", "30", "--json"))  # fmt: skip
    assert told["profiles"] == ["sales"]
    assert told["tools"] == ["list_tables", "execute_query"]
    lasts = dt.datetime.fromisoformat(told["expires"]) - dt.datetime.fromisoformat(told["created"])
    assert lasts == dt.timedelta(days=30)
    assert len(told["token"]) == 43


def test_list_shows_names_and_never_what_a_token_is(capsys: Captured, sales: Path):
    token = said(capsys, "add", "ci", "--profile", "sales", "--expires", "1")
    words, as_json = said(capsys, "list"), said(capsys, "list", "--json")
    digest = json.loads(sales.read_text())["tokens"][0]["sha256"]
    assert words.splitlines()[0].split() == ["NAME", "DATABASES", "TOOLS", "CREATED", "EXPIRES"]
    assert words.splitlines()[1].startswith("ci    sales      all    20")
    assert json.loads(as_json)[0]["expired"] is False
    assert not [s for s in (token, digest) if s in words + as_json]


def test_list_says_how_to_begin(capsys: Captured):
    assert "token add NAME" in said(capsys, "list")
    assert json.loads(said(capsys, "list", "--json")) == []


def test_revoke_forgets(capsys: Captured):
    said(capsys, "add", "ci")
    said(capsys, "add", "anna")
    said(capsys, "revoke", "ci")
    assert [t.name for t in NamedTokens().load()] == ["anna"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("revoke", "ci"), 1, "There is no token “ci”. There are none; see: token add"),
        (("add", "a b"), 2, "A token's name is up to 64 letters"),
        (("add", "ci", "--profile", "Sails EU"), 1, "Did you mean “Sales EU”?"),
        (("add", "ci", "--tools", ","), 2, "--tools names no tool."),
        (("add", "ci", "--tools", "rm -rf"), 2, "“rm -rf” is not a tool's name."),
        (("add", "ci", "--expires", "0"), 2, "A token lasts more than 0 days."),
        (("add", "ci", "--expires", "nan"), 2, "A token lasts more than 0 days."),
        (("add",), 2, "required: NAME"),
        (("lose", "ci"), 2, "cannot be “lose”"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_ends_in_one_sentence(
    capsys: Captured, sales: Path, arguments: tuple[str, ...], code: int, words: str
):
    assert words in said(capsys, *arguments, code=code)
    assert not sales.exists()


def test_a_name_is_given_once(capsys: Captured):
    said(capsys, "add", "ci")
    assert "There is a token “ci” already." in said(capsys, "add", "ci", code=1)
    assert len(NamedTokens().load()) == 1


def test_a_list_that_is_broken_is_said_and_kept(capsys: Captured, sales: Path):
    sales.write_text("{broken")
    assert "not as Trunkline wrote it" in said(capsys, "add", "ci", code=1)
    assert sales.read_text() == "{broken"


def test_two_who_add_at_once_lose_nothing(home: Path):
    def add(number: int) -> None:
        NamedTokens().add(f"t{number}", f"token-{number}-0123456789", profiles=None, tools=None,
                          days=None)  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert {t.name for t in NamedTokens().load()} == {f"t{n}" for n in range(24)}


def test_the_verb_loads_no_server():
    code = "import sys, trunkline_server.cli as c; c.main(['token', 'list']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {"fastmcp", "mcp", "uvicorn", "jwt", "limits", "asyncpg", "keyring", "starlette"}
    assert "argparse" in loaded
    assert not loaded & heavy
