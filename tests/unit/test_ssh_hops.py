"""Which SSH servers are passed, read from a profile."""

from __future__ import annotations

import getpass

import pytest

from trunkline_server.postgres.tunnel import Hop, hops_of
from trunkline_server.profiles.profile import Profile, problems


def profile(**fields: object) -> Profile:
    return Profile(id="p", name="P", ssh_host="Bastion", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("edge", Hop(host="edge", port=22, user="ann")),
        ("bob@edge", Hop(host="edge", port=22, user="bob")),
        ("bob@edge:2222", Hop(host="edge", port=2222, user="bob")),
        ("edge:2222", Hop(host="edge", port=2222, user="ann")),
        ("[fd00::1]", Hop(host="fd00::1", port=22, user="ann")),
        ("bob@[fd00::1]:2222", Hop(host="fd00::1", port=2222, user="bob")),
    ],
)
def test_a_computer_on_the_way_is_read_as_ssh_writes_it(text: str, hop: Hop):
    found = profile(ssh_jump=(text,), ssh_user="ann")
    assert problems(found) == []
    assert hops_of(found)[0] == hop


def test_the_last_one_is_the_ssh_host():
    found = hops_of(profile(ssh_jump=("edge", "inner"), ssh_user="ann", ssh_port=2200))
    assert [hop.host for hop in found] == ["edge", "inner", "Bastion"]
    assert [hop.is_last for hop in found] == [False, False, True]


def test_without_a_user_it_is_the_person_at_this_computer():
    assert hops_of(profile())[0].user == getpass.getuser()


@pytest.mark.parametrize(("port", "place"), [(22, "bastion"), (2222, "[bastion]:2222")])
def test_a_server_is_filed_as_openssh_does(port: int, place: str):
    assert hops_of(profile(ssh_port=port))[0].place == place
