"""grant-sql: the SQL of a reader, and the reader itself, on two real servers."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import MemoryKeyring
from tests.server.conftest import PASSWORD, Server
from tests.server.debian import debian  # noqa: F401  a fixture is used by its name
from trunkline_server import cli
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.roles import grant_apply, grants
from trunkline_server.postgres.roles.grants import Reader, Table
from trunkline_server.profiles import secrets, store
from trunkline_server.profiles.profile import Profile

ROLE = grants.ROLE

DATA = """
CREATE SCHEMA desk; CREATE SCHEMA back;
CREATE TABLE desk.people (id int GENERATED ALWAYS AS IDENTITY, name text, ssn text);
INSERT INTO desk.people (name, ssn) VALUES ('Ada', '1');
CREATE TABLE desk.salaries (who int, pay int);
CREATE VIEW desk.names AS SELECT id, name FROM desk.people;
CREATE VIEW desk.numbers AS SELECT ssn AS n FROM desk.people;
CREATE VIEW desk.rows AS SELECT to_json(p) AS r FROM desk.people p;
CREATE VIEW desk.paid AS SELECT count(*) AS n FROM desk.salaries;
CREATE VIEW desk.over_paid AS SELECT * FROM desk.paid;
CREATE TABLE desk.child () INHERITS (desk.people);
CREATE TABLE back.log (line text);
"""

HIDDEN = ("desk.people.ssn", "desk.salaries")


@dataclass(frozen=True)
class Place:
    """A server with a database ``grants`` of one test."""

    psql_path: Path
    port: int
    profile: Profile

    def psql(self, sql: str, user: str = "postgres", password: str = PASSWORD) -> str:
        """Run ``sql`` over 127.0.0.1 and return the answer; ``AssertionError`` when refused."""
        command = [str(self.psql_path), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                   "-p", str(self.port), "-U", user, "-d", self.database]  # fmt: skip
        environment = {**os.environ, "PGPASSWORD": password}
        done = subprocess.run(
            command, input=sql, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    database: str = "grants"

    def has_role(self, role: str = ROLE) -> bool:
        return self.psql(f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'") == "1"


BOTH = pytest.mark.parametrize("place", ["embedded", "debian"], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, home: Path, memory_keyring: MemoryKeyring) -> Any:
    if getattr(request, "param", "embedded") == "embedded":
        server: Server = request.getfixturevalue("server")
        server.psql("CREATE DATABASE grants", "postgres")
        path, port, drop = server.bin / "psql", server.port, server.psql
    else:
        found = request.getfixturevalue("debian")
        found.psql(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'; CREATE DATABASE grants")
        path, port, drop = found.programs / "psql", found.port, found.psql
    profile = Profile(id="grants", name="Grants", host="127.0.0.1", port=port, database="grants",
                      sslmode="disable", user="postgres")  # fmt: skip
    made = Place(path, port, profile)
    made.psql(DATA)
    saved(profile)
    yield made
    drop("DROP DATABASE grants WITH (FORCE)", "postgres")
    roles = drop("SELECT rolname FROM pg_roles WHERE rolname ~ '^(trunkline_|g_)'", "postgres")
    for role in roles.split():
        drop(f'DROP ROLE "{role}"', "postgres")


def saved(profile: Profile, password: str = PASSWORD) -> None:
    store.Store().save(profile)
    secrets.put(profile.id, password)


def grant_sql(*options: str) -> int:
    return cli.main(["grant-sql", "--profile", "grants", *options])


def applied(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    code = grant_sql("--apply", "--show-password", "--json", *options)
    said = capsys.readouterr()
    assert code == 0, said.err
    reply: dict[str, Any] = json.loads(said.out)
    return reply


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    code = grant_sql(*options)
    said = capsys.readouterr()
    assert code in {1, 2}
    assert said.out == ""
    return said.err


def cannot(place: Place, sql: str, password: str, role: str = ROLE) -> str:
    with pytest.raises(AssertionError) as caught:
        place.psql(sql, role, password)
    return str(caught.value)


@BOTH
def test_the_printed_sql_makes_a_reader(place: Place, capsys: pytest.CaptureFixture[str]):
    assert grant_sql() == 0
    place.psql(capsys.readouterr().out)
    place.psql(f"ALTER ROLE {ROLE} PASSWORD 'x'")
    assert place.psql("SELECT name FROM desk.people", ROLE, "x") == "Ada"
    assert "permission denied" in cannot(place, "BEGIN READ WRITE; DELETE FROM desk.people", "x")


@BOTH
def test_a_superuser_makes_a_reader_that_is_proved(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    reply = applied(capsys)
    assert {"posture: reads only", "reads desk.people", "cannot insert", "cannot start programs",
            "cannot create a temporary table"} <= set(reply["proved"])  # fmt: skip
    assert place.psql("SELECT name FROM desk.people", ROLE, reply["password"]) == "Ada"
    assert "read-only" in cannot(place, "CREATE TEMP TABLE t ()", reply["password"])


@BOTH
def test_a_table_made_later_can_be_read(place: Place, capsys: pytest.CaptureFixture[str]):
    password = applied(capsys)["password"]
    place.psql("CREATE TABLE desk.later AS SELECT 7 AS n")
    assert place.psql("SELECT n FROM desk.later", ROLE, password) == "7"


@BOTH
def test_what_is_hidden_is_not_granted(place: Place, capsys: pytest.CaptureFixture[str]):
    saved(replace(place.profile, hidden=HIDDEN))
    reply = applied(capsys)
    password = reply["password"]
    assert place.psql("SELECT name FROM desk.people", ROLE, password) == "Ada"
    assert place.psql("SELECT count(*) FROM desk.names", ROLE, password) == "1"
    for hidden in ("ssn FROM desk.people", "ssn FROM desk.child", "* FROM desk.salaries",
                   "* FROM desk.numbers", "* FROM desk.rows", "* FROM desk.paid",
                   "* FROM desk.over_paid"):  # fmt: skip
        assert "permission denied" in cannot(place, f"SELECT {hidden}", password), hidden
    assert "cannot read desk.people.ssn" in reply["proved"]
    assert any(said.startswith("Left out: desk.numbers") for said in reply["remarks"])


def test_only_the_allowed_schemas_are_granted(place: Place, capsys: pytest.CaptureFixture[str]):
    saved(replace(place.profile, schemas=("desk",)))
    password = applied(capsys)["password"]
    assert "permission denied for schema back" in cannot(place, "SELECT * FROM back.log", password)


def test_schemas_can_be_named(place: Place, capsys: pytest.CaptureFixture[str]):
    password = applied(capsys, "--schemas", "back")["password"]
    assert place.psql("SELECT count(*) FROM back.log", ROLE, password) == "0"
    assert "permission denied" in cannot(place, "SELECT * FROM desk.people", password)


def test_an_unknown_schema_is_refused(place: Place, capsys: pytest.CaptureFixture[str]):
    assert "There is no schema “nope”" in refused(capsys, "--schemas", "desk,nope")


@BOTH
def test_twice_is_safe_and_keeps_the_password(place: Place, capsys: pytest.CaptureFixture[str]):
    password = applied(capsys)["password"]
    again = applied(capsys)
    assert (again["exists"], "password" in again) == (True, False)
    assert place.psql("SELECT name FROM desk.people", ROLE, password) == "Ada"


def test_a_second_time_takes_back_what_is_hidden_now(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    password = applied(capsys)["password"]
    saved(replace(place.profile, hidden=("desk.people.ssn",), schemas=("desk",)))
    applied(capsys)
    assert "permission denied" in cannot(place, "SELECT ssn FROM desk.people", password)
    assert "permission denied" in cannot(place, "SELECT * FROM back.log", password)
    assert place.psql("SELECT name FROM desk.people", ROLE, password) == "Ada"


def test_a_new_password_is_given_on_request(place: Place, capsys: pytest.CaptureFixture[str]):
    before = applied(capsys)["password"]
    after = applied(capsys, "--new-password")["password"]
    assert place.psql("SELECT 1", ROLE, after) == "1"
    assert "password authentication failed" in cannot(place, "SELECT 1", before)


@BOTH
def test_an_owner_who_may_not_make_logins_is_refused_plainly(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    place.psql(f"CREATE ROLE g_owner LOGIN PASSWORD '{PASSWORD}';"
               "ALTER DATABASE grants OWNER TO g_owner; GRANT USAGE ON SCHEMA desk TO g_owner;"
               "ALTER TABLE desk.people OWNER TO g_owner")  # fmt: skip
    saved(replace(place.profile, user="g_owner"))
    said = refused(capsys, "--apply", "--show-password")
    assert "The login “g_owner” may not create logins. Nothing was changed." in said
    assert not place.has_role()


@BOTH
def test_an_administrator_without_superuser_grants_what_it_can(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    place.psql(f"CREATE ROLE g_admin LOGIN CREATEROLE PASSWORD '{PASSWORD}';"
               "ALTER SCHEMA desk OWNER TO g_admin; ALTER TABLE desk.people OWNER TO g_admin;"
               "ALTER DATABASE grants OWNER TO g_admin;"
               "GRANT SELECT ON desk.salaries TO g_admin")  # fmt: skip
    saved(replace(place.profile, user="g_admin"))
    reply = applied(capsys)
    assert place.psql("SELECT name FROM desk.people", ROLE, reply["password"]) == "Ada"
    assert (
        "Left out: desk.salaries: it belongs to postgres, who has to grant it." in reply["remarks"]
    )
    assert applied(capsys)["exists"]


def test_what_everybody_may_change_stops_it(place: Place, capsys: pytest.CaptureFixture[str]):
    place.psql("GRANT INSERT ON back.log TO PUBLIC")
    said = refused(capsys, "--apply", "--show-password")
    assert "could change back.log: everybody (PUBLIC) may. Nothing was changed." in said
    assert not place.has_role()


def test_a_login_that_cannot_get_in_is_taken_away_again(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    place.psql("ALTER DATABASE grants CONNECTION LIMIT 0")  # superusers come in all the same
    said = refused(capsys, "--apply", "--show-password")
    assert f"The role “{ROLE}” was taken away again; nothing is left of it." in said
    assert not place.has_role()


def test_a_public_schema_open_to_all_is_a_remark(place: Place, capsys: pytest.CaptureFixture[str]):
    place.psql("GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE public.t ()")
    assert any("REVOKE CREATE ON SCHEMA public" in said for said in applied(capsys)["remarks"])


def test_the_login_is_saved_with_its_password_in_the_keyring(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    assert grant_sql("--apply", "--save-as", "Reading") == 0
    said = capsys.readouterr()
    made = store.Store().get("Reading")
    password = secrets.get(made.id)
    assert made.user == ROLE
    assert password
    assert password not in said.out + said.err
    assert place.psql("SELECT name FROM desk.people", ROLE, password) == "Ada"


def test_a_name_that_is_taken_stops_it_before_anything_is_made(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    assert "already has this name" in refused(capsys, "--apply", "--save-as", "Grants")
    assert not place.has_role()


def test_a_password_of_your_own_comes_from_the_input(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("my own words\n"))
    assert grant_sql("--apply", "--password-stdin") == 0
    assert "my own words" not in capsys.readouterr().out
    assert place.psql("SELECT name FROM desk.people", ROLE, "my own words") == "Ada"


@pytest.mark.parametrize(
    ("attribute", "after"),
    [
        ("CREATEDB", ""),
        ("", "GRANT pg_monitor TO g_taken"),
        ("", "ALTER TABLE back.log OWNER TO g_taken"),
    ],
)
def test_a_role_that_is_more_than_a_reader_is_left_alone(
    place: Place, capsys: pytest.CaptureFixture[str], attribute: str, after: str
):
    place.psql(f"CREATE ROLE g_taken {attribute}; {after}")
    said = refused(capsys, "--apply", "--show-password", "--role", "g_taken")
    assert "it is more than a reader" in said


def test_the_profile_s_own_login_is_refused(place: Place, capsys: pytest.CaptureFixture[str]):
    assert "the login of this profile itself" in refused(capsys, "--role", "postgres")


def test_nothing_is_made_when_nobody_would_know_the_password(
    place: Place, capsys: pytest.CaptureFixture[str]
):
    assert "nobody would know it" in refused(capsys, "--apply")
    assert not place.has_role()


def test_the_password_s_options_want_apply(place: Place, capsys: pytest.CaptureFixture[str]):
    assert "Only --apply makes a login" in refused(capsys, "--show-password")


def test_printing_changes_nothing(place: Place, capsys: pytest.CaptureFixture[str]):
    assert grant_sql("--json") == 0
    assert json.loads(capsys.readouterr().out)["applied"] is False
    assert not place.has_role()


def test_no_password_is_in_the_server_s_statements(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    sent: list[str] = []
    kept = grant_apply._all_or_none

    async def watched(connection: Any, lines: Any, reader: Reader) -> None:
        sent.extend(lines)
        await kept(connection, lines, reader)

    monkeypatch.setattr(grant_apply, "_all_or_none", watched)
    password = applied(capsys)["password"]
    assert any("PASSWORD 'SCRAM-SHA-256$" in line for line in sent)
    assert not any(password in line for line in sent)


# The text alone


def test_a_name_cannot_break_out_of_the_sql():
    evil = 'x"; DROP TABLE t; --\nDROP TABLE u; --'
    reader = Reader(role=evil, database=evil, schemas=(evil,), others=((evil, evil),),
                    tables=(Table(schema=evil, name=evil, columns=(evil,)),),
                    left_out=((evil, "no"),), makers=((evil, evil),))  # fmt: skip
    outside = grants.text(reader).replace(grants.quoted(evil), "NAME")
    assert [line for line in outside.splitlines() if line.startswith("DROP")] == []
    comments = [line for line in outside.splitlines() if "DROP" in line]
    assert all(line.startswith("-- ") for line in comments)


def test_a_schema_of_which_all_is_shown_is_one_grant():
    reader = Reader(role="r", database="d", schemas=("a", "b"), whole=frozenset({"a"}),
                    tables=(Table(schema="b", name="t"), Table(schema="b", name="u",
                            columns=("x", "y"))))  # fmt: skip
    found = grants.statements(reader)
    assert 'GRANT SELECT ON ALL TABLES IN SCHEMA "a" TO "r"' in found
    assert 'GRANT SELECT ON "b"."t" TO "r"' in found
    assert 'GRANT SELECT ("x", "y") ON "b"."u" TO "r"' in found
    assert 'GRANT SELECT ON ALL TABLES IN SCHEMA "b" TO "r"' not in found


def test_the_group_dba_is_a_remark_only():
    plain, dba = (Reader(role="r", database="d", is_dba=is_dba) for is_dba in (False, True))
    assert not any("pg_monitor" in said for said in grants.remarks(plain))
    assert any("GRANT pg_monitor" in said for said in grants.remarks(dba))
    assert not any("pg_monitor" in line for line in grants.statements(dba))


def test_a_verifier_is_postgresql_s_own_form():
    found = grant_apply.verifier("pencil")
    assert found.startswith("SCRAM-SHA-256$4096:")
    assert "pencil" not in found
    assert found != grant_apply.verifier("pencil")  # salted


@pytest.mark.parametrize("password", ["", "pässword", "two\nlines", "tab\t"])
def test_a_password_that_cannot_be_sent_safely_is_refused(password: str):
    with pytest.raises(TrunklineError) as caught:
        grant_apply.verifier(password)
    assert caught.value.code == "grant.password"
