"""A real nginx in front: what it says of its clients, TLS ended there, two servers behind it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.ports import free_port
from tests.server import certificates
from tests.server.gated import KNOWN, PATIENCE_S, RULES, gated
from trunkline_server.serving.gate.addresses import networks
from trunkline_server.serving.gate.rules import Rules

BEHIND = replace(RULES, trusted=networks("127.0.0.1"))

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream trunkline {{ {servers} keepalive 4; }}
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{secure} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    location / {{
      proxy_pass http://trunkline;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For {forwarded};
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
    }}
  }}
}}
"""
APPENDED = "$proxy_add_x_forwarded_for"


class Nginx:
    """An nginx before some servers."""

    def __init__(self, folder: Path, gates: Sequence[Any], forwarded: str = APPENDED) -> None:
        self.plain, self.secure = free_port(), free_port()
        self.pair = certificates.make(folder, "127.0.0.1", file="nginx")
        file = folder / "nginx.conf"
        servers = "".join(f"server 127.0.0.1:{gate.port};" for gate in gates)
        names = {"folder": folder, "servers": servers, "plain": self.plain, "secure": self.secure,
                 "cert": self.pair.cert, "key": self.pair.key, "forwarded": forwarded}  # fmt: skip
        file.write_text(CONFIGURATION.format(**names))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self._popen = subprocess.Popen([program, "-e", str(folder / "log"), "-c", str(file)])
        ends = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._popen.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < ends

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.secure), 1):
            return True
        return False

    def get(self, source: str = "127.0.0.1", **headers: str) -> httpx2.Response:
        """Ask over plain HTTP from the address ``source``."""
        transport = httpx2.HTTPTransport(local_address=source)
        with httpx2.Client(transport=transport) as client:
            return client.get(f"http://127.0.0.1:{self.plain}/mcp", headers={**KNOWN, **headers})

    def get_securely(self, path: str = "/mcp") -> httpx2.Response:
        context = ssl.create_default_context(cafile=str(self.pair.cert))
        url = f"https://127.0.0.1:{self.secure}{path}"
        return httpx2.get(url, headers=KNOWN, verify=context)

    def close(self) -> None:
        self._popen.terminate()
        self._popen.wait(PATIENCE_S)


@contextlib.contextmanager
def fronted(folder: Path, *rules: Rules, forwarded: str = APPENDED) -> Iterator[Nginx]:
    """Put an nginx before one server for each of ``rules``."""
    with contextlib.ExitStack() as stack:
        gates = [stack.enter_context(gated(each)) for each in rules]
        nginx = Nginx(folder, gates, forwarded)
        stack.callback(nginx.close)
        yield nginx


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with fronted(tmp_path_factory.mktemp("nginx"), BEHIND, BEHIND) as found:
        yield found


def test_the_client_behind_the_proxy_is_told_apart(tmp_path: Path):
    rules = replace(BEHIND, trusted=networks("127.0.0.1"), allow=networks("127.0.0.3"))
    with fronted(tmp_path, rules) as nginx:
        allowed, refused = nginx.get("127.0.0.3"), nginx.get("127.0.0.4")
    assert (allowed.status_code, allowed.json()["client"]) == (200, "127.0.0.3")
    assert refused.status_code == 403


def test_what_a_client_invents_stays_an_invention(nginx: Nginx):
    told = nginx.get("127.0.0.4", **{"X-Forwarded-For": "127.0.0.3, 10.0.0.1"}).json()
    assert told["client"] == "127.0.0.4"


def test_a_header_the_proxy_passes_on_unread_is_a_contradiction(nginx: Nginx):
    assert nginx.get("127.0.0.4", Forwarded="for=127.0.0.3").status_code == 403


def test_without_trust_everybody_is_the_proxy(tmp_path: Path):
    with fronted(tmp_path, RULES) as nginx:
        assert nginx.get("127.0.0.4").json()["client"] == "127.0.0.1"


def test_tls_that_ends_at_the_proxy_is_still_https(nginx: Nginx):
    assert nginx.get_securely().json()["scheme"] == "https"
    assert nginx.get().json()["scheme"] == "http"


def test_clients_behind_one_proxy_have_rates_of_their_own(tmp_path: Path):
    with fronted(tmp_path, replace(BEHIND, address_rate="1/day")) as nginx:
        statuses = [nginx.get(who).status_code for who in ("127.0.0.3", "127.0.0.3", "127.0.0.4")]
    assert statuses == [200, 429, 200]


def test_two_servers_behind_it_know_the_same_tokens(nginx: Nginx):
    assert [nginx.get().status_code for _ in range(6)] == [200] * 6


def test_health_is_asked_through_it(nginx: Nginx):
    assert nginx.get_securely("/health").text == "ok"


def test_only_the_proxy_may_connect(tmp_path: Path):
    with fronted(tmp_path, replace(BEHIND, is_proxied_only=True)) as nginx:
        assert nginx.get().status_code == 200
