# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLDB debugs a guest that a microcontroller interprets (tests/firmware/guest/app.c)."""
import lldb
import pytest

from boards import FOLDER
from harness.deadline import wait_for
from harness.raw import RawClient
from harness.wat import instructions

SUM = 140  # what the guest returns in its first mode


MODES = ("SUM", "DIVIDE", "OUT_OF_BOUNDS", "SPIN", "IDLE")  # the guest's enum


def places(*names: str) -> list[str]:
    """Of the guest's instructions with these names, in hex."""
    return [f"{at:x}" for text, at in instructions(FOLDER / "app.wasm") if text.split()[0] in names]


def choose(session, mode: str) -> None:
    """What the guest does next."""
    session.evaluate(f"mode = {MODES.index(mode)}")


def test_waits_at_its_entry_and_runs_to_its_end(session, board):
    assert session.stop().function == "run"
    assert session.frames() == ["run"]
    assert board.console().count("guest:") == 0
    assert session.go_to_exit() == SUM
    board.wait_for_console("guest: begin\nguest: end\nprogram: end\n")
    assert board.wait() == SUM


def test_breakpoint_frames_and_values(session):
    session.run_to("scaled")
    assert session.frames() == ["scale", "measure", "work", "run"]
    assert session.path("scaled") == "1"
    assert session.path("reading->channel") == "1"
    assert session.path("factor") == "2"
    session.select_frame(1)
    assert session.path("wide") == "4294967297"
    assert session.path("reading.unit") == '"mV"'
    assert session.evaluate("total + 1") == "1"


def test_breakpoint_is_hit_each_time(session):
    session.break_at("measured")
    for channel in range(1, 5):
        session.expect_at(session.go(), "measured")
        assert session.integer("channel") == channel
    assert session.go_to_exit() == SUM


def test_conditional_breakpoint(session):
    session.break_at("measured", condition="channel == 3")
    session.expect_at(session.go(), "measured")
    assert session.integer("channel") == 3


def test_steps(session):
    session.run_to("measure")
    assert session.step_over().line == session.place("measured").line
    session.step_out()
    assert session.frames()[0] == "work"
    session.run_to("factorial")
    assert session.step_in().function == "factorial"
    before = session.frame.GetPC()
    session.step_instruction()
    assert session.frame.GetPC() > before


def test_recursion_shows_every_frame(session):
    session.run_to("bottom")
    assert session.frames() == ["factorial"] * 5 + ["work", "run"]


def test_globals_and_memory_can_be_written(session):
    session.run_to("factorial")
    assert session.evaluate("last_reading.volts") == "2"
    session.evaluate("total = 1000")
    assert session.go_to_exit() == (1000 + 120) % 256


@pytest.mark.parametrize("mode, marker, text", [
    ("DIVIDE", "divide", "integer divide by zero"),
    ("OUT_OF_BOUNDS", "wild", "out of bounds memory access"),
])
def test_trap_stops_where_it_happens(session, board, mode, marker, text):
    choose(session, mode)
    stop = session.go()
    session.expect_at(stop, marker, "exception")
    assert text in stop.description
    assert session.frames()[1:] == ["work", "run"]
    assert session.go_to_exit() == 134
    board.wait_for_console(text)


def test_interrupt(session):
    choose(session, "SPIN")
    session.interrupt_in(["spin", "work", "run"])
    first = session.integer("rounds")

    def goes_on() -> bool:
        session.run_free()
        session.interrupt()
        return session.integer("rounds") > first

    wait_for("progress between two interrupts", goes_on)
    choose(session, "SUM")
    assert session.go_to_exit() == 1


def test_interrupt_in_a_host_function(session):
    choose(session, "IDLE")
    session.interrupt_in(["work", "run"], "idle")


def test_detach_and_attach_again(session, board, new_session):
    choose(session, "SPIN")
    session.break_at("spin")
    session.go()
    assert session.process.Detach().Success()
    again = new_session(board)
    assert again.frames() == ["spin", "work", "run"]
    choose(again, "SUM")
    assert again.go_to_exit() == 1


