# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Traps stop at the faulting instruction, with frames and locals; then the guest ends with 134."""
import pytest

TRAPS = "c/traps.c"

# argv[1] (marker), part of the description
KINDS = {
    "load": "out of bounds memory access",
    "store": "out of bounds memory access",
    "unreachable": "unreachable",
    "divide": "integer divide by zero",
    "remainder": "integer divide by zero",
    "overflow": "integer overflow",
    "convert": "integer overflow",
    "mismatch": "indirect call type mismatch",
    "null-call": "uninitialized element",
    "table": "undefined element",
    "copy": "out of bounds memory access",
}
FUNCTIONS = {"remainder": "remainder_of", "null-call": "null_call"}


@pytest.mark.parametrize("kind", KINDS)
def test_trap_stops_where_it_happens(debug, kind):
    session = debug("traps-O0", TRAPS, args=[kind])
    stop = session.go()
    session.expect_at(stop, kind, "exception", kind="TRAP")
    assert KINDS[kind] in stop.description
    function = FUNCTIONS.get(kind, kind)
    assert session.frames()[:2] == [function, "main"]
    assert session.integer("seen", 0) == 17
    assert session.path("seen") == "17"
    assert session.thread.GetFrameAtIndex(1).GetLineEntry().GetLine() in range(
        session.place("call").line, session.place("call").line + 2)


@pytest.mark.parametrize("kind", KINDS)
def test_guest_ends_with_134_after_a_trap(debug, kind):
    session = debug("traps-O0", TRAPS, args=[kind])
    assert session.go().reason == "exception"
    assert session.go_to_exit() == 134
    assert session.guest.wait() == 134


@pytest.mark.parametrize("kind", ["load", "divide", "unreachable", "null-call"])
def test_trap_in_optimised_code(debug, kind):
    session = debug("traps-O2", TRAPS, args=[kind])
    stop = session.go()
    assert stop.reason == "exception"
    assert KINDS[kind] in stop.description
    assert "main" in session.frames()


def test_stack_overflow(debug):
    session = debug("traps-O0", TRAPS, args=["recurse"])
    stop = session.go(30)
    assert stop.reason == "exception"
    assert "stack overflow" in stop.description
    assert stop.function == "recurse"
    assert session.thread.GetNumFrames() > 1000
    deepest = session.target.FindFirstGlobalVariable("depth_reached").GetValueAsSigned()
    assert abs(session.integer("seen", 1) - deepest) <= 1
    assert session.go_to_exit(30) == 134


def test_evaluating_at_a_trap(debug):
    session = debug("traps-O0", TRAPS, args=["load"])
    session.go()
    assert session.evaluate("far_away + seen") == str(0x7fff0000 + 17)
    assert session.evaluate("(unsigned long)pointer") == str(0x7fff0000)


def test_breakpoint_at_the_trapping_line_comes_first(debug):
    session = debug("traps-O0", TRAPS, args=["divide"])
    session.break_at("divide", kind="TRAP")
    session.expect_at(session.go(), "divide", kind="TRAP")
    session.expect_at(session.go(), "divide", "exception", kind="TRAP")


def test_stepping_onto_a_trap(debug):
    session = debug("traps-O0", TRAPS, args=["store"])
    session.run_to("call")
    stop = session.step_over()
    session.expect_at(stop, "store", "exception", kind="TRAP")


def test_kill_at_a_trap(debug):
    session = debug("traps-O0", TRAPS, args=["load"])
    session.go()
    assert session.process.Kill().Success()
    session.guest.wait()


def test_detach_at_a_trap_lets_the_guest_end(debug):
    session = debug("traps-O0", TRAPS, args=["load"])
    session.go()
    assert session.process.Detach().Success()
    assert session.guest.wait() == 134


def test_abort_is_a_trap_with_the_caller(debug):
    session = debug("exits-O0", "c/exits.c", args=["abort"])
    stop = session.go()
    assert stop.reason == "exception"
    assert "abort" in session.frames() and "main" in session.frames()
    assert session.go_to_exit() == 134
