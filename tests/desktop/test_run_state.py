"""What a run does next: decisions without processes and clocks."""

from __future__ import annotations

import pytest

from trunkline_desktop import run_state, run_words
from trunkline_desktop.run_state import MovePort, Run, Say, Start, Stop, Wait
from trunkline_server import events
from trunkline_server.errors import Failure

OFF = Run()
STARTING = run_state.wish(OFF, "http").run
ON = run_state.happened(STARTING, events.Ready(transport="http", url="u", pid=7), 5.0).run
REFUSED = Failure(code="login.password", title="The server refused this login.")
UNREACHED = Failure(code="reach.refused", title="Nothing is listening.")


def failing(run: Run, failure: Failure) -> Run:
    return run_state.happened(run, events.failed(failure)).run


def test_a_wish_starts_what_is_off():
    step = run_state.wish(OFF, "http")
    assert (step.run.state, step.actions) == ("starting", (Start("http"),))


def test_ready_means_on_with_its_address():
    assert (ON.state, ON.url, ON.pid, ON.since) == ("on", "u", 7, 5.0)


def test_the_note_of_a_ready_server_is_told():
    step = run_state.happened(STARTING, events.Ready(transport="http", note="Another port."))
    assert step.actions == (Say("Another port."),)


def test_a_database_that_cannot_be_asked_yet_is_on_and_told():
    unreached = events.failed(UNREACHED, stage="login")
    step = run_state.happened(ON, unreached)
    assert (step.run.state, step.run.failure, step.actions) == ("on", UNREACHED, (Say(UNREACHED),))
    assert run_words.status(step.run) == "attention"
    assert run_words.state(step.run) == "Server not reached"


def test_a_database_that_can_be_asked_again_is_simply_on():
    unreached = run_state.happened(ON, events.failed(UNREACHED, stage="login")).run
    assert run_state.happened(unreached, events.Stage(stage="login", state="done")).run == ON


def test_no_wish_stops_what_is_on():
    step = run_state.wish(ON, None)
    assert (step.run.state, step.run.url, step.actions) == ("stopping", "", (Stop(),))


def test_what_was_stopped_is_off():
    step = run_state.ended(run_state.wish(ON, None).run, 0, 1.0)
    assert (step.run, step.actions) == (Run(transport="http"), ())


def test_the_same_wish_again_changes_nothing():
    step = run_state.wish(ON, "http")
    assert (step.run, step.actions) == (ON, ())


def test_another_transport_is_stop_then_start():
    stopping = run_state.wish(ON, "sse")
    started = run_state.ended(stopping.run, 0, 1.0)
    assert stopping.actions == (Stop(),)
    assert (started.run.transport, started.actions) == ("sse", (Start("sse"),))


def test_the_last_of_several_wishes_wins():
    run = run_state.wish(ON, "sse").run
    for transport in ("stdio", "http", "stdio"):
        step = run_state.wish(run, transport)
        assert step.actions == ()
        run = step.run
    assert run_state.ended(run, 0, 1.0).actions == (Start("stdio"),)


def test_off_after_a_switch_of_transport_stays_off():
    run = run_state.wish(run_state.wish(ON, "sse").run, None).run
    assert run_state.ended(run, 0, 1.0).actions == ()


def test_on_again_while_stopping_starts_afterwards():
    run = run_state.wish(run_state.wish(ON, None).run, "http").run
    assert run_state.ended(run, 0, 1.0).actions == (Start("http"),)


def test_a_server_that_is_slow_to_say_ready_can_be_stopped():
    assert run_state.wish(STARTING, None).actions == (Stop(),)


def test_ready_while_stopping_is_ignored():
    stopping = run_state.wish(STARTING, None).run
    assert run_state.happened(stopping, events.Ready(transport="http")).run == stopping


def test_a_refused_password_is_final_and_told_once():
    step = run_state.ended(failing(STARTING, REFUSED), 1, 1.0)
    assert (step.run.state, step.actions) == ("failed", (Say(REFUSED),))


def test_what_failed_starts_again_when_wished():
    failed = run_state.ended(failing(STARTING, REFUSED), 1, 1.0).run
    assert run_state.wish(failed, "http").actions == (Start("http"),)


def test_what_failed_starts_again_when_its_profile_was_corrected():
    failed = run_state.ended(failing(STARTING, REFUSED), 1, 1.0).run
    assert run_state.again(failed).actions == (Start("http"),)


def test_what_is_off_stays_off_when_its_profile_changes():
    assert run_state.again(OFF).actions == ()


def test_a_first_crash_is_told_and_tried_again():
    step = run_state.ended(ON, -1, 100.0)
    assert step.run.state == "waiting"
    assert [type(a) for a in step.actions] == [Wait, Say]


def crash(times: int, apart: float) -> list[run_state.Step]:
    run, steps = ON, []
    for n in range(times):
        steps.append(run_state.ended(run, -1, n * apart))
        run = run_state.happened(
            run_state.due(steps[-1].run).run, events.Ready(transport="http")
        ).run
    return steps


def test_crashes_wait_longer_and_longer():
    waits = [s.actions[0].seconds for s in crash(6, 1.0)]
    assert waits == [0.5, 1.0, 2.0, 5.0, 10.0, 10.0]


def test_later_crashes_are_not_told_again():
    assert [s.actions[1:] for s in crash(6, 1.0)][1:] == [()] * 5


def test_the_seventh_crash_in_five_minutes_gives_up_and_says_so():
    last = crash(7, 1.0)[-1]
    assert (last.run.state, last.run.failure.code) == ("failed", "run.gave_up")
    assert last.actions == (Say(last.run.failure),)


def test_crashes_far_apart_never_give_up():
    assert {s.run.state for s in crash(20, 100.0)} == {"waiting"}


def test_what_passes_by_itself_is_tried_for_ever_and_told_once():
    run, said, waits = STARTING, [], []
    for n in range(6):
        step = run_state.ended(failing(run, UNREACHED), 1, float(n))
        waits += [a.seconds for a in step.actions if isinstance(a, Wait)]
        said += [a.words for a in step.actions if isinstance(a, Say)]
        run = run_state.due(step.run).run
    assert waits == [2.0, 5.0, 10.0, 30.0, 60.0, 60.0]
    assert said == [UNREACHED]


def test_off_while_waiting_is_off_at_once():
    waiting = run_state.ended(ON, -1, 1.0).run
    off = run_state.wish(waiting, None)
    assert (off.run.state, run_state.due(off.run).actions) == ("off", ())


def test_a_taken_port_is_moved_and_then_started():
    taken = Failure(code="run.port_taken", title="Port 8765 is used by another program.")
    step = run_state.ended(failing(STARTING, taken), 1, 1.0)
    assert step.actions == (MovePort(taken),)
    assert run_state.due(step.run).actions == (Start("http"),)


@pytest.mark.parametrize("state", ["off", "failed", "on"])
def test_a_late_timer_does_nothing(state):
    assert run_state.due(Run(state=state, wanted="http")).actions == ()
