"""Whatever valid file an app has: our entry goes in and out, and all else stays to the byte."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import MemoryKeyring
from tests.unit import awkward
from trunkline_server.clients import apps, plan
from trunkline_server.clients.app import App
from trunkline_server.clients.drafts import Draft, Step
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.editors.text import BOM
from trunkline_server.clients.owned import Record
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, Transport

SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="web-shop", name="Web shop", http_port=8766)
EDITED = [app for app in apps.ALL.values() if plan.can_edit(app)]
FORMATS = sorted({app.format for app in EDITED})
some = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.fixture(autouse=True, scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_HOME", str(tmp_path_factory.mktemp("home")))
        for profile in (SALES, SHOP):
            secrets.put(profile.id, "kEy-0123456789_abcdefghijklmnopqrstuvwxyz", "token")
        yield
    keyring.set_keyring(before)


class File:
    """An app's file in memory, with what we remember of it."""

    def __init__(self, app: App, content: bytes) -> None:
        self.app, self.content = app, content
        self._records: tuple[Record, ...] = ()

    def connect(self, profile: Profile = SALES, way: Transport = "stdio") -> File:
        return self._take(
            Step(verb="connect", profile=profile, name=profile.id, transport=way,
                 may_write_token=True)
        )  # fmt: skip

    def disconnect(self, profile: Profile = SALES) -> File:
        return self._take(Step(verb="disconnect", profile=profile, name=profile.id))

    def _take(self, step: Step) -> File:
        editor = BY_FORMAT[self.app.format]
        draft = Draft(self.app, Path("settings"), editor, self.content, self._records)
        draft.take(step)
        self.content, self._records = draft.content or b"", tuple(draft.records.values())
        return self


@st.composite
def files(draw: st.DrawFn, form: str) -> File:
    app = draw(st.sampled_from([app for app in EDITED if app.format == form]))
    text = draw(awkward.documents(form, app.table[0]))
    mark = draw(st.sampled_from([b"", b"", b"", BOM]))
    return File(
        app, (mark if mark and form not in ("json", "json+comments") else b"") + text.encode()
    )


def said(file: File) -> Any:
    """Return what another parser reads in a file, numbers as they are spelled."""
    text = file.content.decode().removeprefix("\ufeff")
    if file.app.format == "toml":
        return tomllib.loads(text)
    if file.app.format.startswith("yaml"):
        return yaml.load(text, Loader=awkward.Plain) or {}
    bare = re.sub(STRING_OR_NOTE, lambda m: m[0] if m[0][0] == '"' else " ", text)
    bare = re.sub(STRING_OR_COMMA, lambda m: m[0] if m[0][0] == '"' else "", bare)
    return json.loads(bare or "{}", parse_int=str, parse_float=str) if bare.strip() else {}


STRING_OR_NOTE = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)


def others(file: File) -> tuple[str, list[str]]:
    """Return what a file says beside our entries, and which of those are there."""
    value, (key,) = copy.deepcopy(said(file)), file.app.table
    table, ours = value.get(key), []
    for name in ("sales", "web-shop"):
        if isinstance(table, list):
            found = [item for item in table if isinstance(item, dict) and item.get("name") == name]
            value[key] = table = [item for item in table if item not in found]
        else:
            found = [table.pop(name)] if table and name in table else []
        ours += [name] * len(found)
    asked = [item for item in value.get("inputs", ()) if "trunkline-" not in str(item)]
    for name, rest in ((key, table), ("inputs", asked)):
        if not rest:
            value.pop(name, None)
        elif name == "inputs":
            value[name] = rest
    return repr(value), ours


@pytest.mark.parametrize("form", FORMATS)
@some
@given(data=st.data())
def test_an_entry_comes_and_goes(form: str, data: st.DataObject) -> None:
    file = data.draw(files(form))
    before, (rest, _) = file.content, others(file)
    after = file.connect().content
    assert others(file) == (rest, ["sales"])
    assert file.connect().content == after
    assert file.disconnect().content == before


@pytest.mark.parametrize("form", FORMATS)
@some
@given(data=st.data(), order=st.permutations([SALES, SHOP]))
def test_two_entries_go_in_any_order(form: str, data: st.DataObject, order: list[Profile]) -> None:
    file = data.draw(files(form))
    before, (rest, _) = file.content, others(file)
    file.connect(SALES).connect(SHOP)
    assert others(file) == (rest, ["sales", "web-shop"])
    file.disconnect(order[0])
    assert others(file) == (rest, [order[1].id])
    assert file.disconnect(order[1]).content == before


@pytest.mark.parametrize("form", FORMATS)
@some
@given(data=st.data())
def test_an_entry_changes_its_way_and_back(form: str, data: st.DataObject) -> None:
    file = data.draw(files(form))
    before, (rest, _) = file.content, others(file)
    after, way = file.connect().content, data.draw(st.sampled_from(file.app.transports))
    file.connect(way=way)
    assert others(file) == (rest, ["sales"])
    assert file.connect(way="stdio").content == after
    assert file.connect(way=way).disconnect().content == before
