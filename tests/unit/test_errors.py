"""Whatever is raised becomes a sentence and a next step."""

from __future__ import annotations

import socket
import ssl
from pkgutil import resolve_name
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_server import errors
from trunkline_server.errors import Failure, TrunklineError, explain, fail

# A busy computer is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PLACE = {"host": "db.example.com", "port": 5433, "database": "shop", "user": "ann"}


class DriverError(Exception):
    """Stands for what a driver raises: it carries a SQLSTATE."""

    def __init__(self, sqlstate: object, message: str = "its own words") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def is_sentence(text: str) -> bool:
    return text[:1].isupper() and text.endswith(".") and "{" not in text and "!" not in text


@pytest.mark.parametrize("sqlstate", errors._BY_SQLSTATE)
def test_every_sqlstate_of_the_table_becomes_sentences(sqlstate: str) -> None:
    found = explain(DriverError(sqlstate), **PLACE)
    assert is_sentence(found.title)
    assert is_sentence(found.hint)
    assert found.code == errors._BY_SQLSTATE[sqlstate][0]
    assert found.detail == "its own words"


@pytest.mark.parametrize("kind", [entry[0] for entry in errors._BY_CLASS])
def test_every_class_of_the_table_becomes_sentences(kind: str) -> None:
    found = explain(resolve_name(kind)(), **PLACE)
    assert is_sentence(found.title)
    assert is_sentence(found.hint)
    assert found.code == next(entry[1] for entry in errors._BY_CLASS if entry[0] == kind)


@pytest.mark.parametrize(
    ("exc", "code"),
    [(socket.gaierror(), "resolve.unknown"), (ConnectionRefusedError(), "reach.refused"),
     (ssl.SSLCertVerificationError(), "tls.failed"), (TimeoutError(), "reach.filtered"),
     (ConnectionResetError(), "reach.failed"), (DriverError("XX000"), "query.failed"),
     (ValueError("x"), "internal"), (KeyboardInterrupt(), "internal")],
)  # fmt: skip
def test_the_narrowest_class_decides(exc: BaseException, code: str) -> None:
    assert explain(exc).code == code


def test_without_a_place_the_sentences_are_whole_all_the_same() -> None:
    assert is_sentence(explain(ConnectionRefusedError()).title)


def test_the_place_stands_in_the_sentence() -> None:
    assert explain(ConnectionRefusedError(), **PLACE).title == (
        "Nothing is listening on db.example.com, port 5433."
    )


@unhurried
@given(st.text(), st.text(), st.sampled_from([*errors._BY_SQLSTATE, "XX000", "", None]))
def test_explaining_never_raises(host: str, message: str, sqlstate: str | None) -> None:
    found = explain(DriverError(sqlstate, message), host=host, user="{user}", other=object())
    assert found.title
    assert len(found.detail) <= 2_000


def test_our_own_errors_keep_their_failure() -> None:
    error = fail("a.b", "It failed.", "Try again.", "detail")
    assert explain(error) == error.failure == Failure(
        code="a.b", title="It failed.", hint="Try again.", detail="detail"
    )  # fmt: skip
    assert error.code == "a.b"


@pytest.mark.parametrize(("hint", "said"), [("", "It failed."), ("Wait.", "It failed. Wait.")])
def test_an_error_reads_as_its_sentences(hint: str, said: str) -> None:
    assert str(fail("a.b", "It failed.", hint)) == said


def test_a_failure_is_four_texts_in_json() -> None:
    failure = Failure(code="a.b", title="It failed.")
    expected: dict[str, Any] = {"code": "a.b", "title": "It failed.", "hint": "", "detail": ""}
    assert failure.as_json() == expected


def test_only_our_error_carries_a_failure_out_of_a_module() -> None:
    with pytest.raises(TrunklineError, match="It failed"):
        raise fail("a.b", "It failed.")
