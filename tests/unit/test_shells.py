"""A line that a person pastes is the very same words for the program, whatever a name has in it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit import command_prompt
from trunkline_server.clients import apps, entries, shells
from trunkline_server.clients.exports import docker
from trunkline_server.clients.target import Command, Target
from trunkline_server.profiles.profile import Profile

some = settings(max_examples=400, deadline=None, derandomize=True)
AWKWARD = st.text(st.sampled_from("ab/=-.:;,'\"\\&|<>^()%!$ `{}[]ü"), max_size=12)
NAMES = AWKWARD | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
SALES = Profile(id="sales", name="Sales", http_port=8765)


def reads(line: str) -> list[list[str]]:
    """Return the words that a program may get: a program itself, or one behind a batch file."""
    once = command_prompt.typed(line)
    twice = command_prompt.again(once)
    return [command_prompt.arguments(left, is_newer=n) for left in (once, twice) for n in (0, 1)]


@some
@given(words=st.lists(NAMES, max_size=4))
@example(words=['a"b & c', "R&D", "x"])
@example(words=["100% of %PATH%", "%PATH%"])
@example(words=["", 'a\\"', "a b\\", "\\\\", '"', "(x86)"])
def test_each_word_survives_the_command_prompt(words: list[str]) -> None:
    line = shells.line(["docker", *words], "win32")
    assert reads(line) == [["docker", *words]] * 4


@some
@given(words=st.lists(NAMES, max_size=4))
def test_each_word_survives_a_posix_shell(words: list[str]) -> None:
    assert shlex.split(shells.line(["docker", *words], "linux")) == ["docker", *words]


@pytest.mark.parametrize(
    "line",
    ["docker r&d", 'code "{\\"a\\":\\"R&D\\"}"', "docker 50%PATH%", "docker (x86)", 'x "%PATH%"'],
)
def test_the_model_sees_what_the_command_prompt_would_take(line: str) -> None:
    try:
        read = command_prompt.typed(line)
    except ValueError:
        return
    assert read != line


@pytest.mark.skipif(sys.platform != "win32", reason="the Command Prompt is on Windows only")
@pytest.mark.parametrize(
    "words", [["R&D", 'a"b & c', "x"], ["%PATH%", "100 % of %PATH%"], ["", "a b\\", "^(x)|<y>!"]]
)
def test_the_real_command_prompt_hands_on_the_words(words: list[str]) -> None:
    program = [sys.executable, "-c", "import json,sys;print(json.dumps(sys.argv[1:]))"]
    line = shells.line([*program, *words], "win32")
    said = subprocess.run(f'cmd /d /s /c "{line}"', capture_output=True, check=True)
    assert json.loads(said.stdout) == words


# What is copied


@some
@given(database=NAMES.filter(bool), user=NAMES.filter(bool), description=NAMES)
@example(database="R&D", user="a", description='“x” & "y"')
def test_a_container_gets_the_names_whole(database: str, user: str, description: str) -> None:
    profile = replace(SALES, database=database, user=user, description=description)
    for way in ("stdio", "http"):
        *_, line = docker.line(profile, way, "win32").splitlines()  # type: ignore[arg-type]
        for words in reads(line):
            assert {f"PGDATABASE={database}", f"PGUSER={user}"} <= set(words)
            if told := " ".join(description.split()):
                assert words[-2:] == ["--description", told]


@pytest.mark.parametrize("app_id", [app.id for app in apps.KNOWN if app.command])
@some
@given(name=NAMES.filter(bool), folder=st.sampled_from(["R&D", "a b", "50% off", "J. (x86)", "ü"]))
@example(name="R&D", folder="^&")
def test_an_app_s_own_command_gets_its_words_whole(app_id: str, name: str, folder: str) -> None:
    app = apps.ALL[app_id]
    assert app.command is not None
    program = rf"C:\Users\{folder}\trunkline-stdio.exe"
    for way in app.transports:
        by_helper = way != "stdio" and app.bearer_by == "helper"
        target = Target(
            name="sales",
            transport=way,
            command=Command(program=program, arguments=("sales",)),
            url="http://127.0.0.1:8765/mcp",
            bearer="" if way == "stdio" or by_helper else "Bearer ${X}",
            platform="win32",
            inputs=(entries.question(replace(SALES, name=name)),),
        )
        if (app_id, way) == ("codex", "http"):
            continue  # its command has no word for it
        words = app.command(target, app.entry(target))
        line = Command(program=words[0], arguments=tuple(words[1:])).line("win32")
        assert reads(line) == [words] * 4


def test_a_name_in_json_is_the_same_name() -> None:
    app = apps.ALL["vscode"]
    assert app.command is not None
    target = Target(name="sales", transport="stdio", command=Command(program="x", arguments=()),
                    inputs=({"description": "R&D (50 %) ^ <x> | !"},))  # fmt: skip
    said = app.command(target, app.entry(target))[-1]
    assert json.loads(said)["inputs"] == list(target.inputs)
    assert not set(said) & set("&|<>^()%!")
