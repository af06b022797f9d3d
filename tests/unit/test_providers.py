"""Services that host PostgreSQL, and how a server is encrypted when nobody says."""

from __future__ import annotations

import re

import pytest

from trunkline_server.profiles import providers
from trunkline_server.profiles.dsn import parse
from trunkline_server.profiles.profile import Profile, problems
from trunkline_server.profiles.services import PROVIDERS

HOSTS = {
    "db.abcdefghijklmnopqrst.supabase.co": ("Supabase", "verify-full"),
    "aws-0-eu-central-1.pooler.supabase.com": ("Supabase", "verify-full"),
    "ep-cool-darkness-123456.us-east-2.aws.neon.tech": ("Neon", "verify-full"),
    "ep-cool-darkness-123456-pooler.us-east-2.aws.neon.tech": ("Neon", "verify-full"),
    "shop.c1a2b3.eu-west-1.rds.amazonaws.com": ("Amazon RDS or Aurora", "verify-full"),
    "shop.cluster-ro-c1a2b3.eu-west-1.rds.amazonaws.com": ("Amazon RDS or Aurora", "verify-full"),
    "shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com": ("Amazon RDS Proxy", "verify-full"),
    "shop.postgres.database.azure.com": ("Azure Database for PostgreSQL", "verify-full"),
    "a1b2c3.d4e5f6.europe-west3.sql.goog": ("Google Cloud SQL", "verify-full"),
    "ec2-52-1-2-3.compute-1.amazonaws.com": ("Heroku Postgres", "require"),
    "ec2-52-1-2-3.eu-west-1.compute.amazonaws.com": ("Heroku Postgres", "require"),
    "abc.def.tsdb.cloud.timescale.com": ("Timescale", "verify-full"),
    "pg-1-shop.a.aivencloud.com": ("Aiven", "verify-full"),
    "monorail.proxy.rlwy.net": ("Railway", "require"),
    "postgres.railway.internal": ("Railway's private network", "prefer"),
    "dpg-abc123-a.oregon-postgres.render.com": ("Render", "verify-full"),
    "dpg-abc123-a": ("Render's private network", "prefer"),
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_service_is_recognised_by_its_host(host: str):
    found = providers.of(f"{host.upper()}.")
    assert found is not None
    assert (found.name, providers.sslmode_for(host)) == HOSTS[host]


@pytest.mark.parametrize(
    "host",
    ["db.example.com", "neon.tech.example.com", "supabase.co", "evil-neon.tech", "x.amazonaws.com",
     "db.supabase.co.example", "localhost", "10.0.0.1", "/var/run/postgresql", ""],
)  # fmt: skip
def test_other_hosts_are_of_no_service(host: str):
    assert providers.of(host) is None


@pytest.mark.parametrize(
    "host",
    ["localhost", "db", "127.0.0.1", "::1", "10.1.2.3", "192.168.1.5", "fe80::1%eth0", "fd00::1",
     "nas.local", "db.svc.cluster.local", "db.corp.internal", "/run/postgresql", "@abstract", ""],
)  # fmt: skip
def test_a_local_server_is_encrypted_if_it_offers_it(host: str):
    assert providers.sslmode_for(host) == "prefer"


@pytest.mark.parametrize("host", ["db.example.com", "8.8.8.8", "2606:4700::1111"])
def test_any_other_server_must_prove_its_name(host: str):
    assert providers.sslmode_for(host) == "verify-full"


def test_what_goes_through_ssh_is_encrypted_already():
    assert providers.sslmode_for("db.example.com", ssh_host="bastion") == "prefer"


def test_a_pasted_link_takes_the_encryption_of_its_service():
    found = parse("postgres://u:p@monorail.proxy.rlwy.net:23456/railway")
    assert found.fields["sslmode"] == "require"
    assert found.notes[0].startswith("Looks like Railway: ")


def test_a_pasted_link_to_another_server_is_checked():
    found = parse("postgres://u:p@db.example.com/shop")
    assert found.fields["sslmode"] == "verify-full"
    assert found.notes == (
        "How to encrypt is not said: a certificate that can be checked is assumed.",
    )


def test_what_a_text_says_about_encryption_is_kept():
    found = parse("postgres://u:p@ep-a-1.eu.aws.neon.tech/shop?sslmode=require")
    assert found.fields["sslmode"] == "require"
    assert "sslmode" not in found.assumed


def test_an_assumed_encryption_is_not_counted_as_read():
    assert parse("postgres://u:p@db.example.com:5432/shop").fields_read == 5


def test_a_local_link_says_nothing_about_encryption():
    assert "sslmode" not in parse("postgres://u:p@localhost/shop").fields


def test_the_same_note_is_told_once_for_lines_around_a_link():
    host = "ep-a-1.eu.aws.neon.tech"
    notes = parse(f"DATABASE_URL=postgres://u:p@{host}/shop\nPGHOST={host}").notes
    assert len([n for n in notes if n.startswith("Looks like")]) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_a_pasted_profile_of_a_service_can_be_saved(host: str):
    assert problems(parse(f"postgres://u:p@{host}/shop").profile("Shop")) == []


def profile(host: str, **fields: object) -> Profile:
    return Profile(id="p", name="P", host=host, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("port", "mode"), [(6543, "transaction"), (5432, "session")])
def test_the_mode_of_supabases_pooler_is_told_by_its_port(port: int, mode: str):
    pooler = profile("aws-0-eu.pooler.supabase.com", port=port, user="postgres.abc")
    assert providers.notes_on(pooler)[1] == f"This is its pooler in {mode} mode."


def test_a_user_without_the_projects_reference_is_told_at_the_login():
    pooler = profile("aws-0-eu.pooler.supabase.com", user="postgres")
    assert "the reference of the project" in providers.next_step("login.failed", pooler)
    right = profile("aws-0-eu.pooler.supabase.com", user="postgres.abc")
    assert providers.next_step("login.password", right) == ""


@pytest.mark.parametrize(
    ("host", "code", "words"),
    [
        ("db.abc.supabase.co", "reach.no_route", "IPv6"),
        ("db.abc.supabase.co", "tls.unknown_ca", "Download the certificate in its dashboard"),
        ("x.y.eu-west-1.rds.amazonaws.com", "tls.unknown_ca", "global-bundle.pem"),
        ("x.y.eu-west-1.rds.amazonaws.com", "reach.filtered", "security group"),
        ("x.postgres.database.azure.com", "reach.filtered", "firewall rules"),
        ("a.b.europe-west3.sql.goog", "tls.unknown_ca", "server-ca.pem"),
        ("a.b.europe-west3.sql.goog", "tls.wrong_name", "verify-ca"),
        ("ec2-52-1-2-3.compute-1.amazonaws.com", "login.password", "copy the connection string"),
        ("ec2-52-1-2-3.compute-1.amazonaws.com", "tls.self_signed", "“require”"),
        ("a.b.tsdb.cloud.timescale.com", "tls.self_signed", "half an hour"),
        ("pg.a.aivencloud.com", "tls.unknown_ca", "ca.pem"),
        ("postgres.railway.internal", "resolve.unknown", "DATABASE_PUBLIC_URL"),
        ("dpg-abc-a", "resolve.unknown", "external database URL"),
        ("ep-a.eu.aws.neon.tech", "login.timeout", "wake up"),
        ("ep-a.eu.aws.neon.tech", "tls.unknown_ca", "company's network"),
        ("db.example.com", "tls.unknown_ca", "“require”"),
        ("203.0.113.5", "tls.wrong_name", "verify-ca"),
    ],
)
def test_a_failure_at_a_service_has_its_own_next_step(host: str, code: str, words: str):
    assert words in providers.next_step(code, profile(host))


@pytest.mark.parametrize("host", ["pg.a.aivencloud.com", "m.proxy.rlwy.net",
                                  "a.b.tsdb.cloud.timescale.com"])  # fmt: skip
def test_the_usual_port_is_doubted_where_it_is_never_right(host: str):
    assert "not 5432" in providers.next_step("reach.refused", profile(host, port=5432))
    assert providers.next_step("reach.refused", profile(host, port=12345)) == ""


def test_a_user_with_the_servers_name_is_told_at_azures_login():
    found = profile("x.postgres.database.azure.com", user="ann@x")
    assert "without “@”" in providers.next_step("login.password", found)


def test_a_failure_elsewhere_keeps_its_general_next_step():
    assert providers.next_step("login.password", profile("db.example.com")) == ""
    assert providers.next_step("tls.wrong_name", profile("db.example.com")) == ""


def test_every_word_to_a_person_is_a_sentence():
    told = [step for p in PROVIDERS for _, step in p.advice]
    told += [p.own_port for p in PROVIDERS if p.own_port]
    told += [n for host in HOSTS for n in providers.notes_on(profile(host))]
    for sentence in told:
        assert sentence.endswith(".")
        assert not re.search(r"!|Error|  |\{", sentence)
