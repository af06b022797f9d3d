"""What the options ask to be written down, and that nothing of it can stop a call."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.cli import _parser
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import observe
from trunkline_server.serving.activity import Activity, Call
from trunkline_server.serving.observe import Observer, Settings

pytestmark = pytest.mark.usefixtures("home")

SALES = Profile(id="p1", name="Sales", host="h")


def call(**more: Any) -> Call:
    return Call(**{"at": 4e9, "profile_id": "p1", "tool": "execute_query", **more})


@pytest.fixture
def observer() -> Iterator[Observer]:
    observer = Observer(Settings(), profiles=[SALES])
    yield observer
    observer.close()


def of(*arguments: str) -> Settings:
    return observe.of(_parser().parse_args(["run", *arguments]))


def test_without_options_activity_is_kept_and_nothing_else():
    assert of() == Settings()
    assert observe.of(argparse.Namespace()) == Settings()


def test_every_option_has_its_place():
    found = of(
        "--log-format", "json", "--audit-log", "a.log", "--metrics-port", "0",
        "--keep-activity", "7", "--keep-activity-mb", "2.5", "--activity-statements", "hash",
    )  # fmt: skip
    assert found == Settings(
        log_format="json", audit_log="a.log", metrics_port=0, has_metrics=True, keep_days=7,
        keep_mb=2.5, statements="hash",
    )  # fmt: skip


def test_metrics_can_be_had_without_a_port():
    found = of("--metrics")
    assert (found.has_metrics, found.has_metrics_path, found.metrics_port) == (True, True, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metrics_port": 65_536},
        {"metrics_port": -1},
        {"keep_activity": -1.0},
        {"keep_activity_mb": float("nan")},
        {"activity_statements": "some"},
        {"log_format": "xml"},
    ],
)
def test_a_wrong_option_is_refused_in_words(wrong: dict[str, Any]):
    with pytest.raises(TrunklineError) as caught:
        observe.of(argparse.Namespace(**wrong))
    assert caught.value.code.startswith("usage.")


def test_one_call_goes_everywhere(tmp_path: Path):
    settings = Settings(audit_log=str(tmp_path / "audit"), has_metrics=True)
    observer = Observer(settings, profiles=[SALES])
    observer.record(call())
    observer.close()
    assert [c.tool for c in Activity().recent()] == ["execute_query"]
    assert json.loads((tmp_path / "audit").read_bytes())["profile"] == "Sales"
    assert observer._metrics is not None
    assert (
        b'trunkline_calls_total{outcome="ok",profile="Sales"'
        in observer._metrics.exposition.page()[1]
    )


def test_no_days_keep_no_activity():
    observer = Observer(Settings(keep_days=0))
    observer.record(call())
    observer.close()
    assert Activity().recent() == []


def test_a_part_that_breaks_is_said_once_and_stops_no_other(
    observer: Observer, caplog: pytest.LogCaptureFixture
):
    def broken(_: Call) -> None:
        raise RuntimeError

    observer._recorders.insert(0, broken)
    observer.record(call())
    observer.record(call())
    observer.close()
    assert len(Activity().recent()) == 2
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1


def test_what_is_no_call_raises_nothing(tmp_path: Path):
    observer = Observer(Settings(audit_log=str(tmp_path / "audit"), has_metrics=True))
    observer.record(None)  # type: ignore[arg-type]  # what a faulty caller may do
    observer.refused("rate", "192.0.2.7")
    observer.record(call())
    observer.close()
    lines = (tmp_path / "audit").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["refused", "call"]


def test_a_greeting_is_kept_for_the_profile_it_was_for(observer: Observer):
    observer.client("claude-ai", "1.2", "http", "p2")
    observer.client("cursor", "3", "stdio")
    observer.close()
    found = {
        (g.profile_id, g.client, g.client_version, g.transport) for g in Activity().greetings()
    }
    assert found == {("p2", "claude-ai", "1.2", "http"), ("p1", "cursor", "3", "stdio")}


def test_what_is_not_counted_costs_nothing_to_ask(observer: Observer):
    observer.active("requests", 1)
    observer.watch("p1", lambda: None)

    async def app(*_: Any) -> None:
        """Answer nothing."""

    assert observer.with_metrics(app) is app


async def test_without_metrics_there_is_no_port(observer: Observer):
    async with observer.serve() as port:
        assert port is None


async def test_the_metrics_port_is_there_while_it_serves():
    observer = Observer(Settings(metrics_port=0, has_metrics=True))
    async with observer.serve() as port:
        assert port
    async with observer.serve(has_port=False) as port:
        assert port is None
    observer.close()
