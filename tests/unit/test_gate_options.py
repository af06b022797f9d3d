"""The gate as the command line describes it."""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.server import certificates
from trunkline_server import cli
from trunkline_server.errors import TrunklineError
from trunkline_server.serving.gate import options
from trunkline_server.serving.gate.addresses import networks
from trunkline_server.serving.gate.bearer import Known, digest_of
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.named_tokens import NamedTokens

pytestmark = pytest.mark.usefixtures("home")

TOKEN = "a-token-for-the-tests"


def parsed(*arguments: str) -> argparse.Namespace:
    return cli._parser().parse_args(["run", "--transport", "http", *arguments])


def of(*arguments: str, kept: Mapping[str, str] | None = None) -> Rules:
    return options.of(parsed(*arguments), kept=lambda: kept or {}, tell=lambda _: None)


def code_of(*arguments: str) -> str:
    with pytest.raises(TrunklineError) as caught:
        of(*arguments)
    assert caught.value.failure.hint
    return caught.value.code


def names(rules: Rules) -> list[str]:
    return [token.caller.name for token in rules.tokens]


def test_without_options_there_is_a_token_and_a_limit_to_guessing():
    rules = of()
    assert names(rules) == ["this run"]
    assert (rules.failure_rate, rules.address_rate, rules.token_rate) == ("10/minute", "", "")
    assert (rules.sizes.header, rules.sizes.body, rules.sizes.header_s) == (16384, 1048576, 10.0)
    assert (rules.sizes.connections, rules.sizes.per_address) == (200, 200)


def test_a_token_made_for_the_run_is_told():
    told: list[str] = []
    rules = options.of(parsed(), kept=dict, tell=told.append)
    secret = told[0].rpartition(" ")[2]
    assert rules.tokens[0].digest == digest_of(secret)


def test_the_token_a_profile_keeps_opens_that_profile_only():
    rules = of(kept={"sales": TOKEN, "hr": TOKEN + "-hr"})
    assert [t.caller.profiles for t in rules.tokens] == [frozenset({"sales"}), frozenset({"hr"})]


def test_a_named_token_is_enough_and_no_other_is_made():
    NamedTokens().add("ci", TOKEN, profiles=None, tools=None, days=None)
    assert names(of()) == []


def test_the_token_of_the_environment_comes_before_the_kept_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRUNKLINE_TOKEN", TOKEN)
    assert names(of(kept={"sales": "another-kept-token"})) == ["environment"]


def test_a_token_file_comes_before_everything_and_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRUNKLINE_TOKEN", TOKEN)
    file = tmp_path / "tokens"
    file.write_text(TOKEN)
    rules = of("--token-file", str(file))
    assert (names(rules), rules.token_file) == ([], file)


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "token.short"), ("short", "token.short"), (f"a:{TOKEN}\nnonsense", "token.short"),
     (f"a:{TOKEN}\na:{TOKEN}2", "token.twice"), (f"a:{TOKEN}\nb:short", "token.short")],
)  # fmt: skip
def test_a_token_file_that_is_wrong_is_told_at_the_start(tmp_path: Path, content: str, code: str):
    file = tmp_path / "tokens"
    file.write_text(content)
    assert code_of("--token-file", str(file)) == code


def test_a_token_file_that_is_missing_is_told(tmp_path: Path):
    assert code_of("--token-file", str(tmp_path / "none")) == "token.file"


def test_signed_tokens_need_all_three(tmp_path: Path):
    assert code_of("--jwt-issuer", "https://login.example") == "usage.jwt"


def test_keys_are_fetched_encrypted_or_from_this_computer():
    rest = ("--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-jwks")
    assert code_of(*rest, "http://login.example/jwks") == "usage.jwks"
    assert of(*rest, "http://127.0.0.1:9/jwks").issuer
    assert of(*rest, "https://login.example/jwks").tokens == ()


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "oct"}]}', "[1]"])
def test_a_file_of_keys_without_any_is_told_at_the_start(tmp_path: Path, content: str):
    file = tmp_path / "jwks.json"
    file.write_text(content)
    rest = ("--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-jwks")
    assert code_of(*rest, str(file)) == "usage.jwks"


@pytest.mark.parametrize("option", ["--allow-ip", "--trusted-proxy"])
def test_a_network_that_is_none_is_named(option: str):
    with pytest.raises(TrunklineError, match="“everybody” is neither") as caught:
        of(option, "10.0.0.0/8,everybody")
    assert option in caught.value.failure.hint


@pytest.mark.parametrize(
    "rate", ["often", "0/minute", "5", "5/fortnight", "-1/minute", "1/minute;x"]
)
@pytest.mark.parametrize("option", ["--rate-limit", "--address-rate-limit"])
def test_a_rate_that_is_none_is_told(option: str, rate: str):
    assert code_of(f"{option}={rate}") == "usage.rate"


