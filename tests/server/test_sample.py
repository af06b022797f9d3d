"""The sample shop: what is in it, who gets in, and when its server runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.fakes import MemoryKeyring
from trunkline_server import embedded, sample
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets

OTHER_USER = """
import sys
from trunkline_server import sample
print(sample.start().host, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def shop_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose sample shop this process has made, so it knows the password."""
    home = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_HOME", str(home))
        sample.password()
        yield home
        sample.stop()


@pytest.fixture
def shop(shop_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TRUNKLINE_HOME", str(shop_home))
    sample.start()
    yield shop_home
    sample.start()  # so that the password stays known when a test stopped it


async def connect(user: str = "shop_reader", password: str = "") -> asyncpg.Connection:
    place = sample.resolve(sample.profile())
    return await asyncpg.connect(
        host=place.host,
        port=place.port,
        user=user,
        database="shop",
        password=password or sample.password(),
    )


async def value(sql: str) -> object:
    connection = await connect()
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def other_user(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER_USER],
        env={**os.environ, "TRUNKLINE_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def started(user: subprocess.Popen[str]) -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def ended(user: subprocess.Popen[str]) -> int:
    user.communicate(timeout=30)
    return user.returncode


def exists(link: Path) -> bool:
    return link.is_symlink()


def is_running(home: Path) -> bool:
    return embedded.running(home / "data" / "sample" / "pg") is not None


def copy_of(shop: Path, home: Path) -> Path:
    """Return a home with a stopped copy of the shop: quicker than making another."""
    sample_folder = home / "data" / "sample"
    sample_folder.mkdir(parents=True, mode=0o700)
    known = sample._uses[shop / "data" / "sample"].password
    sample.stop()
    subprocess.run(["cp", "-a", shop / "data/sample/pg", sample_folder / "pg"], check=True)
    subprocess.run(["cp", "-a", shop / "data/sample/verifier", sample_folder], check=True)
    sample.start()
    sample._uses[shop / "data" / "sample"].password = known
    return home


@pytest.fixture(scope="module")
def another(shop_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(shop_home, tmp_path_factory.mktemp("another"))


# What is in it


async def test_it_has_about_fifty_thousand_rows(shop: Path) -> None:
    counts = [
        await value(f"SELECT count(*) FROM shop.{table}")
        for table in ("customers", "products", "orders", "order_items", "payments", "reviews")
    ]
    assert 50_000 < sum(int(str(count)) for count in counts) < 60_000
    assert min(int(str(count)) for count in counts) >= 300


async def test_the_rows_are_the_same_on_every_computer(shop: Path) -> None:
    whole = "SELECT md5(string_agg(md5(r::text), '' ORDER BY r)) FROM shop.order_items AS r"
    assert await value(whole) == "1db38241521f4878e0a6bcd6fba273d5"


async def test_every_relation_and_column_is_described(shop: Path) -> None:
    silent = await value("""
        SELECT string_agg(relation.oid::regclass || '.' || coalesce(attname, ''), ', ')
        FROM pg_class AS relation
        LEFT JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND relkind = 'r'
        WHERE relnamespace IN ('shop'::regnamespace, 'analytics'::regnamespace)
          AND relkind IN ('r', 'v', 'm')
          AND (obj_description(relation.oid) IS NULL
               OR attnum IS NOT NULL AND col_description(relation.oid, attnum) IS NULL)""")
    assert silent is None


async def test_nobody_orders_before_joining(shop: Path) -> None:
    early = """SELECT count(*) FROM shop.orders JOIN shop.customers ON customers.id = customer_id
               WHERE ordered_at::date < joined_on"""
    assert await value(early) == 0


async def test_payments_match_what_was_delivered(shop: Path) -> None:
    unpaid = """SELECT count(*) FROM shop.order_totals WHERE status = 'delivered' AND total <>
        (SELECT sum(amount) FROM shop.payments WHERE payments.order_id = order_totals.order_id)"""
    assert await value(unpaid) == 0


# Who gets in


async def test_the_reader_cannot_write(shop: Path) -> None:
    connection = await connect()
    await connection.execute("SET default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM shop.reviews")
    await connection.close()


async def test_the_reader_cannot_make_tables_anywhere(shop: Path) -> None:
    rights = """SELECT has_database_privilege('shop', 'CREATE, TEMP')
        OR bool_or(has_schema_privilege(oid, 'CREATE')) FROM pg_namespace"""
    assert await value(rights) is False


@pytest.mark.parametrize("user", ["postgres", "shop_owner"])
async def test_nobody_but_the_reader_gets_in(shop: Path, user: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await connect(user)


async def test_a_wrong_password_is_refused(shop: Path) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(password="guess")


def test_no_file_holds_the_password(shop: Path) -> None:
    secret = sample.password().encode()
    files = [file for file in shop.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if secret in file.read_bytes()]


def test_the_server_does_not_listen_on_the_network(shop: Path) -> None:
    assert sample.start().host.startswith("/")


# When its server runs


def test_starting_twice_gives_the_same_server(shop: Path) -> None:
    assert sample.start() == sample.start()


def test_it_stops_when_its_only_user_reaches_the_end(another: Path) -> None:
    user = other_user(another)
    assert started(user)
    assert ended(user) == 0
    assert not is_running(another)


def test_it_stops_when_its_only_user_is_asked_to_stop(another: Path) -> None:
    user = other_user(another)
    started(user)
    user.terminate()
    assert ended(user) == -signal.SIGTERM
    assert not is_running(another)


def test_it_keeps_running_while_another_user_lives(another: Path) -> None:
    first, second = other_user(another), other_user(another)
    assert started(first) == started(second)
    assert ended(first) == 0
    assert is_running(another)
    assert ended(second) == 0
    assert not is_running(another)


def test_a_killed_user_leaves_a_server_that_the_next_one_stops(another: Path) -> None:
    killed = other_user(another)
    started(killed)
    killed.kill()
    ended(killed)
    assert is_running(another)
    after = other_user(another)
    started(after)
    ended(after)
    assert not is_running(another)


async def test_a_first_start_cut_short_leaves_nothing_and_the_password_stays(shop: Path) -> None:
    secret, folder = sample.password(), shop / "data" / "sample"
    embedded.stop(folder / "pg")
    (folder / "pg").rename(folder / "making-half")
    (folder / "making-half" / "PG_VERSION").unlink()
    sample.start()
    assert not list(folder.glob("making-*"))
    await (await connect(password=secret)).close()


async def test_a_broken_folder_is_made_again(shop: Path) -> None:
    secret, data = sample.password(), shop / "data" / "sample" / "pg"
    embedded.stop(data)
    (data / "global" / "pg_control").unlink()
    sample.start()
    await (await connect(password=secret)).close()


async def test_a_folder_with_a_very_long_path_works(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = sample.password()
    home = copy_of(shop, tmp_path / ("long-" * 20) / ("path-" * 20))
    monkeypatch.setenv("TRUNKLINE_HOME", str(home))
    await (await connect(password=secret)).close()
    short = Path(sample.start().host)
    sample._leave(home / "data" / "sample")
    assert not exists(short)


async def test_a_process_that_does_not_know_the_password_gets_a_new_one(another: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_HOME", str(another))
        new = sample.password()
        await (await connect(password=new)).close()
        sample._leave(another / "data" / "sample")


async def test_a_process_that_does_not_know_the_password_finds_it_in_the_keyring(
    shop: Path, memory_keyring: MemoryKeyring
) -> None:
    use, secret = sample._uses[shop / "data" / "sample"], sample.password()
    secrets.put("sample", secret)
    use.password = None
    assert sample.password() == secret


def test_without_the_extra_the_failure_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrunklineError) as caught:
        sample.start()
    assert caught.value.code == "sample.missing"
    assert "trunkline[sample]" in caught.value.failure.hint
