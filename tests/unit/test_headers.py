"""``trunkline-stdio --headers``: what an app gets that asks us for its headers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import MemoryKeyring
from trunkline_server import relay
from trunkline_server.profiles import secrets

TOKEN = "kEy-0123456789_abcdefghijklmnopqrstuvwxyz"


def test_it_prints_the_token_of_the_profile(
    home: Path, memory_keyring: MemoryKeyring, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets.put("sales", TOKEN, "token")
    assert relay.main(["--headers", "sales"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out) == {"Authorization": f"Bearer {TOKEN}"}
    assert printed.err == ""


def test_without_a_token_it_says_so_on_the_other_stream(
    home: Path, memory_keyring: MemoryKeyring, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets.put("sales", "a password", "password")
    assert relay.main(["--headers", "sales"]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "no access token" in printed.err


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--help"]])
def test_a_wrong_call_is_told_how(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert relay.main(["--headers", *arguments]) == 2
    assert capfd.readouterr().err == "usage: trunkline-stdio --headers PROFILE\n"


def test_it_loads_the_keyring_only_to_ask_it() -> None:
    code = "import trunkline_server.headers as h; h.main([]); import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"keyring", "trunkline_server.profiles.secrets", "typing", "dataclasses"}
