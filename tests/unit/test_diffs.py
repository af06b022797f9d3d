"""What a person is shown of a change before it is made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline_server.clients import diffs

FILE = Path("settings.json")
lines = st.lists(st.sampled_from(["", "a", "b", "é\u2028", "x" * 30]), max_size=12)


def text(content: list[str], end: str) -> bytes:
    return "".join(f"{number} {line}{end}" for number, line in enumerate(content)).encode()


def patched(lines: list[str], diff: str) -> list[str]:
    """Return the lines after what a diff tells, hunk by hunk, from the last to the first."""
    hunks = re.split(r"^@@ -(\d+)(?:,(\d+))? .* @@\n", diff, flags=re.MULTILINE)[1:]
    for first, count, body in reversed(list(zip(*[iter(hunks)] * 3, strict=True))):
        shown = body.removesuffix("\n").split("\n")
        here = int(first) - (count != "0")
        there = here + int(count or 1)
        assert lines[here:there] == [line[1:] for line in shown if line[0] != "+"]
        lines = lines[:here] + [line[1:] for line in shown if line[0] != "-"] + lines[there:]
    return lines


@settings(max_examples=100, deadline=None)
@given(lines, lines, lines, lines, st.sampled_from(["\n", "\r\n"]))
def test_it_leads_from_one_file_to_the_other(
    head: list[str], old: list[str], new: list[str], tail: list[str], end: str
) -> None:
    before, after = (text(head * 50 + middle + tail * 50, end) for middle in (old, new))
    was, now = (document.decode().split(end)[:-1] for document in (before, after))
    assert patched(was, diffs.unified(FILE, before, after)) == now


def test_of_a_very_long_line_only_what_is_near_the_change_is_shown() -> None:
    start, end = '{"a": "' + "é" * 9_000 + '", ', ', "z": "' + "é" * 9_000 + '"}'
    before, after = (f'{start}"m": {{{middle}}}{end}'.encode() for middle in ("", '"b": 1'))
    shown = diffs.unified(FILE, before, after)
    assert '"m": {"b": 1}, "z"' in shown
    assert "\ufffd" not in shown
    assert len(shown) < 1_000


@pytest.mark.parametrize("between", range(60, 170))
def test_of_a_token_in_a_very_long_line_nothing_is_shown(between: int) -> None:
    """Wherever the part that is shown starts and ends."""
    token = "Secret_" * 5
    beside = f'"t": "Bearer {token}", "p": "{"," * (between - 50)}"'
    start, end = '{"a": "' + "é" * 9_000 + f'", {beside}, ', f', {beside}, "z": "{"é" * 9_000}"}}'
    before, after = (f'{start}"m": {{{middle}}}{end}'.encode() for middle in ("", '"b": 1'))
    shown = diffs.unified(FILE, before, after)
    assert '"m": {"b": 1}' in shown
    assert "ecret_" not in shown


def test_lines_are_counted_from_the_start_of_the_file() -> None:
    before = b"line\n" * 100_000
    shown = diffs.unified(FILE, before, before + b"new\n")
    assert "@@ -99998,3 +99998,4 @@\n line\n line\n line\n+new" in shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('"env": {"GITHUB_TOKEN": "ghp_abc123def456"}', '"env": {"GITHUB_TOKEN": "•••"}'),
        ("OPENAI_API_KEY: sk-abc123def456", "OPENAI_API_KEY: •••"),
        ("client_secret = 'abc123def456'", "client_secret = '•••'"),
        ('"Authorization": "Bearer abc123def456ghi7"', '"Authorization": "Bearer •••"'),
        ('"args": ["postgresql://ann:pw@db/shop"]', '"args": ["postgresql://ann:•••@db/shop"]'),
        ('"password": true', '"password": true'),
        ('"API_KEY": "${input:github-key}"', '"API_KEY": "${input:github-key}"'),
        ('"url": "http://127.0.0.1:8765/mcp"', '"url": "http://127.0.0.1:8765/mcp"'),
        ("max_tokens = 100000000", "max_tokens = 100000000"),
    ],
)
def test_secrets_beside_the_change_are_not_shown(line: str, shown: str) -> None:
    before = f"{line}\n".encode()
    assert diffs.unified(FILE, before, before + b"more\n").splitlines()[3] == f" {shown}"
