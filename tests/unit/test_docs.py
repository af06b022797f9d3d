"""What the README promises exists: every verb, every command, every tool, every picture."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from trunkline_desktop import cli
from trunkline_server import cli as server_cli
from trunkline_server.clients import apps
from trunkline_server.clients.exports.kinds import FORMS, KINDS
from trunkline_server.serving import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SERVER = (ROOT / "server" / "README.md").read_text(encoding="utf-8")


def test_every_verb_is_in_the_readme(capsys: pytest.CaptureFixture[str]):
    with contextlib.suppress(SystemExit):
        cli.main(["--help"])
    verbs = set(re.findall(r"^    ([a-z]+)\b", capsys.readouterr().out, re.MULTILINE))
    assert {"add", "demo", "disconnect"} <= verbs
    assert {verb for verb in verbs if not re.search(rf"`(trunkline )?{verb}\b", README)} == set()


def test_every_tool_is_in_both_pages():
    for page in (README, SERVER):
        assert [tool.name for tool in app.TOOLS if f"`{tool.name}`" not in page] == []


def test_every_option_and_verb_of_the_server_is_in_its_page(capsys: pytest.CaptureFixture[str]):
    assert server_cli.main(["run", "--help"]) == 0
    options = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert server_cli.main(["--help"]) == 0
    verbs = set(re.findall(r"^    ([a-z-]+)\b", capsys.readouterr().out, re.MULTILINE))
    assert {"--jwt-issuer", "--workers"} <= options
    assert {"run", "token"} <= verbs
    assert {each for each in options if each not in SERVER} == set()
    assert {verb for verb in verbs if f"trunkline-server {verb}" not in SERVER} == set()


def test_every_kind_and_form_of_export_is_in_both_pages():
    row = next(line for line in README.splitlines() if line.startswith("| `trunkline export"))
    assert [word for word in (*KINDS, "link", "command") if word not in row] == []
    assert [kind for kind in KINDS if f"`--client {kind}" not in SERVER] == []
    assert [form for form in FORMS if f"--as {form}`" not in SERVER] == []


@pytest.mark.parametrize("form", ["link", "command"])
def test_every_app_with_a_link_or_a_command_is_in_the_page_of_the_server(form: str):
    (row,) = (line for line in SERVER.splitlines() if f"--as {form}`" in line)
    known = (*apps.ALL.values(), *apps.BY_HAND.values())
    names = [each.name for each in known if getattr(each, form)]
    assert [name for name in names if name.removesuffix(" Insiders") not in row] == []


def test_every_make_command_of_the_readme_exists():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= set(targets)


def test_every_picture_and_page_of_the_readme_exists():
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README)
    assert [link for link in links if not (ROOT / "".join(link)).exists()] == []
