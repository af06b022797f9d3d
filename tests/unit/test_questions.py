"""VS Code's questions: added to and taken out of any list of them, to the byte."""

from __future__ import annotations

import json

import pytest

from trunkline_server.clients import questions
from trunkline_server.clients.editors import jsonc
from trunkline_server.clients.editors.text import MalformedError

OURS = questions.question("trunkline-sales", "Access token")
MORE = questions.question("trunkline-shop", "Access token")
LINE = json.dumps(OURS)
LISTS = [
    '{"inputs": []}',
    '{"inputs": [ ], "servers": {}}\n',
    '{"inputs": [{"id": "a"}]}',
    '{"inputs": [{"id": "a"},]}',
    '{\n  "inputs": [\n    {"id": "a"},\n    {"id": "b"}\n  ]\n}\n',
    '{\r\n\t"inputs": [\r\n\t\t{\r\n\t\t\t"id": "a"\r\n\t\t},\r\n\t]\r\n}',
    '{"inputs": [\n  // none yet\n]}',
    '{"inputs": [\n  {"id": "a"} // mine, [really]\n  /* , */\n]}',
    '{"inputs": [\n  {"id": "a"}, // mine\n]}',
    '\ufeff{"inputs": [{"id": "\\"]"}]}',
    '{"inputs": [{"id": "a"} /* c */ , \n\n]}',
    '{"inputs": [1 // one\n, {"id": "a",/* , */} // two\n,]}',
]


@pytest.mark.parametrize("text", LISTS)
def test_a_question_comes_and_goes(text: str) -> None:
    with_ours, is_new = questions.added(jsonc, text.encode(), OURS)
    assert not is_new
    assert questions.asked(jsonc, with_ours)[-1] == "trunkline-sales"
    gone = questions.removed(jsonc, with_ours, "trunkline-sales", with_list=False)
    assert gone == text.encode()


@pytest.mark.parametrize("text", LISTS)
@pytest.mark.parametrize("first", ["trunkline-sales", "trunkline-shop"])
def test_two_questions_go_in_any_order(text: str, first: str) -> None:
    document, _ = questions.added(jsonc, text.encode(), OURS)
    document, _ = questions.added(jsonc, document, MORE)
    (last,) = {"trunkline-sales", "trunkline-shop"} - {first}
    document = questions.removed(jsonc, document, first, with_list=False)
    assert questions.asked(jsonc, document)[-1] == last
    document = questions.removed(jsonc, document, last, with_list=False)
    assert document == text.encode()


def test_the_list_is_made_and_goes_with_the_last_question() -> None:
    document, is_new = questions.added(jsonc, b'{"servers": {}}', OURS)
    assert is_new
    assert json.loads(document)["inputs"] == [OURS]
    gone = questions.removed(jsonc, document, "trunkline-sales", with_list=True)
    assert gone == b'{"servers": {}}'


def test_the_list_stays_for_the_questions_of_others() -> None:
    document, _ = questions.added(jsonc, b'{"servers": {}}', OURS)
    document, _ = questions.added(jsonc, document, {"id": "theirs"})
    gone = questions.removed(jsonc, document, "trunkline-sales", with_list=True)
    assert json.loads(gone)["inputs"] == [{"id": "theirs"}]


def test_a_question_that_is_gone_already_changes_nothing() -> None:
    document = b'{"inputs": [{"id": "a"}, 7]}'
    assert questions.removed(jsonc, document, "trunkline-sales", with_list=True) == document


@pytest.mark.parametrize("value", ["null", "{}", '"a"'])
def test_what_is_no_list_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(MalformedError, match="line 2, column 11: “inputs” is not a list"):
        questions.added(jsonc, f'{{\n"inputs": {value}}}'.encode(), OURS)
