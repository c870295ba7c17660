# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled code without a debug file: functions, their names and stacks by the code itself."""
import re

import lldb
import pytest

from harness.compiling import compile_guest, defined_functions
from harness.guest import Guest
from harness.raw import RawClient

SOURCE = "c/control.c"
LEVELS = ("-O0", "-Og", "-O1", "-O3")
HINT = "has no debug file"


def plain(names: list[str]) -> list[str]:
    """wasm-ld and clang have several names for two functions."""
    others = {"__original_main": "main", "__main_argc_argv": "main",
              "_start.command_export": "_start"}
    return [others.get(name, name) for name in names]


class Bare:
    """A session on a guest without a debug file, and what its functions are called there."""

    def __init__(self, session, aot, *args) -> None:
        self.session = session
        names = defined_functions(aot.with_suffix(".wasm"))
        self._original = {f"aot_func#{i}": name for i, name in enumerate(names)}
        session.connect(Guest(aot, args), create_target=False)

    def symbol(self, name: str) -> str:
        return next(key for key, value in self._original.items() if value == name)

    def frames(self) -> list[str]:
        return plain([self._original.get(name, name) for name in self.session.frames()])

    def stop_in(self, name: str):
        """Runs to the next entry of a function."""
        breakpoint = self.session.target.BreakpointCreateByName(self.symbol(name))
        assert breakpoint.GetNumResolvedLocations() == 1
        stop = self.session.go()
        self.session.target.BreakpointDelete(breakpoint.GetID())
        return stop


@pytest.fixture
def bare(new_session, scratch):
    """bare(guest, options…): the session, at the guest's entry."""

    def start(guest: str, *options: str, args=()) -> Bare:
        aot = compile_guest(guest, scratch, "--no-debug-file", *options)
        return Bare(new_session(SOURCE), aot, *args)

    return start


STOPS = ("util_scale", "util_apply", "add")
MOST_STOPS = 30


def stacks(session, names, frames) -> list[list[str]]:
    """At the entries of functions, until the guest's end."""
    for name in names:
        session.target.BreakpointCreateByName(name)
    found = []
    while len(found) < MOST_STOPS:
        session.command("process continue")
        if session.wait_for_state((lldb.eStateStopped, lldb.eStateExited)) == lldb.eStateExited:
            break
        found.append(frames())
    return found


def is_part_of(part: list[str], whole: list[str]) -> bool:
    """In order, with gaps: inlined functions have no frame of their own in native code."""
    left = iter(whole)
    return all(any(each == name for each in left) for name in part)


@pytest.mark.parametrize("level", LEVELS)
def test_stacks_are_those_that_the_debug_file_tells(bare, new_session, scratch, level):
    known = new_session(SOURCE)
    known.connect(Guest(compile_guest("control-O0", scratch)), create_target=False)
    expected = stacks(known, STOPS, lambda: plain(known.frames()))
    (scratch / "control-O0.aot.debug").unlink()
    without = bare("control-O0", level)
    own = stacks(without.session, [without.symbol(name) for name in STOPS], without.frames)
    assert own
    if level in ("-O0", "-Og"):
        assert own == expected
    for stack in own:
        assert stack[-1] == "_start" and len(stack) >= 2
        assert any(stack[0] == each[0] and is_part_of(stack, each) for each in expected), stack


def test_exported_names_and_numbers(bare):
    session = bare("control-O0").session
    assert re.fullmatch(r"_start|aot_func#\d+", session.frame.GetFunctionName())
    assert session.frames()[-1] == "_start"
    assert not session.frame.GetLineEntry().IsValid()
    assert not session.frame.GetVariables(True, True, True, True).GetSize()


def test_the_user_is_told_what_to_do(bare):
    without = bare("control-O0")
    without.stop_in("util_apply")
    output = without.session.process.GetSTDOUT(10000)
    for text in (output, without.session.guest.stderr.text()):
        assert HINT in text and f"--debug-for={without.session.guest.module}" in text
    assert without.session.go_to_exit() == 0


def test_steps_are_native_instructions_and_finish_returns_to_the_caller(bare):
    without = bare("control-O0", "-O3")
    without.stop_in("util_apply")
    session = without.session
    caller = session.thread.GetFrameAtIndex(1).GetPC()
    pcs = {session.frame.GetPC()}
    session.resume("thread step-inst")
    pcs.add(session.frame.GetPC())
    assert len(pcs) == 2 and without.frames()[0] == "util_apply"
    session.resume("thread step-out")
    assert session.frame.GetPC() == caller
    assert session.go_to_exit() == 0


def test_a_thread_in_a_host_call_has_all_its_frames(bare):
    without = bare("sleep-O0", "-O3", args=("60000",))
    without.session.run_free()
    without.session.guest.wait_for_output("ready")
    for _ in range(50):
        without.session.interrupt()
        if "nanosleep" in " ".join(without.frames()):
            break
        without.session.run_free()
    else:
        pytest.fail("never seen in its sleep")
    frames = without.frames()
    assert len(frames) >= 3 and frames[-1] == "_start" and "main" in frames


def test_a_trap_has_its_frames(bare):
    without = bare("traps-O0", args=("unreachable",))
    stop = without.session.go()
    assert stop.reason == "exception"
    assert without.frames()[-1] == "_start" and "main" in without.frames()


def test_an_address_within_an_instruction_is_refused(scratch):
    guest = Guest(compile_guest("control-O0", scratch, "--no-debug-file"))
    client = RawClient(guest.address())
    try:
        assert client.ask("?").startswith("T05")
        pc = int.from_bytes(bytes.fromhex(re.search(r";00:(\w{16});", client.ask("?"))[1]),
                            "little")
        answers = [client.ask(f"Z0,{pc + i:x},0") for i in range(1, 16)]
        assert any(answer.startswith("E") for answer in answers)
        assert client.ask("vCont;s:1").startswith("T05")
        assert client.console.startswith("wdbg: ") and HINT in client.console
        client.send("D")
        assert client.receive() == "OK"
        assert guest.finish()[:2] == (0, "control 5239\n")
    finally:
        guest.dispose()
