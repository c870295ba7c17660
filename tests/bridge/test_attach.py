# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attaching to a stock WAMR process that runs already, and leaving it as it was."""
import socket

import native
from harness.deadline import wait_for


def test_blocked_in_a_host_call(attach, debug):
    """The frames of compiled code are seen under those of the host, and it goes on."""
    host, bridge = attach("echo-O3", "echo-O0")
    session = debug(bridge, "c/echo.c")
    assert "fd_read" in session.stop().description
    frames = session.frames()
    assert "read_line" in frames and frames[-1].startswith("_start")
    session.break_at("line")
    session.run_free()
    host.write("one\n")
    session.expect_at(session.wait_for_stop(), "line")
    assert session.process.Detach().Success()
    assert bridge.finish()[0] == 0
    wait_for("no tracer", lambda: host.tracer() == 0)
    assert host.code() == host.untouched
    host.write("two\n")
    host.stdout.wait_for("two", native.SECONDS)


def test_spinning_code(attach, debug):
    host, bridge = attach("busy-O3", "busy-O0", native.ROUNDS)
    session = debug(bridge, "c/busy.c")
    assert "spin" in session.frames()
    session.run_to("round")
    session.run_free()
    assert session.interrupt().reason == "signal"
    assert session.process.Detach().Success()
    assert bridge.finish()[0] == 0
    wait_for("no tracer", lambda: host.tracer() == 0)
    assert host.running() and host.code() == host.untouched


def test_ending_the_bridge_leaves_the_process_as_it_was(attach, debug):
    host, bridge = attach("busy-O3", "busy-O0", native.ROUNDS)
    session = debug(bridge, "c/busy.c")
    session.break_at("round")
    session.go()
    bridge.terminate()
    assert bridge.finish()[0] == 0
    wait_for("no tracer", lambda: host.tracer() == 0)
    assert host.running() and host.code() == host.untouched


def test_a_lost_client_harms_nobody(attach, debug):
    """The target goes on, and another client may come."""
    host, bridge = attach("busy-O3", "busy-O0", native.ROUNDS)
    address, port = bridge.address().rsplit(":", 1)
    with socket.create_connection((address, int(port)), native.SECONDS) as link:
        link.settimeout(native.SECONDS)
        link.sendall(b"+$?#3f")
        while b"$T" not in link.recv(4096):
            pass
    session = debug(bridge, "c/busy.c")
    session.run_to("round")
    assert session.process.Detach().Success()
    assert bridge.finish()[0] == 0
    wait_for("no tracer", lambda: host.tracer() == 0)
    assert host.running() and host.code() == host.untouched
