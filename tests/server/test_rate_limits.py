"""How often callers may come: here, and over several servers with a real Redis."""

from __future__ import annotations

import contextlib
import logging
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.gated import KNOWN, PATIENCE_S, RULES, TOKEN, gated
from trunkline_server.serving import tokens
from trunkline_server.serving.gate.addresses import networks
from trunkline_server.serving.gate.bearer import token_of

PROXY = networks("127.0.0.1")
WRONG = {"Authorization": "Bearer a-wrong-token-of-somebody"}


class Redis:
    """A real Redis that can be killed and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port
        self.url = f"redis://:a-password@127.0.0.1:{port}/0"
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is needed: apt-get install redis-server"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                   "--requirepass", "a-password", "--dir", str(self._folder)]  # fmt: skip
        self._popen = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._popen.poll() is None
            assert time.monotonic() < ends

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait(PATIENCE_S)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = Redis(tmp_path, port)
    yield found
    found.kill()


def test_a_caller_who_asks_too_often_is_told_when_to_come_back():
    with gated(replace(RULES, token_rate="3/day")) as gate:
        statuses = [gate.ask().status_code for _ in range(3)]
        refused = gate.ask()
    assert statuses == [200, 200, 200]
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 86_400
    assert gate.refused == [("token_rate", "tester")]


def test_each_token_has_a_rate_of_its_own():
    other = tokens.new()
    rules = replace(RULES, tokens=(*RULES.tokens, token_of(other, "other")), token_rate="1/day")
    with gated(rules) as gate:
        assert [gate.ask().status_code for _ in range(2)] == [200, 429]
        assert gate.get(Authorization=f"Bearer {other}").status_code == 200


def test_an_address_that_asks_too_often_is_refused_before_anybody_looks_at_its_token():
    with gated(replace(RULES, address_rate="2/day", failure_rate="")) as gate:
        statuses = [gate.get().status_code for _ in range(2)]
        refused = gate.ask()
    assert (statuses, refused.status_code) == ([401, 401], 429)
    assert gate.refused[-1] == ("address_rate", "127.0.0.1")


def test_health_is_asked_as_often_as_anybody_likes():
    with gated(replace(RULES, address_rate="1/day")) as gate:
        assert [gate.get("/health").status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [("10.0.0.1", "10.0.0.2", 200), ("2001:db8::1", "2001:db8::ffff", 429),
     ("2001:db8::1", "2001:db8:0:1::1", 200), ("::ffff:10.0.0.1", "10.0.0.1", 429)],
)  # fmt: skip
def test_an_address_is_one_household(first: str, second: str, status: int):
    with gated(replace(RULES, address_rate="1/day", trusted=PROXY)) as gate:
        assert gate.ask(**{"X-Forwarded-For": first}).status_code == 200
        assert gate.ask(**{"X-Forwarded-For": second}).status_code == status


def test_who_guesses_tokens_must_wait_even_with_the_right_one():
    with gated(replace(RULES, failure_rate="3/day")) as gate:
        statuses = [gate.get(**WRONG).status_code for _ in range(4)]
        lucky = gate.ask()
    assert statuses == [401, 401, 401, 429]
    assert (lucky.status_code, "retry-after" in lucky.headers) == (429, True)


def test_who_came_in_before_is_not_shut_out_by_a_neighbour_with_an_old_token():
    with gated(replace(RULES, failure_rate="2/day")) as gate:
        assert gate.ask().status_code == 200
        statuses = [gate.get(**WRONG).status_code for _ in range(3)]
        assert gate.ask().status_code == 200
    assert statuses == [401, 401, 429]


def test_one_who_guesses_does_not_hurt_other_addresses():
    with gated(replace(RULES, failure_rate="1/day", trusted=PROXY)) as gate:
        there = {"X-Forwarded-For": "10.0.0.1"}
        assert [gate.get(**WRONG, **there).status_code for _ in range(2)] == [401, 429]
        assert gate.ask(**{"X-Forwarded-For": "10.0.0.2"}).status_code == 200


def test_asking_without_a_token_is_no_guess():
    with gated(replace(RULES, failure_rate="1/day")) as gate:
        assert [gate.get().status_code for _ in range(3)] == [401] * 3
        assert gate.ask().status_code == 200


def test_two_servers_count_together_in_redis(redis: Redis):
    rules = replace(RULES, token_rate="3/day", storage=redis.url)
    with gated(rules) as one, gated(rules) as other:
        statuses = [gate.ask().status_code for gate in (one, other, one, other, one)]
    assert statuses == [200, 200, 200, 429, 429]


def test_wrong_tokens_are_counted_together_too(redis: Redis):
    rules = replace(RULES, failure_rate="2/day", storage=redis.url)
    with gated(rules) as one, gated(rules) as other:
        statuses = [gate.get(**WRONG).status_code for gate in (one, other, one, other)]
    assert statuses == [401, 401, 429, 429]


def test_without_redis_each_server_counts_for_itself_and_says_so_once(
    redis: Redis, caplog: pytest.LogCaptureFixture
):
    rules = replace(RULES, token_rate="3/day", storage=redis.url)
    with gated(rules) as gate:
        assert gate.ask().status_code == 200
        redis.kill()
        statuses = [gate.ask().status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "does not answer" in told[0]
    assert "a-password" not in told[0]


def test_redis_is_asked_again_once_it_is_back(
    redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("trunkline_server.serving.gate.rates._LEAVE_ALONE_S", 0.0)
    rules = replace(RULES, token_rate="2/day", storage=redis.url)
    with gated(rules) as gate:
        redis.kill()
        assert gate.ask().status_code == 200
        redis.start()
        statuses = [gate.ask().status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert [("not answer" in t, "answers again" in t) for t in told] == [
        (True, False),
        (False, True),
    ]


def test_a_redis_that_never_was_there_delays_nobody_for_long():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts and never answers
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with gated(replace(RULES, token_rate="2/day", storage=url)) as gate:
            assert [gate.ask().status_code for _ in range(3)] == [200, 200, 429]


def test_the_token_never_reaches_redis(redis: Redis):
    with gated(replace(RULES, token_rate="3/day", address_rate="9/day", storage=redis.url)) as gate:
        gate.ask()
        gate.get(**WRONG)
        command = ["redis-cli", "-p", str(redis.port), "-a", "a-password", "--no-auth-warning"]
        keys = subprocess.run([*command, "keys", "*"], capture_output=True, text=True, check=True)
    assert "trunkline" in keys.stdout
    assert TOKEN not in keys.stdout
    assert "wrong" not in keys.stdout
    assert KNOWN["Authorization"] not in keys.stdout
