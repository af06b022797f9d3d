"""What people paste, and what becomes of it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.dsn import BadDsn, Parsed, parse
from trunkline_server.profiles.profile import problems

# A busy computer is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SECRET = "correct horse"


def complaint(text: str) -> BadDsn:
    with pytest.raises(BadDsn) as caught:
        parse(text)
    return caught.value


def said(found: Parsed) -> dict[str, object]:
    """Return the fields without the encryption that is assumed; see test_providers for that."""
    without = {"sslmode"} & found.assumed
    return {name: value for name, value in found.fields.items() if name not in without}


def read(text: str) -> tuple[dict[str, object], str | None]:
    found = parse(text)
    return said(found), found.password


def shop(**more: object) -> dict[str, object]:
    return {"host": "db.example.com", "port": 5433, "database": "shop", "user": "ann", **more}


# --- links


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "POSTGRES", "postgresql+asyncpg", "postgresql+psycopg2"]
)
def test_a_link_fills_five_fields(scheme: str) -> None:
    found = parse(f"{scheme}://ann:pw@db.example.com:5433/shop")
    assert (said(found), found.password, found.fields_read) == (shop(), "pw", 5)


@pytest.mark.parametrize(
    "around",
    ["'{}'", '"{}"', "  {}\n", "{};", '"{}";', "<{}>", "`{}`", "DATABASE_URL={}",
     'DATABASE_URL="{}"', "export DATABASE_URL='{}';", "APP_DATABASE_URL = {}", "$ psql {}",
     "psql '{}' -c 'select 1'", "Connection string: {}", 'url = "{}"', '"url": "{}",',
     "{0}\n{0}", "dj_database_url.parse('{}')"],
)  # fmt: skip
def test_what_stands_around_a_link_does_not_matter(around: str) -> None:
    assert read(around.format("postgres://ann:pw@db.example.com:5433/shop")) == (shop(), "pw")


def test_percent_codes_are_read_as_utf_8() -> None:
    fields, password = read("postgresql://a%40b:p%C3%A4%2F%25@h/my%20db")
    assert (fields["user"], password, fields["database"]) == ("a@b", "pä/%", "my db")


def test_several_hosts_become_fallback_hosts() -> None:
    fields, _ = read("postgres://ann@h1,h2:6,[::1]:7/db?target_session_attrs=primary")
    assert fields["host"] == "h1"
    assert fields["port"] == 5432
    assert fields["fallback_hosts"] == ("h2:6", "[::1]:7")
    assert fields["target_session_attrs"] == "primary"


def test_several_hosts_become_addresses_of_the_profile() -> None:
    profile = parse("postgres://ann@h1,[::1]:7/db").profile("X")
    assert profile.addresses == (("h1", 5432), ("::1", 7))
    assert problems(profile) == []


@pytest.mark.parametrize(
    "text",
    ["postgresql:///shop?host=/var/run/postgresql&user=ann",
     "postgresql://ann@%2Fvar%2Frun%2Fpostgresql/shop",
     "host=/var/run/postgresql dbname=shop user=ann",
     "psql -h /var/run/postgresql -U ann shop"],
)  # fmt: skip
def test_a_unix_socket_is_a_host(text: str) -> None:
    fields, _ = read(text)
    assert fields == {"host": "/var/run/postgresql", "database": "shop", "user": "ann"}


def test_an_ipv6_address_loses_its_brackets() -> None:
    assert read("postgresql://ann@[2001:db8::1]:5433/shop")[0] == shop(host="2001:db8::1")


def test_parameters_of_a_link_win_over_its_server_part() -> None:
    text = "postgresql://x:y@z/shop?host=db.example.com&port=5433&user=ann&password=p%26w"
    assert read(text) == (shop(), "p&w")


def test_parameters_fill_the_tls_fields() -> None:
    fields, _ = read(
        "postgres://ann@h/d?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem"
        "&connect_timeout=3"
    )
    assert fields["sslmode"] == "verify-full"
    assert (fields["sslrootcert"], fields["sslcert"], fields["sslkey"]) == (
        "/ca.pem",
        "/c.pem",
        "/k.pem",
    )
    assert fields["connect_timeout"] == 3.0


@pytest.mark.parametrize(
    ("said", "meant"),
    [("sslmode=no-verify", "require"), ("ssl=true", "require"), ("ssl=require", "require"),
     ("ssl=false", "disable"), ("sslmode=REQUIRE", "require")],
)  # fmt: skip
def test_other_drivers_words_for_encryption_are_understood(said: str, meant: str) -> None:
    assert parse(f"postgres://ann@h/d?{said}").fields["sslmode"] == meant


def test_the_systems_certificates_ask_for_full_checking() -> None:
    fields, _ = read("postgres://ann@h/d?sslrootcert=system")
    assert (fields["sslrootcert"], fields["sslmode"]) == ("", "verify-full")


def test_waiting_for_ever_is_not_taken_over() -> None:
    assert "connect_timeout" not in parse("postgres://ann@h/d?connect_timeout=0").fields


def test_harmless_parameters_are_named_in_a_note() -> None:
    notes = parse("postgres://ann@h/d?pgbouncer=true&schema=public").notes
    assert notes == (
        "“pgbouncer” is not needed and was ignored.",
        "“schema” is not needed and was ignored.",
    )


def test_unknown_parameters_are_told_but_not_named() -> None:
    assert parse("postgres://ann@h/d?hunter2=x").notes == (
        "A setting that Trunkline does not know was ignored.",
    )


def test_a_database_is_assumed_from_the_user_and_not_counted() -> None:
    found = parse("postgres://ann@h")
    assert (found.fields["database"], found.fields_read, len(found.notes)) == ("ann", 2, 1)


# --- where it goes wrong


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("mysql://ann:pw@h/db", "dsn.scheme", "mysql"),
        ("jdbc:oracle:thin:@h", "dsn.scheme", "jdbc"),
        ("https://example.com/", "dsn.scheme", "https"),
        ("gopher://ann@h/db", "dsn.scheme", "gopher"),
        ("DATABASE_URL=mysql://ann:pw@h/db", "dsn.scheme", "mysql"),
        ("postgresql:/ann@h/db", "dsn.scheme", "/ann"),
        ("postgres://ann:pw@h:54x/db", "dsn.port", "54x"),
        ("postgres://ann:pw@h:70000/db", "dsn.port", "70000"),
        ("postgres://ann:pw@h:0/db", "dsn.port", "0/"),
        ("postgres://ann:pw@h/db?port=٣", "dsn.port", "٣"),
        ("postgres://ann:pw@a,b,c/db?port=1,2", "dsn.port", "1,2"),
        ("host=h port=x", "dsn.port", "x"),
        ("psql -h h -p x", "dsn.port", "x"),
        ("PGHOST=h\nPGPORT=x", "dsn.port", "x"),
        ("postgres://ann:p@ss@h/db", "dsn.escape", "@ss"),
        ("postgres://ann:p/ss@h/db", "dsn.escape", "/ss"),
        ("postgres://ann:p?ss@h/db", "dsn.escape", "?ss"),
        ("postgres://ann:100%@h/db", "dsn.escape", "%@"),
        ("postgres://ann:%FF@h/db", "dsn.escape", "%FF"),
        ("postgres://ann:p w@h/db", "dsn.space", " w"),
        ("postgres://ann:pw@/db", "dsn.no_host", "/db"),
        ("postgres:///db", "dsn.no_host", "/db"),
        ("user=ann dbname=d", "dsn.no_host", "user"),
        ("postgres://ann@[::1/db", "dsn.host", "[::1"),
        ("postgres://ann@::1:5432/db", "dsn.host", "::1"),
        ("postgres://ann@h/db?sslmod=require", "dsn.key", "sslmod"),
        ("postgres://ann@h/db?sslmode=sometimes", "dsn.value", "sometimes"),
        ("host=h colour=red", "dsn.key", "colour"),
        ("host=h ann", "dsn.syntax", "ann"),
        ("host=h user='ann", "dsn.quote", "'ann"),
        ("psql -h h -Z", "dsn.key", "-Z"),
        ("psql --hots=h", "dsn.key", "--hots"),
        ("psql -h", "dsn.syntax", "-h"),
        ("postgres://a@h/db postgres://a@h2/db", "dsn.conflict", "postgres://a@h2"),
        ("A_DATABASE_URL=postgres://h/a\nB_DATABASE_URL=postgres://h/b", "dsn.conflict",
         "postgres://h/b"),
        ("A_DB_HOST=one\nB_DB_HOST=two", "dsn.conflict", "two"),
        ("postgres://${USER}@h/db", "dsn.placeholder", "${USER}"),
        ("DATABASE_URL=${{Postgres.DATABASE_URL}}", "dsn.placeholder", "${{"),
        ("hello", "dsn.unknown", "hello"),
        ("  hello", "dsn.unknown", "hello"),
        ("\n ;", "dsn.empty", ""),
    ],
)  # fmt: skip
def test_a_complaint_points_at_the_place(text: str, code: str, place: str) -> None:
    found = complaint(text)
    assert found.code == code
    assert text.startswith(place, found.position)
    assert found.failure.title.endswith(".")
    assert found.failure.hint.endswith((".", "?"))


def test_a_misspelt_parameter_is_answered_with_the_right_one() -> None:
    assert complaint("postgres://ann@h/db?sslmod=require").failure.hint == "Did you mean “sslmode”?"


def test_an_endless_text_is_refused_at_once() -> None:
    assert complaint("a" * 1_000_000).code == "dsn.long"


def test_a_complaint_is_one_of_our_errors() -> None:
    assert isinstance(complaint("hello"), TrunklineError)


# --- key=value


def test_key_value_knows_libpqs_quotes_and_backslashes() -> None:
    text = r"host = db.example.com port=5433 dbname='shop' user=ann password='it\'s a \\ '"
    assert read(text) == (shop(), "it's a \\ ")


def test_key_value_takes_a_backslash_outside_quotes() -> None:
    assert parse(r"host=h password=two\ words\\").password == "two words\\"


def test_key_value_may_stand_on_lines_with_other_names() -> None:
    lines = "username = ann\npassword = pw\nhost = db.example.com\nport = 5433\ndatabase = shop"
    assert read(lines) == (shop(), "pw")


def test_a_password_keeps_its_semicolon() -> None:
    assert parse("host=h user=u password=ab;").password == "ab;"
    assert parse("host=h user=ab;").fields["user"] == "ab"


def test_hostaddr_is_the_host_when_there_is_no_other() -> None:
    assert parse("hostaddr=10.0.0.1 user=ann").fields["host"] == "10.0.0.1"


# --- psql


@pytest.mark.parametrize(
    "text",
    [
        "psql -h db.example.com -p 5433 -U ann -d shop",
        "$ psql -hdb.example.com -p5433 -Uann shop",
        "psql --host=db.example.com --port 5433 --username=ann --dbname shop",
        "psql -h db.example.com -p 5433 shop ann",
        "psql -Atc 'select 1' -h db.example.com -p 5433 -U ann shop | head -n 5",
        "psql -h db.example.com \\\n  -p 5433 \\\n  -U ann \\\n  -d shop",
        "sudo -u postgres psql -h db.example.com -p 5433 -U ann shop",
        "docker compose exec -it db psql -h db.example.com -p 5433 -U ann shop;",
        r'"C:\Program Files\PostgreSQL\18\bin\psql.exe" -h db.example.com -p 5433 -U ann shop',
        'psql "host=db.example.com port=5433 user=ann dbname=shop"',
        "psql -d 'postgresql://ann@db.example.com:5433/shop'",
        "pg_dump -h db.example.com -p 5433 -U ann shop > shop.sql",
    ],
)
def test_a_psql_command_is_read(text: str) -> None:
    assert read(text) == (shop(), None)


@pytest.mark.parametrize(
    "text",
    ["PGPASSWORD=pw psql -h h -U ann", "PGPASSWORD='pw' PGUSER=x psql -h h -U ann",
     'psql "postgresql://ann:pw@h/"', "export PGPASSWORD=pw; psql -h h -U ann"],
)  # fmt: skip
def test_a_password_before_psql_is_read(text: str) -> None:
    assert read(text) == ({"host": "h", "user": "ann", "database": "ann"}, "pw")


def test_psql_without_a_host_means_this_computer() -> None:
    found = parse("psql -U ann shop")
    assert found.fields["host"] == "localhost"
    assert found.notes == ("No server is named: this computer is assumed.",)
    assert found.fields_read == 2


# --- JDBC and .NET


def test_a_jdbc_link_is_read() -> None:
    found = parse("jdbc:postgresql://db.example.com:5433/shop?user=ann&password=pw&ssl=true")
    assert found.fields == shop(sslmode="verify-full")
    assert (found.password, found.source) == ("pw", "jdbc")


def test_jdbcs_sslmode_wins_over_its_ssl() -> None:
    assert parse("jdbc:postgresql://h/d?sslmode=require&ssl=true").fields["sslmode"] == "require"


def test_jdbcs_short_form_means_this_computer() -> None:
    assert parse("jdbc:postgresql:shop").fields == {"host": "localhost", "database": "shop"}


def test_a_dotnet_string_is_read() -> None:
    text = (
        "Server=db.example.com;Database=shop;Port=5433;User Id=ann;Password='p;w';SSL Mode=Require"
    )
    assert read(text) == (shop(sslmode="require"), "p;w")


# --- .env lines and settings

ENV = {
    "libpq": "PGHOST=db.example.com\nPGPORT=5433\nPGUSER=ann\nPGPASSWORD=pw\nPGDATABASE=shop",
    "one line": "PGHOST=db.example.com PGPORT=5433 PGUSER=ann PGPASSWORD=pw PGDATABASE=shop",
    "prefixed": "# sales\nSALES_DB_HOST=db.example.com\nSALES_DB_PORT='5433'\n"
    'export SALES_DB_NAME=shop\nSALES_DB_USER=ann  # reader\nSALES_DB_PASSWORD="pw"\n',
    "laravel": "DB_CONNECTION=pgsql\nDB_HOST=db.example.com\nDB_PORT=5433\nDB_DATABASE=shop\n"
    "DB_USERNAME=ann\nDB_PASSWORD=pw\nREDIS_HOST=redis\nREDIS_PASSWORD=no",
    "beanstalk": "RDS_HOSTNAME=db.example.com\nRDS_PORT=5433\nRDS_DB_NAME=shop\n"
    "RDS_USERNAME=ann\nRDS_PASSWORD=pw",
    "image": "POSTGRES_HOST=db.example.com\nPOSTGRES_PORT=5433\nPOSTGRES_DB=shop\n"
    "POSTGRES_USER=ann\nPOSTGRES_PASSWORD=pw",
    "compose": "environment:\n  POSTGRES_HOST: db.example.com\n  POSTGRES_PORT: 5433\n"
    '  POSTGRES_DB: "shop"\n  - POSTGRES_USER=ann\n  - POSTGRES_PASSWORD=pw\n',
    "mixed": "POSTGRES_USER=ann\nPOSTGRES_PASSWORD=pw\nPOSTGRES_DB=shop\n"
    "DB_HOST=db.example.com\nDB_PORT=5433\n",
    "spring": "SPRING_DATASOURCE_URL=jdbc:postgresql://db.example.com:5433/shop\n"
    "SPRING_DATASOURCE_USERNAME=ann\nSPRING_DATASOURCE_PASSWORD=pw",
    "windows": "\ufeffPGHOST=db.example.com\r\nPGPORT=5433\r\nPGUSER=ann\r\nPGPASSWORD=pw\r\n"
    "PGDATABASE=shop\r\n",
    "vercel": "POSTGRES_URL=postgres://ann:pw@db.example.com:5433/shop\n"
    "POSTGRES_URL_NON_POOLING=postgres://ann:pw@direct.example.com:5433/shop\n"
    "POSTGRES_HOST=elsewhere\n",
    "railway": "DATABASE_URL=postgresql://ann:pw@postgres.railway.internal:5432/shop\n"
    "DATABASE_PUBLIC_URL=postgresql://ann:pw@db.example.com:5433/shop\n",
    "heroku": "HEROKU_POSTGRESQL_AMBER_URL=postgres://ann:pw@db.example.com:5433/shop",
    "test beside": "DATABASE_URL=postgres://ann:pw@db.example.com:5433/shop\n"
    "TEST_DATABASE_URL=postgres://ann:pw@db.example.com:5433/shop_test\n",
    "django": "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql',\n"
    " 'NAME': 'shop', 'USER': 'ann', 'PASSWORD': 'pw',\n"
    " 'HOST': 'db.example.com', 'PORT': '5433'}}",
    "rails": "production:\n  adapter: postgresql\n  host: db.example.com\n  port: 5433\n"
    "  database: shop\n  username: ann\n  password: pw\n",
    "secrets manager": '{"username":"ann","password":"pw","engine":"postgres",'
    '"host":"db.example.com","port":5433,"dbname":"shop"}',
    "node": "new Pool({ host: 'db.example.com', port: 5433, user: 'ann', password: 'pw', "
    "database: 'shop' })",
}


@pytest.mark.parametrize("text", ENV.values(), ids=ENV.keys())
def test_settings_of_programs_are_read(text: str) -> None:
    assert read(text) == (shop(), "pw")


def test_variables_inside_env_values_are_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_DB", "leak")
    assert complaint("PGHOST=${HOME_DB}\nPGUSER=x").code == "dsn.placeholder"


def test_env_values_keep_hashes_and_blanks_inside_quotes() -> None:
    assert parse('DB_HOST=h\nDB_PASSWORD="p w#d A=1"').password == "p w#d A=1"
    assert parse('DB_HOST=h DB_PASSWORD="p w#d A=1"').password == "p w#d A=1"


def test_links_that_were_left_out_are_told() -> None:
    assert "Took POSTGRES_URL; the other links were left out." in parse(ENV["vercel"]).notes


@pytest.mark.parametrize(
    "word", ["[YOUR-PASSWORD]", "<password>", "****************", "${DB_PASSWORD}", "your_password"]
)
def test_a_placeholder_is_no_password(word: str) -> None:
    found = parse(f"postgresql://ann:{word}@db:5433/shop")
    assert (found.fields, found.password) == (shop(host="db"), None)
    assert found.notes == ("The password in this text is only a placeholder: type the real one.",)


def test_dots_of_a_hidden_password_are_kept() -> None:
    assert parse("postgresql://ann:••••••••@h/d").password == "••••••••"


def test_a_parsed_link_becomes_a_profile_that_can_be_saved() -> None:
    profile = parse("postgres://ann:pw@db.example.com:5433/shop").profile("Sales EU")
    assert (profile.id, profile.name, profile.host) == ("sales-eu", "Sales EU", "db.example.com")
    assert problems(profile) == []


# --- the password stays hidden


def test_repr_hides_the_password() -> None:
    found = parse(f"host=h password='{SECRET}'")
    assert found.password == SECRET
    assert SECRET not in repr(found)
    assert SECRET not in f"{found}"


PASSWORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda name: "$" not in name and "{" not in name and "%" not in name
)
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,5})?", fullmatch=True) | st.ip_addresses(
    v=6
).map(lambda address: f"[{address}]")


def is_real(found: Parsed) -> bool:
    return not any("placeholder" in note for note in found.notes)


@unhurried
@given(user=NAMES, password=PASSWORDS, host=HOSTS, port=st.integers(1, 65535), database=NAMES)
def test_every_encoded_link_comes_back(
    user: str, password: str, host: str, port: int, database: str
) -> None:
    parts = (quote(user, safe=""), quote(password, safe=""), host, port, quote(database, safe=""))
    found = parse("postgresql://{}:{}@{}:{}/{}".format(*parts))
    assert said(found) == {
        "host": host.strip("[]"), "port": port, "database": database, "user": user
    }  # fmt: skip
    assert found.password == password or not is_real(found)


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@unhurried
@given(user=NAMES, password=PASSWORDS, database=NAMES)
def test_every_quoted_key_value_text_comes_back(user: str, password: str, database: str) -> None:
    text = f"host=h user={quoted(user)} password={quoted(password)} dbname={quoted(database)}"
    found = parse(text)
    assert found.fields == {"host": "h", "database": database, "user": user}
    assert found.password == password or not is_real(found)


PIECES = st.sampled_from(
    ["postgresql://", "jdbc:", "psql ", "-h ", "--host=", "PGHOST=", "DB_URL=", "host=", "user=",
     "password=", "'", '"', "\\", "%", "@", ":", "/", "?", "&", "=", ";", "[", "]", "\n", " ", "{",
     "${", "name: ", "export ", "Host=", "x", "5432", ",", "\x00", "\ud800", "#"]
)  # fmt: skip


@unhurried
@given(st.text() | st.lists(PIECES).map("".join))
def test_nothing_but_our_complaint_is_ever_raised(text: str) -> None:
    try:
        found = parse(text)
    except BadDsn as exc:
        position = exc.position
    else:
        found.profile("X")
        position = found.fields_read
    assert 0 <= position <= max(len(text), 1)


SECRETS = st.text("abcXYZ019@:/?#%&=+' \"\\;,[]{}<>!~`^|", min_size=6, max_size=20).filter(
    lambda text: text.strip() and "placeholder" not in text
)
FORMS = st.sampled_from(
    ["postgresql://ann:{}@h/db", "postgresql://ann:{}@h:x/db", "host=h password={} port=x",
     "host=h password={}", "PGPASSWORD={} psql -h h", "PGHOST=h\nPGPASSWORD={}\nPGPORT=x",
     "jdbc:postgresql://h/d?password={}&ssl=maybe", "Host=h;Password={};Port=x",
     "DATABASE_URL=postgres://ann:{}@h/db?sslmode=maybe", "psql postgres://ann:{}@h:x/db"]
)  # fmt: skip


@unhurried
@given(form=FORMS, secret=SECRETS)
def test_no_message_and_no_note_quotes_a_password(form: str, secret: str) -> None:
    """Not even one that its own special characters have torn into pieces."""
    try:
        found = parse(form.format(secret))
        shown = " ".join(found.notes)
    except BadDsn as exc:
        shown = f"{exc} {exc.failure}"
    pieces = [piece for piece in re.split(r"[^A-Za-z0-9]+", secret) if len(piece) > 3]
    assert secret not in shown
    assert not [piece for piece in pieces if piece in shown]
