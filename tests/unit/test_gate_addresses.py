"""Where a request comes from, when proxies stand between and strangers invent headers."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_server.serving.gate.addresses import NOBODY, address, bucket, networks
from trunkline_server.serving.gate.forwarded import ContradictionError, client_of
from trunkline_server.serving.gate.places import Places
from trunkline_server.serving.gate.sizes import Sizes

PROXIES = networks("10.0.0.0/8, fd00::/8")
PEER = address("10.0.0.1")


def told(*headers: tuple[str, str], peer: str = "10.0.0.1") -> str:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return str(client_of(address(peer), pairs, PROXIES).address)


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4, 10.0.0.2, 10.0.0.3", "1.2.3.4"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("1.2.3.4, nonsense", "10.0.0.1"),
        ("1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.2.3.4:4711", "1.2.3.4"),
        ("", "10.0.0.1"),
        (" , ,", "10.0.0.1"),
    ],
)
def test_forwarded_for_is_read_from_the_right_over_trusted_hops(value: str, client: str):
    assert told(("x-forwarded-for", value)) == client


def test_several_lines_of_a_header_are_one_list():
    assert told(("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "1.2.3.4")) == "1.2.3.4"


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=1.2.3.4", "1.2.3.4"),
        ('for="[2001:db8::1]:4711"', "2001:db8::1"),
        ("for=9.9.9.9, For=1.2.3.4;proto=https;by=10.0.0.1", "1.2.3.4"),
        ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
    ],
)
def test_the_standard_s_own_header_is_read_too(value: str, client: str):
    assert told(("forwarded", value)) == client


def test_a_stranger_s_headers_are_not_read():
    headers = (("x-forwarded-for", "10.0.0.9"), ("forwarded", "for=10.0.0.9"))
    assert told(*headers, peer="8.8.8.8") == "8.8.8.8"


def test_two_headers_that_agree_are_fine():
    assert told(("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")) == "1.2.3.4"


def test_two_headers_that_disagree_are_a_forgery():
    with pytest.raises(ContradictionError):
        told(("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=4.3.2.1"))


@pytest.mark.parametrize(
    ("name", "value", "scheme"),
    [("x-forwarded-proto", "https", "https"), ("x-forwarded-proto", "http, HTTPS", "https"),
     ("x-forwarded-proto", "javascript", ""), ("forwarded", "for=1.2.3.4;proto=https", "https")],
)  # fmt: skip
def test_the_scheme_is_the_nearest_proxy_s_word(name: str, value: str, scheme: str):
    assert client_of(PEER, [(name.encode(), value.encode())], PROXIES).scheme == scheme


@given(st.lists(st.tuples(st.sampled_from([b"x-forwarded-for", b"forwarded", b"x-forwarded-proto"]),
                          st.binary(max_size=60)), max_size=4))  # fmt: skip
def test_no_header_breaks_the_reading(headers: list[tuple[bytes, bytes]]):
    try:
        client_of(PEER, headers, PROXIES)
    except ContradictionError:
        assert len({name for name, _ in headers}) > 1


@given(st.lists(st.ip_addresses(), max_size=5), st.ip_addresses(v=4))
def test_whatever_a_client_invents_stands_left_of_what_the_proxy_saw(invented, real):
    client = ipaddress.ip_address(int(real) | 0x80000000)  # never one of the proxies' 10.0.0.0/8
    value = ", ".join(map(str, [*invented, client]))
    assert told(("x-forwarded-for", value)) == str(client)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("10.0.0.0/8", "10.255.0.1", "11.0.0.1"), ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
     ("10.1.2.3/8", "10.9.9.9", "11.0.0.1"), ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
     ("::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"), ("[::1]", "::1", "::2"),
     ("fe80::/10", "fe80::1%eth0", "fec0::1")],
)  # fmt: skip
def test_networks_are_written_as_people_write_them(text: str, inside: str, outside: str):
    assert address(inside) in networks(text)
    assert address(outside) not in networks(text)


def test_an_ipv4_network_holds_its_addresses_in_ipv6_clothes_too():
    assert address("::ffff:10.1.1.1") in networks("10.0.0.0/8")


def test_everything_is_not_the_unix_socket():
    assert None not in networks("0.0.0.0/0, ::/0")
    assert None in networks("unix")
    assert not NOBODY


def test_a_wrong_entry_is_named():
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks("127.0.0.1, 10.0.0.0/99")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("10.0.0.1", "10.0.0.2", False), ("2001:db8::1", "2001:db8::2", True),
     ("2001:db8:0:1::1", "2001:db8:0:2::1", False)],
)  # fmt: skip
def test_a_household_is_an_ipv4_address_or_half_an_ipv6_one(one: str, other: str, same: bool):
    assert (bucket(address(one)) == bucket(address(other))) is same


def test_places_are_given_and_taken_back_once():
    places = Places(Sizes(connections=2, per_address=1, proxies=PROXIES))
    first = places.take(address("1.2.3.4"))
    assert first is not None
    assert places.take(address("1.2.3.4")) is None
    assert places.take(PEER) is not None
    assert places.take(address("4.3.2.1")) is None
    first.leave()
    first.leave()
    assert places.taken == 1
    assert places.take(PEER) is not None
