# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How sessions begin and end: launch settings, output, restart, attach, terminate, disconnect."""
import os
import select
import signal
import subprocess

import pytest

from client.session import Session, fixture, wdbg

CONTROL = "c/control.c"


def test_arguments_environment_and_output(session):
    session.launch("exits-O0", args=["show", "a b"], env={"NAME": "value"})
    session.configured()
    assert session.exited() == 0
    assert session.text() == "arg 1: show\narg 2: a b\nenv: NAME=value\n"
    assert session.text("stderr") == "on stderr\n"


def test_exit_codes(new_session):
    for how, code in (("return", 7), ("exit", 42)):
        session = new_session()
        session.launch("exits-O0", args=[how, str(code)])
        session.configured()
        assert session.exited() == code


def test_folders(session, tmp_path):
    (tmp_path / "file.txt").write_text("from a file\n")
    session.launch("exits-O0", args=["cat", "data/file.txt"], cwd=str(tmp_path),
                   preopens=[".::data"])
    session.configured()
    assert session.exited() == 0
    assert session.text() == "from a file\n"


def test_just_runs(session):
    session.launch("control-O0", noDebug=True)
    session.breakpoints(CONTROL, "steps")
    session.configured()
    assert session.exited() == 0
    assert session.text() == "control 5239\n"


def test_stops_on_entry(session):
    session.launch("control-O0", stopOnEntry=True)
    session.configured()
    stop = session.stopped()
    assert stop.reason == "entry" and stop.allThreadsStopped
    assert session.stack()


def test_a_trap_stops_where_it_is(session):
    session.launch("traps-O0", args=["unreachable"])
    session.configured()
    stop = session.stopped()
    assert stop.reason == "exception" and "unreachable" in stop.text
    info = session.connection.request("exceptionInfo", {"threadId": stop.threadId})
    assert info["exceptionId"] == "trap" and "unreachable" in info["description"]
    assert session.top().file == "traps.c"


def test_restart_keeps_breakpoints(session):
    session.run_to(CONTROL, "steps", "control-O0")
    session.connection.request("restart", {}, seconds=60)
    stop = session.stopped()
    assert stop.reason == "breakpoint" and session.at(CONTROL, "steps")
    session.resume()
    assert session.exited() == 0


def test_terminate_ends_the_guest(session):
    session.run_to(CONTROL, "steps", "control-O0")
    pid = _process_id(session)
    session.connection.request("terminate")
    session.connection.event("terminated")
    session.disconnect()
    session.connection.wait_closed()
    assert not _alive(pid)


def test_disconnect_ends_what_was_launched(session):
    session.launch("busy-O0", args=["1000000"])
    pid = _process_id(session)
    session.configured()
    session.disconnect()
    session.connection.wait_closed()
    assert session.process.wait(10) == 0
    assert not _alive(pid)


def test_disconnect_can_let_the_guest_go_on(session):
    session.run_to(CONTROL, "steps", "control-O0")
    session.disconnect(terminateDebuggee=False)
    assert session.process.wait(20) == 0


def test_attach_and_detach(new_session, start_guest):
    address, process = start_guest("control-O0")
    session = new_session()
    session.attach(connect=address, stopOnAttach=True)
    session.breakpoints(CONTROL, "steps")
    session.configured()
    assert session.stopped().reason == "entry"
    session.resume()
    session.stopped()
    assert session.at(CONTROL, "steps")
    assert session.locals()["start"].value == "10"
    session.disconnect()
    assert process.wait(10) == 0
    assert process.stdout.read() == b"control 5239\n"


@pytest.mark.parametrize("engine", ["interp", "aot"])
@pytest.mark.parametrize("listener", ["-g=127.0.0.1:0", "--dap=127.0.0.1:0"])
def test_leaves_the_guest_suspended(new_session, start_guest, listener, engine):
    address, process = start_guest("control-O0", f"--engine={engine}", listener=listener)
    by_stub = listener.startswith("-g")

    def attach():
        session = new_session() if by_stub else new_session(address)
        session.attach(connect=address, stopOnAttach=True)
        return session

    first = attach()
    assert first.capabilities["supportSuspendDebuggee"]
    first.breakpoints(CONTROL, "steps")
    first.configured()
    first.stopped()
    first.resume()
    first.stopped()
    first.disconnect(suspendDebuggee=True)
    first.connection.wait_closed()
    second = attach()
    second.configured()
    second.stopped()
    assert second.at(CONTROL, "steps")
    second.resume()
    assert second.exited() == 0
    assert process.wait(60) == 0


def test_what_it_has_launched_is_not_suspended(session):
    session.run_to(CONTROL, "steps", "control-O0")
    assert "attached" in session.refused("disconnect", {"suspendDebuggee": True})
    session.resume()


def test_a_stub_that_dies_ends_the_session(new_session, start_guest):
    address, process = start_guest("busy-O0", args=["1000000"])
    session = new_session()
    session.attach(connect=address)
    session.configured()
    process.send_signal(signal.SIGKILL)
    session.connection.event("terminated")
    assert "contact with the guest is lost" in session.text("important")


def test_run_serves_dap_itself(new_session, start_guest):
    address, process = start_guest("control-O0", listener="--dap=127.0.0.1:0")
    session = new_session(address)
    session.launch(fixture("control-O0"))
    session.breakpoints(CONTROL, "steps")
    session.configured()
    session.stopped()
    assert session.locals()["start"].value == "10"
    session.resume()
    assert session.exited() == 0
    assert process.wait(10) == 0
    assert process.stdout.read() == b"control 5239\n"


def test_a_second_client_is_told(new_session, start_guest):
    address, _ = start_guest("busy-O0", listener="--dap=127.0.0.1:0", args=["1000000"])
    first = new_session(address)
    first.initialize()
    second = new_session(address)
    second.connection.event("terminated")
    assert "another debugger controls this guest" in second.text("important")


def test_serves_over_tcp(new_session, tmp_path):
    listen = tmp_path / "listen"
    process = subprocess.Popen([wdbg(), "dap", "--listen=127.0.0.1:0", f"--listen-file={listen}"])
    try:
        while not listen.exists():
            assert process.poll() is None
        for _ in range(2):
            session = new_session(listen.read_text().strip())
            session.run_to(CONTROL, "steps", "control-O0")
            session.disconnect()
            session.connection.wait_closed()
    finally:
        process.kill()
        process.wait()


def _process_id(session: Session) -> int:
    body = session.connection.event("process")["body"]
    assert body["startMethod"] == "launch"
    return body["systemProcessId"]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("request_", ["disconnect", "terminate"])
def test_a_client_that_leaves_at_once_ends_its_guest(new_session, request_):
    """It does not wait for the answer."""
    for _ in range(5):
        session = new_session()
        session.launch("busy-O0")
        guest = os.pidfd_open(session.connection.event("process")["body"]["systemProcessId"])
        session.configured()
        session.connection.send_request(request_, {})
        session.connection.close()
        assert select.select([guest], [], [], 20)[0], "the guest lives on"
        os.close(guest)
