# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expressions that call functions of the guest; interpreted, and compiled with -Og and -O3."""
import os


BUSY = "c/busy.c"
TYPES = "c/types.c"
CONTROL = "c/control.c"
SHAPES = "cpp/shapes.cpp"
SLEEP = "c/sleep.c"
THREADS = "threads/wasi_threads.c"


def _refused(session, expression: str) -> str:
    frame = session.top().id
    return session.refused("evaluate", {"expression": expression, "frameId": frame, "context": "watch"})


def _pause(session) -> None:
    session.connection.request("pause", {"threadId": 1})
    session.stopped()


def _keeps_variables() -> bool:
    return os.environ.get("WDBG_DAP_ENGINE") != "aot-3"


def test_of_scalars_and_pointers(session):
    session.run_to(CONTROL, "steps-after", "control-O0")
    assert session.evaluate("factorial(5)").result == "120"
    if _keeps_variables():
        assert session.evaluate("add(a, multiply(b, 2)) + 1").result == str(11 + 44 + 1)
    assert session.evaluate("loop(10) > 40 ? 1 : 0").result == "1"
    assert session.at(CONTROL, "steps-after") and session.evaluate("b").result == "22"
    session.breakpoints(CONTROL)
    session.resume()
    assert session.exited() == 0
    assert "control 5239" in session.text()


def test_of_the_c_library_and_by_pointer(session):
    session.run_to(TYPES, "aggregates", "types-O0")
    assert session.evaluate("strlen(text)").result == "5"
    assert session.evaluate("strlen(global_text)").result == "11"
    before = session.evaluate("list").result
    assert int(session.evaluate("function(42)").result) == int(session.evaluate("scalars(42)").result)
    assert session.evaluate("list").result == before, "a call leaves the frame as it is"


def test_of_methods(session):
    session.run_to(SHAPES, "virtual", "shapes-O0")
    assert session.evaluate("shape->area()").result == "12"
    assert session.evaluate("overloaded(41)").result == "42"
    assert "'square'" in _refused(session, "shape->square()")


def test_in_conditions(session):
    session.launch("control-O0")
    holds = "add(i, 1) == 42" if _keeps_variables() else "add(40, 2) == 42"
    session.different_breakpoints(CONTROL, {"main": {"condition": "add(40, 2) == 43"},
                                            "loop": {"condition": holds}})
    session.configured()
    assert session.stopped().reason == "breakpoint"
    assert session.top().name == "loop", "the one that is reached earlier does not hold"
    if _keeps_variables():
        assert session.evaluate("i").result == "41"


def test_do_not_stop_at_breakpoints(session):
    session.launch("control-O0")
    session.breakpoints(CONTROL, "steps-after", "factorial", "factorial-end")
    session.configured()
    session.stopped()
    assert session.evaluate("factorial(6)").result == "720"
    assert session.at(CONTROL, "steps-after")
    session.resume()
    assert session.stopped().reason == "breakpoint"
    assert session.top().name == "factorial", "they count as before"


def test_that_fail_say_why(session):
    session.run_to(CONTROL, "steps-after", "control-O0")
    assert "takes" in _refused(session, "add(1)")
    assert "no function" in _refused(session, "nothing(1)")
    assert "trapped" in _refused(session, "factorial(1000000)")
    assert "out of bounds" in _refused(session, "strlen((char*)0x7fff0000)")
    assert "end the program" in _refused(session, "exit(3)")
    assert "not in the guest's memory" in _refused(session, 'strlen("text")')
    assert session.evaluate("factorial(3)").result == "6"
    assert session.at(CONTROL, "steps-after") and session.evaluate("b").result == "22"
    session.breakpoints(CONTROL)
    session.resume()
    assert session.exited() == 0
    assert "control 5239" in session.text()


def test_that_do_not_return_are_ended(session):
    session.run_to(BUSY, "main", "busy-O0", args=["1000"])
    assert "in time" in _refused(session, "spin(1000000000000000)")
    assert session.at(BUSY, "main")
    session.evaluate("rounds = 0")
    session.resume()
    assert session.exited() == 0
    assert "finished" in session.text()


def test_of_what_blocks_are_ended(session):
    session.run_to(SLEEP, "main", "sleep-O0", args=["1"])
    assert "in time" in _refused(session, "nap(100000)")
    session.resume()
    assert session.exited() == 0
    assert "slept 0" in session.text()


def test_where_the_thread_was_interrupted(session):
    session.launch("busy-O0")
    session.breakpoints(BUSY, "round", hitCondition="100")
    session.configured()
    session.stopped()
    session.breakpoints(BUSY)
    session.resume()
    _pause(session)
    before = int(session.evaluate("rounds").result)
    session.evaluate(f"spin({before + 5})")
    assert int(session.evaluate("rounds").result) == before + 5
    assert session.top().name == "spin"
    if _keeps_variables():
        session.evaluate("finish = 1")
        session.resume()
        assert session.exited() == 0
    else:
        session.disconnect(terminateDebuggee=True)


def test_in_a_host_call_are_refused(session):
    session.launch("sleep-O0", args=["600000"])
    session.configured()
    session.connection.event("output")  # "ready"
    _pause(session)
    while "poll_oneoff" not in session.top().name:  # on its way into it
        session.resume()
        _pause(session)
    assert "host call" in _refused(session, "nap(1)")
    session.disconnect(terminateDebuggee=True)


def test_on_one_of_several_threads(session):
    session.launch("wasi-threads-O0")
    session.breakpoints(THREADS, "round")
    session.configured()
    thread = session.stopped().threadId
    frame = session.top(thread).id
    before = int(session.evaluate("hits", frame).result)
    session.evaluate("hit(1, 5)", frame)
    assert int(session.evaluate("hits", frame).result) == before + 1, "the others stand still"
    message = session.refused("evaluate", {"expression": "work((struct Worker*)0x7fff0000)",
                                           "frameId": frame, "context": "watch"})
    assert "out of bounds" in message
    session.breakpoints(THREADS)
    session.resume(thread)
    assert session.exited() == 0
    assert "hits 201" in session.text() and "total 2660" in session.text()
