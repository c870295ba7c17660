# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sessions on WAMR's own debug server, as its `iwasm -g=HOST:PORT` has it."""
import os
import re
import shutil
import subprocess

import pytest
from client.session import fixture

CONTROL = "c/control.c"


@pytest.fixture
def start_iwasm(tmp_path):
    """start_iwasm(path of a module): the server's HOST:PORT, and its process."""
    processes = []

    def start(module: str):
        process = subprocess.Popen([os.environ["WDBG_IWASM"], "-g=127.0.0.1:0", module],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        processes.append(process)
        line = process.stderr.readline()
        found = re.search(r"port (\d+)", line)
        assert found, line
        return f"127.0.0.1:{found[1]}", process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _attach(session, address: str, **settings) -> None:
    session.attach(connect=address, **settings)


def _writes(process, text: str) -> bool:
    """At its end WAMR waits for another debugger: the process may stay."""
    return any(text in line for line in process.stdout)


def test_breakpoints_stack_variables_and_steps(new_session, start_iwasm):
    address, process = start_iwasm(fixture("control-O0"))
    session = new_session()
    _attach(session, address)
    assert all(each.verified for each in session.breakpoints(CONTROL, "steps-call"))
    session.configured()
    assert session.stopped().reason == "breakpoint"
    assert session.at(CONTROL, "steps-call")
    assert [each.name for each in session.stack()][:2] == ["steps", "main"]
    assert session.locals()["a"].value == "11"
    assert session.evaluate("start + a").result == "21"
    session.step("next")
    assert session.at(CONTROL, "steps-after")
    assert session.evaluate("b").result == "22"
    session.resume()
    assert _writes(process, "control 5239")


def test_a_module_that_is_not_here_is_read_out_of_the_server(new_session, start_iwasm, tmp_path):
    copy = tmp_path / "guest.wasm"
    shutil.copy(fixture("control-O0"), copy)
    address, _ = start_iwasm(str(copy))
    copy.unlink()
    session = new_session()
    _attach(session, address)
    session.breakpoints(CONTROL, "multiply")
    session.configured()
    session.stopped()
    assert session.at(CONTROL, "multiply")
    assert session.evaluate("left * right").result == "42"


def test_disconnect_lets_the_guest_run(new_session, start_iwasm):
    address, process = start_iwasm(fixture("control-O0"))
    session = new_session()
    _attach(session, address)
    session.breakpoints(CONTROL, "multiply")
    session.configured()
    session.stopped()
    session.disconnect()
    assert _writes(process, "control 5239")


def test_goes_on_from_breakpoints_that_stay(new_session, start_iwasm):
    address, process = start_iwasm(fixture("control-O0"))
    session = new_session()
    _attach(session, address)
    assert all(each.verified for each in
               session.breakpoints(CONTROL, "loop", "steps-call", "factorial", "factorial-end"))
    session.configured()
    for i in range(3):
        session.stopped()
        assert session.at(CONTROL, "loop") and session.locals()["i"].value == str(i)
        session.resume()
    session.stopped()
    assert session.step("next").reason == "step"  # from a line with a breakpoint
    assert session.locals()["total"].value == "6"
    session.breakpoints(CONTROL, "steps-call", "factorial", "factorial-end")
    session.resume()
    session.stopped()
    assert session.at(CONTROL, "steps-call")
    session.step("stepIn")
    assert session.top().name == "util_scale"
    session.step("stepOut")
    session.resume()
    for n in (5, 4, 3, 2):
        session.stopped()
        assert session.at(CONTROL, "factorial") and session.locals()["n"].value == str(n)
        session.resume()
    session.stopped()
    assert session.at(CONTROL, "factorial-end")
    session.breakpoints(CONTROL)
    session.resume()
    assert _writes(process, "control 5239")