@pytest.mark.parametrize("url", ["mysql://x", "redis://:pass word@[", "redis://host:port"])
def test_a_store_that_is_none_is_told_without_its_password(url: str):
    with pytest.raises(TrunklineError) as caught:
        of("--rate-storage", url)
    assert caught.value.code == "usage.rate_storage"
    assert "pass" not in f"{caught.value.failure.as_json()}"


@pytest.mark.parametrize(
    "given", ["--max-body=0", "--max-header=10", "--max-connections=0", "--header-timeout=0",
              "--header-timeout=-1", "--header-timeout=nan"],
)  # fmt: skip
def test_sizes_nobody_could_live_with_are_told(given: str):
    assert code_of(given) == "usage.sizes"


def test_sizes_are_taken_as_given():
    sizes = of("--max-body=2048", "--max-header=4096", "--header-timeout=60",
               "--max-connections=7").sizes  # fmt: skip
    assert (sizes.body, sizes.header, sizes.header_s, sizes.connections) == (2048, 4096, 60.0, 7)
    assert sizes.body_s == 60.0


class TestBeyondThisComputer:
    """Where other computers can connect."""

    def test_it_must_be_encrypted_or_meant(self):
        with pytest.raises(TrunklineError) as caught:
            of("--host", "0.0.0.0")
        assert caught.value.code == "run.remote"
        hint = caught.value.failure.hint
        assert all(f in hint for f in ("--tls-cert", "--trusted-proxy", "--allow-remote"))

    def test_tls_will_do(self, tmp_path: Path):
        pair = certificates.make(tmp_path, "db.example")
        rules = of("--host", "0.0.0.0", "--tls-cert", str(pair.cert), "--tls-key", str(pair.key))
        assert rules.tls
        assert not rules.is_proxied_only

    def test_a_proxy_will_do_and_then_only_it_may_connect(self):
        rules = of("--host", "0.0.0.0", "--trusted-proxy", "10.0.0.1")
        assert rules.is_proxied_only
        assert rules.sizes.proxies == networks("10.0.0.1")

    def test_meaning_it_will_do(self):
        assert not of("--host", "0.0.0.0", "--allow-remote").is_proxied_only

    def test_addresses_are_limited_generously_unless_somebody_says_none(self):
        there = ("--host", "0.0.0.0", "--allow-remote")
        rules = of(*there)
        assert (rules.address_rate, rules.sizes.per_address) == ("1200/minute", 50)
        assert of(*there, "--address-rate-limit", "none").address_rate == ""
        assert of(*there, "--address-rate-limit", "5/second").address_rate == "5/second"


def test_half_a_certificate_is_told(tmp_path: Path):
    assert code_of("--tls-cert", str(tmp_path / "x")) == "usage.tls"


def test_usual_rules_load_nothing_that_only_some_need():
    code = """
import sys
from trunkline_server import cli
from trunkline_server.serving import transports
from trunkline_server.serving.gate import gate, options
given = cli._parser().parse_args(["run", "--transport", "http"])
rules = options.of(given, kept=dict, tell=lambda _: None)
gate.guarded(None, rules), transports.Endpoint(None)
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "uvicorn" in loaded
    assert not loaded & {"limits", "redis", "jwt", "cryptography", "httpx2", "mcp", "fastmcp"}


def test_rules_travel_to_other_processes():
    rules = of("--trusted-proxy", "10.0.0.1", "--rate-limit", "5/minute", kept={"sales": TOKEN})
    assert pickle.loads(pickle.dumps(rules)) == rules


def test_a_token_s_digest_stays_out_of_what_is_printed():
    rules = of(kept={"sales": TOKEN})
    assert repr(rules.tokens[0].digest) not in repr(rules)


def test_an_expired_token_is_nobody_s():
    token = of(kept={"sales": TOKEN}).tokens[0]
    digest = digest_of(TOKEN)
    assert Known([token], []).caller(digest)
    assert Known([replace(token, expires=0.0)], []).caller(digest) is None


@pytest.mark.parametrize(
    "entry",
    [{}, {"name": "a b"}, {"sha256": "xyz"}, {"profiles": "sales"}, {"profiles": [1]},
     {"tools": {}}, {"created": "yesterday"}, {"expires": 5}, {"tools": ...}],
    ids=str,
)  # fmt: skip
def test_a_list_of_tokens_that_is_not_ours_grants_nothing(entry: dict[str, Any]):
    book = NamedTokens()
    named = book.add("ci", TOKEN, profiles=("sales",), tools=None, days=None).as_json()
    found = {k: v for k, v in {**named, **entry}.items() if v is not ...} if entry else {}
    book.path.write_text(json.dumps({"version": 1, "tokens": [found]}))
    with pytest.raises(TrunklineError) as caught:
        book.load()
    assert caught.value.code == "token.malformed"


def test_a_newer_list_of_tokens_is_left_as_it_is():
    book = NamedTokens()
    book.path.write_text('{"version": 2, "tokens": {}}')
    with pytest.raises(TrunklineError) as caught:
        book.add("ci", TOKEN, profiles=None, tools=None, days=None)
    assert caught.value.code == "token.newer"
    assert book.path.read_text() == '{"version": 2, "tokens": {}}'