def test_kill_ends_the_guest(session, board):
    choose(session, "SPIN")
    session.run_free()
    session.interrupt()
    assert session.process.Kill().Success()
    assert board.wait() == 134
    assert "terminated by the debugger" in board.console()


@pytest.mark.parametrize("board", ["mps2", "virt32"], indirect=True)
def test_a_second_client_takes_over_from_one_that_is_gone(board):
    """A serial line does not tell that nobody is there any more."""
    place = places("call")[0]
    first = RawClient(board.address())
    assert first.ask(f"Z0,{place},1") == "OK"
    first.close()
    second = RawClient(board.address())
    assert second.ask(f"z0,{place},1") == "E02"
    assert second.ask("qfThreadInfo") == "m1"
    second.close()


@pytest.mark.parametrize("board", ["host"], indirect=True)
def test_guest_goes_on_when_its_client_vanishes(board):
    client = RawClient(board.address())
    assert client.ask(f"Z0,{places('call')[0]},1") == "OK"
    client.close()
    assert board.wait() == SUM


@pytest.mark.parametrize("board", ["host"], indirect=True)
def test_instructions_with_breakpoints_do_what_they_did(board):
    """Also those that share their code in the interpreter."""
    client = RawClient(board.address())
    for store in places("i32.store8", "i32.store16"):
        assert client.ask(f"Z0,{store},1") == "OK"
    hits = 0
    client.send("c")
    while client.receive().startswith("T05"):
        hits += 1
        client.send("c")
    client.close()
    assert hits >= 4
    assert board.wait() == SUM


def test_module_can_be_read_from_the_target(board):
    client = RawClient(board.address())
    assert client.ask("m4000000000000000,8") == "0061736d01000000"
    assert "rx" in client.ask("qMemoryRegionInfo:4000000000000000")
    client.close()


@pytest.mark.parametrize("board", ["mps2", "virt32"], indirect=True)
def test_reset_of_the_target_is_noticed(session, board, new_session):
    choose(session, "SPIN")
    session.run_free()
    board.reset()
    session.process.SendAsyncInterrupt()
    session.wait_for_exit()
    again = new_session(board)
    assert again.frames() == ["run"]
    assert again.go_to_exit() == SUM


def test_stop_reports_need_few_packets(session):
    """At 115 200 baud each packet counts."""
    session.run_to("scaled")
    before = session.packets().count("send packet: $")
    session.step_over()
    assert session.process.GetState() == lldb.eStateStopped
    assert session.packets().count("send packet: $") - before <= 16


@pytest.mark.parametrize("board", ["an500"], indirect=True)
def test_cortex_m7(session):
    session.run_to("scaled")
    assert session.frames() == ["scale", "measure", "work", "run"]
    assert session.go_to_exit() == SUM


@pytest.mark.parametrize("board", ["host-O2"], indirect=True)
def test_optimised_guest(session):
    """Everything is inlined into one wasm function then."""
    session.run_to("measured")
    assert session.frames() == ["measure", "work", "run"]
    assert session.evaluate("total") == "0"
    assert session.go_to_exit() == SUM


@pytest.mark.parametrize("board", ["host-O2"], indirect=True)
def test_trap_in_an_optimised_guest(session):
    choose(session, "DIVIDE")
    stop = session.go()
    assert (stop.reason, stop.function) == ("exception", "divide")
    assert session.go_to_exit() == 134


def test_operand_stack(session):
    """LLDB shows none; what it would ask for variables that live there is asked by hand."""

    def value(slot: int) -> str:
        answer = session.command(f"process plugin packet send qWasmStackValue:0;{slot}")
        return answer.split("response:")[-1].strip()

    session.run_to("measure")  # the line begins with an empty stack
    assert value(0) == "E3d"
    for _ in range(40):
        session.step_instruction()
        if value(1) == "0000000000000040":
            break
    assert value(1) == "0000000000000040", "the second argument: 2.0, behind an address"
    assert len(value(0)) == 8
    assert value(2) == "E3d"
