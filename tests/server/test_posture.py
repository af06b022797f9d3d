"""What logins of every kind could do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.postgres import database
from trunkline_server.postgres.roles.posture import Posture, Powers, grade, posture
from trunkline_server.profiles.profile import Profile


async def posture_of(profile: Profile, password: str = PASSWORD) -> Posture:
    connection = await database.connect(profile, password)
    try:
        return await posture(connection)
    finally:
        await connection.close()


@pytest.fixture
def login(server: Server, reader_profile: Profile) -> Iterator[Profile]:
    """A login of this test, without any right yet."""
    server.psql(f"CREATE ROLE visitor LOGIN PASSWORD '{PASSWORD}'")
    yield replace(reader_profile, user="visitor")
    server.psql("DROP OWNED BY visitor; DROP ROLE visitor")


async def test_a_reader_is_fine(reader_profile: Profile):
    found = await posture_of(reader_profile)
    assert found.level == "ok"
    assert found.sentence == "AI apps can read 2 tables and change nothing."
    assert (found.points, found.tables, found.writable) == ((), 2, 0)


async def test_a_superuser_needs_attention(superuser_profile: Profile):
    found = await posture_of(superuser_profile)
    assert found.level == "attention"
    assert found.sentence == (
        "This login is a superuser. Trunkline still only reads; a reader role would be safer."
    )
    assert found.points == ("This login is a superuser.",)


async def test_an_owner_can_change_its_tables(owner_profile: Profile):
    found = await posture_of(owner_profile)
    assert found.level == "attention"
    assert found.points[0] == "This login can change 2 tables."
    assert (found.tables, found.writable) == (2, 2)


@pytest.mark.parametrize(
    ("grant", "point"),
    [
        ("ALTER ROLE visitor CREATEROLE", "This login can create and change other logins."),
        ("ALTER ROLE visitor CREATEDB", "This login can create databases."),
        ("ALTER ROLE visitor REPLICATION", "This login can copy the whole server."),
        (
            "ALTER ROLE visitor BYPASSRLS",
            "This login sees rows that row security hides from others.",
        ),
        (
            "GRANT pg_execute_server_program TO visitor",
            "This login can start programs on the server.",
        ),
        ("GRANT pg_write_server_files TO visitor", "This login can write files on the server."),
        ("GRANT pg_read_server_files TO visitor", "This login can read files of the server."),
        ("GRANT pg_write_all_data TO visitor", "This login can change every table."),
        (
            "GRANT USAGE ON SCHEMA public TO visitor; GRANT UPDATE (name) ON customers TO visitor",
            "This login can change 1 table.",
        ),
    ],
)
async def test_a_power_is_said_and_needs_attention(
    server: Server, login: Profile, grant: str, point: str
):
    server.psql(grant)
    found = await posture_of(login)
    assert found.level == "attention"
    assert found.points[0] == point
    assert found.sentence.startswith(point)


async def test_a_power_behind_a_membership_counts(server: Server, login: Profile):
    server.psql("CREATE ROLE boss CREATEDB NOINHERIT; GRANT boss TO visitor")
    found = await posture_of(login)
    server.psql("DROP ROLE boss")
    assert found.points == ("This login can create databases.",)


async def test_creating_in_a_schema_is_a_point_but_no_alarm(server: Server, login: Profile):
    server.psql("CREATE SCHEMA desk; GRANT CREATE ON SCHEMA desk TO visitor")
    found = await posture_of(login)
    server.psql("DROP SCHEMA desk")
    assert found.level == "ok"
    assert found.points == ("This login can create tables in 1 schema.",)


async def test_one_readable_column_makes_a_table_readable(server: Server, login: Profile):
    server.psql("GRANT USAGE ON SCHEMA public TO visitor; GRANT SELECT (id) ON orders TO visitor")
    assert (await posture_of(login)).tables == 1


def test_the_worst_comes_first():
    found = grade(Powers(rolcreatedb=True, pg_write_server_files=True, tables=42, writable=3))
    assert found.sentence.startswith("This login can write files on the server.")
    assert len(found.points) == 3


def test_a_posture_is_json():
    found = grade(Powers(tables=1)).as_json()
    assert json.loads(json.dumps(found)) == found
    assert found["sentence"] == "AI apps can read 1 table and change nothing."


@pytest.mark.parametrize(
    ("powers", "word"),
    [
        (Powers(tables=3), "reads only"),
        (Powers(creatable=1, definers=2, extensions="dblink"), "reads only"),
        (Powers(rolbypassrls=True), "reads more than its tables"),
        (Powers(rolbypassrls=True, writable=1), "could change data"),
        (Powers(owned=1), "could change data"),
        (Powers(rolcreaterole=True, writable=1), "could take over the server"),
        (Powers(rolsuper=True), "could take over the server"),
    ],
)
def test_the_grade_is_the_worst_of_it(powers: Powers, word: str):
    assert grade(powers).grade == word


async def test_owning_a_table_means_it_could_be_dropped(owner_profile: Profile):
    assert (
        "This login owns 2 tables and could drop them." in (await posture_of(owner_profile)).points
    )


@pytest.mark.parametrize(
    ("grant", "point"),
    [
        ("GRANT pg_read_all_data TO visitor", "This login can read every table, those made later"),
        ("GRANT pg_monitor TO visitor", "This login can see the statements other people run."),
        ("GRANT CREATE ON DATABASE shop TO visitor", "This login can create schemas in this"),
    ],
)
async def test_what_is_worth_knowing_is_no_alarm(
    server: Server, login: Profile, grant: str, point: str
):
    server.psql(grant)
    found = await posture_of(login)
    assert found.level == "ok"
    assert any(said.startswith(point) for said in found.points)


async def test_ending_other_sessions_is_a_power(server: Server, login: Profile):
    server.psql("GRANT pg_signal_backend TO visitor")
    found = await posture_of(login)
    assert (found.level, found.points[0]) == (
        "attention", "This login can end other people's sessions."
    )  # fmt: skip


async def test_a_function_with_the_rights_of_others_is_said(server: Server, login: Profile):
    server.psql("CREATE FUNCTION public.borrowed() RETURNS int LANGUAGE sql SECURITY DEFINER "
                "AS 'SELECT 1'; GRANT USAGE ON SCHEMA public TO visitor")  # fmt: skip
    found = await posture_of(login)
    server.psql("DROP FUNCTION public.borrowed()")
    assert found.level == "ok"
    assert any("with the rights of others (SECURITY DEFINER)" in said for said in found.points)
