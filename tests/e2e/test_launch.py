# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLDB launches `wdbg run` itself, through its wasm platform."""
import pytest

from harness import paths


@pytest.mark.parametrize("port_argument", ["-g=127.0.0.1:", "-g", "--debugger-port="])
def test_launch_stops_and_runs(new_session, port_argument):
    session = new_session("c/control.c")
    session.launch(paths.fixture("control-O0"), port_argument=port_argument)
    session.run_to("loop")
    assert session.frames()[:2] == ["loop", "main"]
    assert session.go_to_exit() == 0


def test_launched_guest_gets_its_arguments(new_session):
    session = new_session("c/exits.c")
    session.launch(paths.fixture("exits-O0"), args=["exit", 9])
    session.run_to("main")
    assert session.integer("argc") == 3
    assert session.go_to_exit() == 9


def test_output_comes_to_lldb(new_session):
    session = new_session("c/control.c")
    session.launch(paths.fixture("control-O0"))
    assert session.go_to_exit() == 0
    assert "control 5239" in session.process.GetSTDOUT(4096)


def test_input_comes_from_lldb(new_session):
    session = new_session("c/echo.c")
    session.launch(paths.fixture("echo-O0"))
    session.break_at("line")
    session.run_free()
    session.process.PutSTDIN("typed\n")
    session.wait_for_stop()
    assert 'typed' in session.command("target variable buffer")
    session.process.Kill()


def test_breakpoint_set_before_the_launch(new_session):
    session = new_session("c/control.c")
    where = session.place("add")
    session.command(f"target create {paths.fixture('control-O0')}")
    session.command(f"breakpoint set --file {where.file} --line {where.line}")
    session.use_wasm_platform()
    session.target = session.debugger.GetSelectedTarget()
    session.command("process launch")
    session.expect_at(session.wait_for_stop(), "add")


def test_kill_ends_the_runtime(new_session):
    session = new_session("c/busy.c")
    session.launch(paths.fixture("busy-O0"))
    session.run_free()
    assert session.process.Kill().Success()
