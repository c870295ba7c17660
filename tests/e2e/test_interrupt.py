# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interrupting a busy loop and blocked WASI calls; changes while the guest runs."""
import time

import pytest

from harness import paths
from harness.guest import Guest
from harness.raw import RawClient

INTERRUPT_SECONDS = 0.05


def interrupt_inside(session, function):
    """Interrupts until the guest is seen in `function`: its output may still be on its way."""
    for _ in range(50):
        stop = session.interrupt()
        if function in session.frames():
            return stop
        session.run_free()
    raise AssertionError(f"never in {function}: {session.frames()}")


def test_busy_loop(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_to("round")
    session.run_free()
    stop = session.interrupt()
    assert stop.reason == "signal"
    assert "spin" in session.frames() and "main" in session.frames()
    rounds = session.target.FindFirstGlobalVariable("rounds").GetValueAsUnsigned()
    session.run_free()
    session.interrupt()
    assert session.target.FindFirstGlobalVariable("rounds").GetValueAsUnsigned() >= rounds


@pytest.mark.parametrize("variant", ["busy-O0", "busy-O2"])
def test_interrupt_takes_less_than_50_ms(variant):
    """Over a raw client: LLDB itself takes 100 ms to ask."""
    guest = Guest(paths.fixture(variant))
    client = RawClient(guest.address())
    try:
        client.send("c")
        guest.wait_for_output("ready")
        client.interrupt()
        assert client.receive().startswith("T02")
        fastest = 10.0
        for _ in range(10):
            client.send("c")
            start = time.monotonic()
            client.interrupt()
            assert client.receive().startswith("T02")
            fastest = min(fastest, time.monotonic() - start)
        assert fastest < INTERRUPT_SECONDS
    finally:
        client.close()
        guest.dispose()


def test_setting_a_variable_ends_the_loop(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    session.interrupt()
    session.evaluate("finish = 1")
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "ready\nfinished\n"


def test_breakpoint_set_while_running(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    breakpoint = session.break_at("round")
    stop = session.wait_for_stop()
    if stop.reason == "signal":  # LLDB was told of the hit before it had listed the breakpoint
        stop = session.go()
    session.expect_at(stop, "round")
    assert breakpoint.GetHitCount() >= 1


def test_watchpoint_set_in_a_busy_loop(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    session.interrupt()
    session.command("watchpoint set variable rounds")
    assert session.go().reason == "watchpoint"


def test_blocked_read_is_shown_at_its_call(debug):
    session = debug("echo-O0", "c/echo.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    interrupt_inside(session, "read")
    frames = session.frames()
    assert "read_line" in frames and "main" in frames
    session.guest.write("one\n")
    session.run_free()
    session.guest.wait_for_output("echo: one")


def test_interrupting_a_read_does_not_disturb_it(debug):
    session = debug("echo-O0", "c/echo.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    for _ in range(5):
        session.interrupt()
        session.run_free()
    session.guest.write("one\ntwo\n")
    session.guest.wait_for_output("echo: two")
    session.guest.close_input()
    assert session.wait_for_exit() == 0
    assert session.guest.stdout.at_end(5) == "ready\necho: one\necho: two\n2 lines\n"


def test_input_that_arrives_while_stopped_waits(debug):
    session = debug("echo-O0", "c/echo.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    interrupt_inside(session, "read")
    session.guest.write("late\n")
    assert session.evaluate("lines") == "0"
    session.break_at("line")
    session.expect_at(session.go(), "line")
    session.run_free()
    session.guest.wait_for_output("echo: late")


def test_stepping_out_of_a_blocked_read(debug):
    session = debug("echo-O0", "c/echo.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    interrupt_inside(session, "read")
    session.guest.write("x\n")
    for _ in range(6):
        stop = session.step_out()
        if stop.function == "read_line":
            break
    assert stop.function == "read_line"
    assert session.integer("length") == 0


def test_sleep_is_interrupted_and_goes_on(debug):
    session = debug("sleep-O0", "c/sleep.c", args=[700])
    start = time.monotonic()
    session.run_free()
    session.guest.wait_for_output("ready")
    interrupt_inside(session, "nap")
    assert "nap" in session.frames() and "main" in session.frames()
    assert session.integer("milliseconds", session.frames().index("nap")) == 700
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "ready\nslept 0\n"
    assert time.monotonic() - start >= 0.7


def test_a_sleep_that_ends_while_stopped(debug):
    session = debug("sleep-O0", "c/sleep.c", args=[50])
    session.run_to("nap")
    session.run_free()
    session.interrupt()
    assert "main" in session.frames()
    session.run_to("end")
    assert session.integer("result") == 0
