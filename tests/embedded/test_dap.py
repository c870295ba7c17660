# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg dap` attaches to the stub on a microcontroller as it does to any other."""
import pytest

from client.session import Session

SOURCE = "../firmware/guest/app.c"
SUM = 140


@pytest.fixture
def adapter():
    session = Session()
    yield session
    session.dispose()


def attach(adapter, board, *names):
    adapter.attach(connect=board.address(), stopOnAttach=True)
    adapter.breakpoints(SOURCE, *names)
    adapter.configured()
    assert adapter.stopped().reason == "entry"


def test_breakpoint_values_and_steps(adapter, board):
    attach(adapter, board, "measure")
    adapter.resume()
    assert adapter.stopped().reason == "breakpoint"
    assert [frame.name for frame in adapter.stack()] == ["measure", "work", "run"]
    values = adapter.locals()
    assert values["channel"].value == "1"
    assert values["wide"].value == "4294967297"
    assert adapter.evaluate("reading.volts * 2").result == "1"
    adapter.step("stepIn")
    assert adapter.top().name == "scale"
    adapter.step("stepOut")
    assert adapter.top().name == "measure"
    adapter.step("next")
    assert adapter.at(SOURCE, "measured")


def test_trap_and_end(adapter, board):
    attach(adapter, board, "first")
    adapter.resume()
    adapter.stopped()
    adapter.evaluate("mode = 1", context="repl")
    adapter.resume()
    stop = adapter.stopped()
    assert stop.reason == "exception"
    assert "integer divide by zero" in stop.text
    adapter.resume()
    assert adapter.exited() == 134


def test_globals_and_the_end(adapter, board):
    attach(adapter, board, "end")
    adapter.resume()
    adapter.stopped()
    assert adapter.evaluate("total").result == str(SUM)
    adapter.resume()
    assert adapter.exited() == SUM
    assert board.wait() == SUM
