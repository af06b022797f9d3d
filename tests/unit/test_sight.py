"""What a profile lets anybody see, from its names alone."""

from __future__ import annotations

import pytest

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.guard import sight
from trunkline_server.profiles.profile import Profile


def _sight(**fields: tuple[str, ...]) -> sight.Sight:
    return sight.of(Profile(id="x", name="x", **fields))  # type: ignore[arg-type]  # only tuples


def test_a_profile_that_hides_nothing_is_open() -> None:
    assert _sight().is_open
    assert _sight().shows_table("any", "thing")


def test_only_the_schemas_of_the_allow_list_are_shown() -> None:
    seen = _sight(schemas=("shop", "My Schema"))
    assert [seen.shows_schema(s) for s in ("shop", "My Schema", "Shop", "pg_catalog")] == [
        True,
        True,
        False,
        False,
    ]
    assert not seen.is_open


def test_a_hidden_table_is_hidden_in_an_allowed_schema() -> None:
    seen = _sight(schemas=("shop",), hidden=("shop.salaries", '"shop"."Odd.Name"'))
    assert not seen.shows_table("shop", "salaries")
    assert not seen.shows_table("shop", "Odd.Name")
    assert seen.shows_table("shop", "Salaries")


def test_hidden_columns_are_gathered_by_table() -> None:
    seen = _sight(hidden=("shop.people.email", "shop.people.phone"))
    assert seen.hidden_columns("shop", "people") == {"email", "phone"}
    assert seen.hidden_columns("shop", "orders") == frozenset()
    assert seen.shows_table("shop", "people")


def test_an_entry_that_cannot_be_understood_hides_nothing_silently() -> None:
    with pytest.raises(TrunklineError) as refused:
        _sight(hidden=("salaries",))
    assert refused.value.failure.code == "sight.hidden"
