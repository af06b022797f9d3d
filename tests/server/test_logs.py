"""Lines on standard error, as they come out of a real process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SECRETS = ("correct-horse", "battery staple", "abcdef0123456789")


def said(code: str, form: str) -> list[str]:
    """Return what a process says on standard error that runs ``code`` with its logs set up."""
    start = f"import logging\nfrom trunkline_server.serving import logs\nlogs.set_up({form!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stderr.splitlines()


def objects(code: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(code, "json")]


def test_a_line_of_json_has_level_time_message_and_request():
    code = "logs.request('r-1'); logging.getLogger('trunkline').warning('It %s.', 'broke')"
    (line,) = objects(code)
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "warning", "logger": "trunkline", "message": "It broke.", "request_id": "r-1",
    }  # fmt: skip


def test_a_line_of_text_has_them_too():
    code = "logs.request('r-1'); logging.getLogger('trunkline').error('It broke.')"
    (line,) = said(code, "text")
    assert line.split(" ", 1)[1] == "ERROR trunkline: It broke. (request r-1)"


def test_outside_of_a_request_there_is_no_request():
    assert "request_id" not in objects("logging.getLogger('trunkline').error('x')")[0]


def test_requests_that_run_at_the_same_time_keep_their_ids_apart():
    code = """
import asyncio
async def answer(name):
    logs.request(name)
    await asyncio.sleep(0)
    logging.getLogger("trunkline").error(name)
async def both():
    await asyncio.gather(answer("a"), answer("b"))
asyncio.run(both())
"""
    assert {(line["message"], line["request_id"]) for line in objects(code)} == {
        ("a", "a"),
        ("b", "b"),
    }


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "name", ["trunkline", "uvicorn.error", "mcp.server", "fastmcp", "asyncssh"]
)
def test_no_secret_leaves_whoever_logs_it(form: str, name: str):
    code = f"""
log = logging.getLogger({name!r})
log.error("postgresql://ada:correct-horse@db/shop")
log.error("url=%s", "postgresql://ada:correct-horse@db/shop")
log.error("%(h)s", {{"h": {{"authorization": "Bearer abcdef0123456789"}}}})
log.error("Authorization: Bearer %s", "abcdef0123456789")
log.error("host=db password=correct-horse")
log.error("ALTER ROLE ada PASSWORD 'battery staple'")
log.error("too few %s %s", "password=correct-horse")
try:
    raise OSError("cannot reach postgresql://ada:correct-horse@db/shop")
except OSError:
    log.exception("password='battery staple'")
"""
    lines = said(code, form)
    assert len(lines) >= 8
    assert not [secret for secret in SECRETS if secret in "\n".join(lines)]


def test_a_handler_of_somebody_else_gets_no_secret_either():
    code = """
import io
out = io.StringIO()
log = logging.getLogger("asyncssh")
log.addHandler(logging.StreamHandler(out))
log.error("password=%s", "correct-horse")
assert "correct-horse" not in out.getvalue() and "password=" in out.getvalue()
"""
    said(code, "text")


def test_a_traceback_is_one_object_in_json():
    code = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    logging.getLogger('t').exception('no')"
    (line,) = objects(code)
    assert line["message"] == "no"
    assert "ZeroDivisionError" in line["exception"]


def test_a_line_break_in_a_message_makes_no_second_object():
    code = "logging.getLogger('t').error('one\\n{\"level\": \"forged\"}')"
    assert [line["level"] for line in objects(code)] == ["error"]


def test_libraries_say_nothing_that_is_only_a_warning():
    code = """
for name in ("mcp.server", "fastmcp", "uvicorn.error", "asyncio"):
    logging.getLogger(name).warning("noise")
logging.getLogger("asyncssh").info("noise")
"""
    assert said(code, "text") == []


@pytest.mark.parametrize(("form", "first"), [("text", "Serving at x"), ("json", '{"ts"')])
def test_a_sentence_of_ours_has_the_form_of_the_rest(form: str, first: str):
    (line,) = said(f"logs.say('Serving at x', {form!r})", form)
    assert line.startswith(first)
    assert "Serving at x" in line
