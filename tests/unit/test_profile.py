"""What a profile is, and when it can be saved."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_server.profiles.profile import (
    FieldError,
    Profile,
    from_json,
    parts_of,
    problems,
    slug,
)

# A busy computer is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SALES = Profile(id="sales", name="Sales", host="db.example.com")


def test_a_complete_profile_has_no_problem() -> None:
    assert problems(SALES) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "Sales!"), ("id", "s" * 41), ("name", "  "), ("name", "n" * 81), ("name", "a\nb"),
        ("name", "\x1b[31mred"),
        ("label", "live"), ("host", " "), ("host", "a b"), ("host", "postgres://h"),
        ("host", "h:5433"), ("host", "[::1]"), ("host", "a,b"), ("port", 0), ("port", 65536),
        ("fallback_hosts", ("h",)), ("fallback_hosts", ("h:x",)), ("fallback_hosts", (":1",)),
        ("fallback_hosts", ("h:99999999999999999999",)), ("target_session_attrs", "fastest"),
        ("database", ""), ("database", "a\0b"), ("user", ""), ("sslmode", "maybe"),
        ("sslkey", "/key.pem"), ("connect_timeout", 0), ("connect_timeout", math.nan),
        ("connect_timeout", math.inf), ("statement_timeout", -1.0), ("max_rows", 0),
        ("max_bytes", 1023), ("transport", "carrier pigeon"), ("http_port", 70000),
    ],
)  # fmt: skip
def test_a_problem_names_its_field(field: str, value: Any) -> None:
    found = problems(replace(SALES, **{field: value}))
    assert {problem.field for problem in found} == {field}
    assert all(problem.message.endswith(".") for problem in found)


@pytest.mark.parametrize("host", ["::1", "fe80::1%eth0", "/var/run/postgresql", "@abstract", "h"])
def test_a_host_may_be_an_address_or_a_socket(host: str) -> None:
    assert problems(replace(SALES, host=host)) == []


def test_a_name_is_unique_without_regard_to_case() -> None:
    other = Profile(id="other", name=" SALES ")
    assert [p.field for p in problems(SALES, [other])] == ["name"]
    assert problems(SALES, [SALES]) == []


def test_addresses_are_the_host_and_then_its_fallbacks() -> None:
    profile = replace(SALES, fallback_hosts=("b:1", "[::1]:2"))
    assert profile.addresses == (("db.example.com", 5432), ("b", 1), ("::1", 2))


@unhurried
@given(st.text(), st.integers(0, 120))
def test_a_slug_is_always_an_id_that_can_be_saved(name: str, number: int) -> None:
    taken = {slug(name)} | {slug(name) + f"-{n}" for n in range(2, number)}
    found = slug(name, taken)
    assert found not in taken
    assert problems(replace(SALES, id=found)) == []


def test_a_long_name_with_a_leading_digit_still_gets_a_free_id() -> None:
    first = slug("1" * 80)
    second = slug("1" * 80, [first])
    assert first != second
    assert max(len(first), len(second)) <= 40


@pytest.mark.parametrize(
    ("name", "expected"), [("Büro & Co.", "buro-co"), ("日本", "db-"), ("9", "db-9")]
)
def test_a_slug_is_readable(name: str, expected: str) -> None:
    assert slug(name) == expected.strip("-")


PROFILES = st.builds(
    Profile,
    id=st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True),
    name=st.text(min_size=1),
    description=st.text(),
    fallback_hosts=st.lists(st.text()).map(tuple),
    connect_timeout=st.floats(0.1, 1000),
    max_rows=st.integers(1),
    switched_on=st.booleans(),
)


@unhurried
@given(PROFILES)
def test_a_profile_comes_back_from_its_json(profile: Profile) -> None:
    assert from_json(profile.as_json()) == profile


def test_unknown_keys_are_ignored() -> None:
    assert from_json({**SALES.as_json(), "colour": "red"}) == SALES


@pytest.mark.parametrize(
    ("field", "value"),
    [("port", "abc"), ("port", 5.5), ("port", True), ("port", None), ("name", 3),
     ("switched_on", 1), ("connect_timeout", "10"), ("fallback_hosts", "h:1"),
     ("fallback_hosts", [1]), ("sslmode", "maybe"), ("transport", []), ("label", {})],
)  # fmt: skip
def test_a_wrong_type_names_its_field(field: str, value: object) -> None:
    with pytest.raises(FieldError) as caught:
        from_json({**SALES.as_json(), field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["id", "name"])
def test_a_missing_id_or_name_is_a_type_error(field: str) -> None:
    document = SALES.as_json()
    del document[field]
    with pytest.raises(TypeError, match=field):
        from_json(document)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("public.orders", ("public", "orders")),
        ('"My schema"."a.b""c".x', ("My schema", 'a.b"c', "x")),
        ("orders", ("orders",)),
        ("a..b", ()),
        ("a.", ()),
        ("", ()),
        ('"open', ()),
    ],
)
def test_a_dotted_name_has_parts(name: str, parts: tuple[str, ...]):
    assert parts_of(name) == parts


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("hidden", ("orders",)),
        ("notes", ("orders",)),
        ("tools", ("magic",)),
        ("schemas", ("",)),
        ("ssh_host", "a b"),
        ("ssh_port", 0),
        ("ssh_jump", ("a@b@c",)),
    ],
)
def test_what_an_administrator_sets_is_checked(field: str, wrong: object):
    profile = replace(Profile(id="a", name="A"), **{field: wrong})
    assert [problem.field for problem in problems(profile)] == [field]


def test_a_new_port_is_nobody_else_s() -> None:
    other = Profile(id="other", name="Reports", http_port=8899)
    wanted = replace(SALES, http_port=8899)
    (found,) = problems(wanted, [SALES, other])
    assert (found.field, found.message) == ("http_port", "Port 8899 belongs to “Reports”.")
    assert problems(replace(SALES, http_port=8900), [SALES, other]) == []
    assert problems(replace(SALES, http_port=0), [replace(other, http_port=0)]) == []


def test_who_has_shared_a_port_can_be_saved_for_something_else() -> None:
    other, mine = Profile(id="other", name="Reports", http_port=1), replace(SALES, http_port=1)
    assert problems(replace(mine, host="elsewhere"), [mine, other]) == []
