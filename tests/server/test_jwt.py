"""Signed tokens of an issuer elsewhere: real keys, a real server of keys, clocks that differ."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.server.gated import RULES, TOKEN, Gated, gated
from trunkline_server.serving.gate import jwks
from trunkline_server.serving.gate.jwt import LEEWAY_S, Issuer
from trunkline_server.serving.gate.rules import Rules

ISSUER, AUDIENCE = "https://login.example/", "trunkline"
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
KEYS |= {"PS256": KEYS["RS256"], "RS512": KEYS["RS256"]}
OTHER = rsa.generate_private_key(65537, 2048)


def public(algorithm: str, kid: str | None, key: Any = None, **extra: str) -> dict[str, Any]:
    """Return the JWK of a key; one without ``alg``, as many issuers publish it."""
    dump: Any = get_default_algorithms()[algorithm]
    found: dict[str, Any] = dump.to_jwk((key or KEYS[algorithm]).public_key(), as_dict=True)
    return {**found, **({"kid": kid} if kid else {}), **extra}


DOCUMENT = {"keys": [public(name, name) for name in ("RS256", "ES256", "ES384", "EdDSA")]}


def signed(
    algorithm: str = "RS256", kid: str | None = "", key: Any = None, **claims: Any
) -> str:  # fmt: skip
    """Return a token that is right but for what ``claims`` change; ``None`` leaves one out."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "iat": now, "nbf": now,
             "exp": now + 300, "scope": "trunkline:read"}  # fmt: skip
    found = {k: v for k, v in {**usual, **claims}.items() if v is not None}
    kid = {"PS256": "RS256", "RS512": "RS256"}.get(algorithm, algorithm) if kid == "" else kid
    headers = {"kid": kid} if kid else None
    return jwt.encode(found, key or KEYS[algorithm], algorithm, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def rules_of(place: str | Path) -> Rules:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks=str(place))
    return replace(RULES, issuer=issuer, failure_rate="")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Serve with a file of keys, for all tests that only present tokens."""
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(DOCUMENT))
    with gated(rules_of(path)) as found:
        yield found


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"])
def test_a_signed_token_comes_in_under_its_subject(gate: Gated, algorithm: str):
    answer = gate.get(**bearer(signed(algorithm)))
    assert answer.status_code == 200
    assert answer.json()["caller"] == "anna"


def test_static_tokens_go_on_beside_signed_ones(gate: Gated):
    assert gate.get(**bearer(TOKEN)).json()["caller"] == "tester"


def test_a_key_without_a_name_is_found_too(gate: Gated):
    assert gate.get(**bearer(signed("ES256", kid=None))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://evil.example/"}, {"aud": "somebody-else"}, {"exp": None}, {"iss": None},
     {"aud": None}, {"exp": "soon"}, {"aud": ["a", "b"]}],
    ids=str,
)  # fmt: skip
def test_a_claim_that_is_wrong_or_missing_gets_401(gate: Gated, claims: dict[str, Any]):
    refused = gate.get(**bearer(signed(**claims)))
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("claim", "seconds", "status"),
    [("exp", -LEEWAY_S - 5, 401), ("exp", -LEEWAY_S + 10, 200), ("nbf", LEEWAY_S + 30, 401),
     ("nbf", LEEWAY_S - 10, 200), ("iat", LEEWAY_S + 30, 401), ("iat", LEEWAY_S - 10, 200)],
)  # fmt: skip
def test_clocks_may_differ_by_half_a_minute(gate: Gated, claim: str, seconds: int, status: int):
    token = signed(**{claim: int(time.time()) + seconds})
    assert gate.get(**bearer(token)).status_code == status


def test_the_leeway_is_half_a_minute():
    assert LEEWAY_S == 30


class Clock:
    """The clock of one module of ours, which may jump."""

    def __init__(self) -> None:
        self.elapsed = self.jumped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.elapsed

    def time(self) -> float:
        return time.time() + self.elapsed + self.jumped


def test_a_remembered_token_is_checked_again_soon_though_the_clock_jumps_back(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    clock = Clock()
    monkeypatch.setattr("trunkline_server.serving.gate.jwt.time", clock)
    token = signed()
    with gated(rules_of(file)) as gate:
        assert gate.get(**bearer(token)).status_code == 200
        file.write_text(json.dumps({"keys": [public("RS256", "RS256", OTHER)]}))
        assert gate.get(**bearer(token)).status_code == 200
        clock.elapsed, clock.jumped = 31.0, -3600.0
        assert gate.get(**bearer(token)).status_code == 401


def test_a_token_signed_by_somebody_else_gets_401(gate: Gated):
    assert gate.get(**bearer(signed("RS256", key=OTHER))).status_code == 401


def test_a_changed_token_gets_401(gate: Gated):
    head, body, signature = signed().split(".")
    changed = f"{head}.{body[:-4]}AAAA.{signature}"
    assert gate.get(**bearer(changed)).status_code == 401


def test_no_signature_is_no_signature(gate: Gated):
    token = jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "exp": 9**10}, "", "none")
    assert gate.get(**bearer(token)).status_code == 401


def test_a_public_key_is_no_secret(gate: Gated):
    """The oldest trick: HS256, with the public key everybody knows as the secret."""
    head = {"alg": "HS256", "typ": "JWT", "kid": "RS256"}
    known = json.dumps(public("RS256", "RS256")).encode()
    hmac = get_default_algorithms()["HS256"]
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": 9**10, "scope": "trunkline:read"}
    parts = [jwt.utils.base64url_encode(json.dumps(part).encode()) for part in (head, claims)]
    parts.append(jwt.utils.base64url_encode(hmac.sign(b".".join(parts), known)))
    assert gate.get(**bearer(b".".join(parts).decode())).status_code == 401


def test_a_secret_key_in_the_document_is_left_out(tmp_path: Path):
    secret = jwt.utils.base64url_encode(b"s" * 64).decode()
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [{"kty": "oct", "k": secret, "kid": "s"}]}))
    with gated(rules_of(path)) as gate:
        token = signed("HS256", kid="s", key=b"s" * 64)
        assert gate.get(**bearer(token)).status_code == 401


@pytest.mark.parametrize("extra", [{"use": "enc"}, {"alg": "RS512"}])
def test_a_key_for_something_else_does_not_count(tmp_path: Path, extra: dict[str, str]):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public("RS256", "RS256", **extra)]}))
    with gated(rules_of(path)) as gate:
        assert gate.get(**bearer(signed())).status_code == 401


def test_a_key_too_short_for_its_work_does_not_count(tmp_path: Path):
    short = rsa.generate_private_key(65537, 1024)
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public("RS256", "short", short)]}))
    with gated(rules_of(path)) as gate, pytest.warns(jwt.InsecureKeyLengthWarning):
        assert gate.get(**bearer(signed(kid="short", key=short))).status_code == 401


@pytest.mark.parametrize("token", ["a.b.c", "..", "e30.e30.", f"{'a' * 400}.b.c", "é.b.c"])
def test_nonsense_with_two_dots_gets_401(gate: Gated, token: str):
    raw: Any = {b"Authorization": f"Bearer {token}".encode("latin-1")}
    assert httpx2.get(gate.url, headers=raw).status_code == 401


@pytest.mark.parametrize(
    ("claims", "profiles", "tools"),
    [
        ({"scope": "openid trunkline:read"}, None, None),
        ({"scope": "trunkline:profile:sales trunkline:profile:hr"}, ["hr", "sales"], None),
        ({"scope": None, "scp": ["trunkline:profile:sales"]}, ["sales"], None),
        (
            {"scope": None, "scp": "trunkline:read trunkline:tool:list_tables"},
            None,
            ["list_tables"],
        ),
    ],
)
def test_scopes_say_what_is_granted(
    gate: Gated, claims: dict[str, Any], profiles: list[str] | None, tools: list[str] | None
):
    told = gate.get(**bearer(signed(**claims))).json()
    assert (told["profiles"], told["tools"]) == (profiles, tools)


@pytest.mark.parametrize("scope", [None, "openid email", "trunkline:tool:list_tables"])
def test_a_token_that_grants_no_database_gets_403(gate: Gated, scope: str | None):
    refused = gate.get(**bearer(signed(scope=scope)))
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    told = refused.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in told
    assert 'scope="trunkline:read"' in told
    assert "resource_metadata=" in told


def test_without_a_token_the_client_is_told_where_to_get_one(gate: Gated):
    told = gate.get().headers["www-authenticate"]
    place = f"{gate.url}/.well-known/oauth-protected-resource/mcp"
    assert told == f'Bearer resource_metadata="{place}", scope="trunkline:read"'
    document = gate.get(place.removeprefix(gate.url)).json()
    assert document == {
        "resource": f"{gate.url}/mcp",
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["trunkline:read"],
    }


def test_an_audience_that_is_an_address_is_the_resource(file: Path):
    issuer = Issuer(issuer=ISSUER, audience="https://db.example/mcp", jwks=str(file))
    with gated(replace(RULES, issuer=issuer)) as gate:
        document = gate.get("/.well-known/oauth-protected-resource").json()
    assert document["resource"] == "https://db.example/mcp"


@pytest.mark.parametrize("host", ['x"y', "x, y", "a b"])
def test_a_forged_host_does_not_reach_the_answer(gate: Gated, host: str):
    told = gate.get(Host=host).headers["www-authenticate"]
    assert host not in told


def test_without_signed_tokens_there_is_no_such_document():
    with gated() as gate:
        assert gate.get("/.well-known/oauth-protected-resource").status_code == 401


def test_new_keys_in_the_file_are_taken_at_once(file: Path):
    with gated(rules_of(file)) as gate:
        assert gate.get(**bearer(signed("RS256", kid="new", key=OTHER))).status_code == 401
        file.write_text(json.dumps({"keys": [public("RS256", "new", OTHER)]}))
        assert gate.get(**bearer(signed("RS256", kid="new", key=OTHER))).status_code == 200
        assert gate.get(**bearer(signed("RS256"))).status_code == 401


@dataclass
class KeyServer:
    """A server of keys.

    Attributes:
        document: what it serves; ``None`` means it fails.
        asked: how often.
    """

    url: str = ""
    document: dict[str, Any] | None = field(default_factory=lambda: DOCUMENT)
    asked: int = 0


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    served = KeyServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked += 1
            self.send_response(503 if served.document is None else 200)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(json.dumps(served.document).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/jwks"
        yield served
        server.shutdown()
        thread.join()


def test_keys_are_fetched_once_and_kept(keys: KeyServer):
    with gated(rules_of(keys.url)) as gate:
        assert keys.asked == 0  # not before somebody comes
        statuses = [gate.get(**bearer(signed(sub=who))).status_code for who in "abc"]
    assert (statuses, keys.asked) == ([200] * 3, 1)


def test_an_unknown_key_is_asked_for_at_most_once_a_minute(
    keys: KeyServer, monkeypatch: pytest.MonkeyPatch
):
    clock = Clock()
    monkeypatch.setattr(jwks, "time", clock)
    new = signed("RS256", kid="new", key=OTHER)
    with gated(rules_of(keys.url)) as gate:
        gate.get(**bearer(signed()))
        keys.document = {"keys": [public("RS256", "new", OTHER)]}
        assert [gate.get(**bearer(new)).status_code for _ in range(3)] == [401] * 3
        assert keys.asked == 1
        clock.elapsed = 61.0
        assert gate.get(**bearer(new)).status_code == 200
    assert keys.asked == 2


def test_keys_stay_while_their_server_is_down(keys: KeyServer, monkeypatch: pytest.MonkeyPatch):
    clock = Clock()
    monkeypatch.setattr(jwks, "time", clock)
    with gated(rules_of(keys.url)) as gate:
        assert gate.get(**bearer(signed())).status_code == 200
        keys.document, clock.elapsed = None, 7200.0
        assert gate.get(**bearer(signed(sub="bert"))).status_code == 200


def test_without_any_keys_the_server_says_try_again_and_blames_nobody(keys: KeyServer):
    keys.document = None
    with gated(replace(rules_of(keys.url), failure_rate="1/day")) as gate:
        refused = [gate.get(**bearer(signed())) for _ in range(3)]
    assert [r.status_code for r in refused] == [503] * 3
    assert "retry-after" in refused[0].headers
    assert keys.asked == 1  # and it is not asked by everybody who comes
