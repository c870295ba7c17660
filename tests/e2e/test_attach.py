# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attaching, detaching, killing, ending: the guest is never harmed by a client that goes."""
import socket

import lldb
import pytest

from harness import paths
from harness.guest import Guest

REATTACHMENTS = 100


def test_waits_at_its_entry(debug):
    session = debug("control-O0", "c/control.c")
    assert session.guest.stdout.text() == ""
    assert session.thread.GetNumFrames() >= 1
    assert session.go_to_exit() == 0


def test_no_wait_starts_at_once(new_session, run):
    guest = run("busy-O0", listen=True, options=["--no-wait"])
    guest.wait_for_output("ready")
    session = new_session("c/busy.c")
    session.connect(guest)
    assert "spin" in session.frames()
    assert session.target.FindFirstGlobalVariable("rounds").GetValueAsUnsigned() > 0
    session.evaluate("finish = 1")
    assert session.go_to_exit() == 0


def test_connect_without_a_target(new_session, run):
    session = new_session("c/control.c")
    session.connect(run("control-O0", listen=True), create_target=False)
    session.run_to("scale", source="c/control_util.c")
    assert session.frames()[:3] == ["util_scale", "steps", "main"]


def test_connect_by_command(new_session, run):
    guest = run("control-O0", listen=True)
    session = new_session("c/control.c")
    session.guest = guest
    session.debugger.SetAsync(False)
    session.command(f"process connect --plugin wasm connect://{guest.address()}")
    session.debugger.SetAsync(True)
    session.target = session.debugger.GetSelectedTarget()
    assert session.process.GetState() == lldb.eStateStopped
    session.command("breakpoint set --name steps")
    assert "steps" in session.resume("process continue").function


def test_detach_lets_the_guest_run_to_its_end(debug):
    session = debug("control-O0", "c/control.c")
    session.break_at("loop")
    session.go()
    assert session.process.Detach().Success()
    status, stdout, stderr = session.guest.finish()
    assert (status, stdout, stderr) == (0, "control 5239\n", "")


def test_detach_that_keeps_the_guest_stopped(debug, new_session):
    session = debug("control-O0", "c/control.c")
    session.run_to("multiply")
    assert session.process.Detach(True).Success()
    other = new_session("c/control.c")
    other.connect(session.guest)
    assert other.frames()[:2] == ["multiply", "util_apply"]
    assert other.go_to_exit() == 0


def test_attach_again_a_hundred_times(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    session.interrupt()
    seen = -1
    for _ in range(REATTACHMENTS):
        rounds = session.target.FindFirstGlobalVariable("rounds").GetValueAsUnsigned()
        assert rounds >= seen
        seen = rounds
        assert session.process.Detach().Success()
        session.reconnect()
        assert "spin" in session.frames()
    assert seen > 0
    session.evaluate("finish = 1")
    assert session.go_to_exit() == 0


def test_breakpoints_of_a_detached_client_are_gone(debug, new_session):
    session = debug("busy-O0", "c/busy.c")
    session.break_at("round")
    session.go()
    assert session.process.Detach().Success()
    other = new_session("c/busy.c")
    other.connect(session.guest)
    other.run_free()
    other.interrupt()
    other.evaluate("finish = 1")
    assert other.go_to_exit() == 0


def test_client_that_vanishes_while_the_guest_runs(debug, new_session):
    guest = Guest(paths.fixture("busy-O0"))
    host, port = guest.address().rsplit(":", 1)
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"+$QStartNoAckMode#b0+$c#63")
        raw.recv(100)
        guest.wait_for_output("ready")
    session = new_session("c/busy.c")
    session.connect(guest)
    session.evaluate("finish = 1")
    assert session.go_to_exit() == 0


def test_client_that_vanishes_in_the_middle_of_a_packet(new_session):
    guest = Guest(paths.fixture("control-O0"))
    host, port = guest.address().rsplit(":", 1)
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"$qSuppor")
    assert guest.wait() == 0
    assert guest.stdout.text() == "control 5239\n"
    guest.dispose()


def test_second_client_is_turned_away(debug):
    session = debug("busy-O0", "c/busy.c")
    host, port = session.guest.address().rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as second:
        second.sendall(b"$qSupported#37")
        reply = b""
        while chunk := second.recv(4096):
            reply += chunk
    session.run_free()
    session.guest.wait_for_output("ready")
    session.interrupt()
    assert "spin" in session.frames()


def test_kill(debug):
    session = debug("busy-O0", "c/busy.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    assert session.process.Kill().Success()
    assert session.guest.wait() != 0


def test_kill_while_stopped(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("loop")
    assert session.process.Kill().Success()
    session.guest.wait()
    assert session.guest.stdout.text() == ""


def test_kill_while_a_read_is_blocked(debug):
    session = debug("echo-O0", "c/echo.c")
    session.run_free()
    session.guest.wait_for_output("ready")
    assert session.process.Kill().Success()
    session.guest.wait()


@pytest.mark.parametrize("args, status", [
    (["return", 0], 0), (["return", 7], 7), (["exit", 42], 42), (["exit", 255], 255),
])
def test_exit_codes_reach_lldb_and_the_shell(debug, args, status):
    session = debug("exits-O0", "c/exits.c", args=args)
    session.run_to("main")
    assert session.go_to_exit() == status
    assert session.guest.wait() == status


def test_guest_input_and_output_are_untouched(debug):
    session = debug("echo-O0", "c/echo.c")
    session.break_at("line")
    session.guest.write("alpha\nbeta\n")
    session.guest.close_input()
    for _ in range(2):
        session.expect_at(session.go(), "line")
    assert session.go_to_exit() == 0
    status, stdout, stderr = session.guest.finish()
    assert status == 0
    assert stdout == "ready\necho: alpha\necho: beta\n2 lines\n"
    assert stderr == ""


def test_arguments_and_environment(debug):
    session = debug("exits-O0", "c/exits.c", args=["show", "--flag", "two words"],
                    options=["--env=KEY=value", "--env", "OTHER=x=y"])
    assert session.go_to_exit() == 0
    lines = session.guest.stdout.at_end(5).splitlines()
    assert lines == ["arg 1: show", "arg 2: --flag", "arg 3: two words", "env: KEY=value",
                     "env: OTHER=x=y"]
    assert session.guest.stderr.at_end(5) == "on stderr\n"
