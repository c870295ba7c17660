# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLDB on compiled code in a stock WAMR process that gdbserver has started."""
import os
import subprocess

import pytest

import native
from harness import paths
from harness.raw import RawClient
from harness.wat import compile_wat, instructions


def test_breakpoint_backtrace_and_locals(start, debug):
    session = debug(start("control-Og", "control-O0"), "c/control.c")
    session.run_to("steps")
    assert session.frames()[:3] == ["steps", "main", "_start"]
    assert session.integer("start") == 10
    assert session.integer("total", frame=1) == 4950


def test_steps_over_into_and_out(start, debug):
    session = debug(start("control-Og", "control-O0"), "c/control.c")
    session.run_to("steps")
    session.expect_at(session.step_over(), "steps-call", "step")
    session.expect_at(session.step_over(), "steps-after", "step")
    session.expect_at(session.step_in(), "steps-end", "step")
    assert session.integer("c") == 33
    assert session.step_out().function == "main"


def test_step_into_a_call(start, debug):
    session = debug(start("control-Og", "control-O0"), "c/control.c")
    session.run_to("steps-call")
    assert session.step_in().function == "util_scale"
    session.step_out()
    assert session.frames()[0] == "steps"


def test_optimised_code(start, debug):
    session = debug(start("control-O3", "control-O2"), "c/control.c")
    session.break_at("steps")
    stop = session.go()
    assert stop.reason == "breakpoint"
    assert "main" in session.frames() or "__original_main" in session.frames()
    assert session.go_to_exit() == 0


IN_FRONT_OF_A_LOOP = """(module (memory (export "memory") 1)
  (func $work (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $work (i32.sub (local.get $n) (i32.const 1))) (i32.load (memory.grow (i32.const 0)))))
      (else (i32.const 1))))
  (func (export "_start") (local $n i32) (local $sum i32)
    (local.set $n (i32.const 9))
    (local.set $sum (call $work (i32.const 3)))
    nop
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $work (local.get $n))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.store (i32.const 8) (local.get $sum))))"""


def test_optimised_code_is_hit_once_for_each_execution(parts, tmp_path):
    """By the .aot file's code: it is not read over the link."""
    wasm = compile_wat(IN_FRONT_OF_A_LOOP, tmp_path / "guest.wasm")
    aot = wasm.with_suffix(".aot")
    subprocess.run([paths.wdbg(), "compile", "-O3", "--cpu=x86-64-v3", wasm, "-o", aot], check=True,
                   capture_output=True)
    server = parts(native.Gdbserver(os.environ["WDBG_STOCK_RUNNER"], str(aot)))
    client = RawClient(parts(native.Bridge(server.address(), aot, wasm)).address())
    assert client.ask(f"Z0,{dict(instructions(wasm))['nop']:x},1") == "OK"
    hits = 0
    client.send("c")
    while client.receive().startswith("T05"):
        hits += 1
        client.send("c")
    client.close()
    assert hits == 1


def test_condition_and_hits_in_a_loop(start, debug):
    session = debug(start("control-Og", "control-O0"), "c/control.c")
    session.run_to("loop", condition="i == 7")
    assert session.integer("i") == 7


def test_watchpoint(start, debug):
    session = debug(start("watch-Og", "watch-O0"), "c/watch.c")
    session.run_to("count")
    session.command("watchpoint set variable counter")
    for value in (1, 2):
        stop = session.go()
        assert stop.reason == "watchpoint", stop
        assert session.target.FindFirstGlobalVariable("counter").GetValueAsUnsigned() == value
    session.command("watchpoint delete 1")
    assert session.go_to_exit() == 0


def test_memory_and_globals_can_be_written(start, debug):
    session = debug(start("watch-Og", "watch-O0"), "c/watch.c")
    session.run_to("before-count")
    assert session.evaluate("counter = 77") == "77"
    assert session.target.FindFirstGlobalVariable("counter").GetValueAsUnsigned() == 77


@pytest.mark.parametrize("name, words", [
    ("load", "out of bounds memory access"),
    ("store", "out of bounds memory access"),
    ("unreachable", "unreachable"),
    ("divide", "integer divide by zero"),
    ("convert", "integer overflow"),
])
def test_traps_stop_at_their_line(start, debug, name, words):
    bridge = start("traps-Og", "traps-O0", name)
    session = debug(bridge, "c/traps.c")
    stop = session.go()
    assert words in stop.description
    session.expect_at(stop, name, "exception", kind="TRAP")
    assert session.integer("seen") == 17
    assert session.go_to_exit() == 134
    assert bridge.finish()[0] == 134


def test_the_guest_s_end_is_told(start, debug):
    bridge = start("control-Og", "control-O0")
    session = debug(bridge, "c/control.c")
    assert session.go_to_exit() == 0
    assert bridge.finish()[0] == 0


def test_breakpoint_while_it_runs_and_interrupt(start, debug):
    session = debug(start("busy-O3", "busy-O0", native.ROUNDS), "c/busy.c")
    session.run_free()
    stop = session.interrupt()
    assert stop.reason == "signal"
    session.run_free()
    session.break_at("round")
    stop = session.wait_for_stop()
    session.expect_at(stop, "round")
    session.expect_at(session.go(), "round")


def test_kill(start, debug):
    bridge = start("busy-O3", "busy-O0", native.ROUNDS)
    session = debug(bridge, "c/busy.c")
    assert session.process.Kill().Success()
    assert bridge.finish()[0] == 137
