# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The debug adapter over stdio, as an editor uses it; and LLDB beside it where both do the same."""
import os
import pathlib
import sys
import time

_ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tests" / "dap"))
_TICKS = _ROOT / "bench" / "guests" / "ticks.c"


def _adapter(programs):
    os.environ["WDBG"] = str(programs.wdbg)
    from client.session import Session
    return Session()


def _milliseconds(action):
    begin = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - begin)


def _look(session):
    """What an editor asks for at every stop."""
    top = session.connection.request("stackTrace", {"threadId": 1, "startFrame": 0, "levels": 20})
    frame = top["stackFrames"][0]["id"]
    for scope in session.connection.request("scopes", {"frameId": frame})["scopes"]:
        if scope["name"] in ("Arguments", "Locals"):
            reference = scope["variablesReference"]
            session.connection.request("variables", {"variablesReference": reference})


def steps_and_looks(programs, steps, module=None, **launch):
    """Milliseconds from `next` (every fifth one `stepIn`) to `stopped`, and of the look that follows, in
    SQLite from sqlite3_step on."""
    session = _adapter(programs)
    try:
        session.launch(str(module or programs.sqlite), **launch)
        session.connection.request("setFunctionBreakpoints", {"breakpoints": [{"name": "sqlite3_step"}]})
        session.configured()
        session.stopped(60)
        session.connection.request("setFunctionBreakpoints", {"breakpoints": []})
        _look(session)  # opens the debug information
        took, looked = [], []
        for number in range(steps):
            command = "stepIn" if number % 5 == 4 else "next"
            took.append(_milliseconds(lambda: session.step(command)))
            looked.append(_milliseconds(lambda: _look(session)))
        return took, looked
    finally:
        session.dispose()


def false_conditions_per_second(programs, count, **launch):
    """A breakpoint in a function that is called over and over, whose condition holds at the last call."""
    session = _adapter(programs)
    try:
        session.launch(str(programs.ticks), args=[str(count + 1)], **launch)
        line = next(number for number, text in enumerate(_TICKS.read_text().splitlines(), 1)
                    if text.endswith("BREAK: tick"))
        session.connection.request("setBreakpoints", {
            "source": {"path": str(_TICKS)}, "breakpoints": [{"line": line, "condition": f"i == {count}"}]})
        begin = time.perf_counter()
        session.configured()
        session.stopped(600)
        seconds = time.perf_counter() - begin
        assert session.evaluate("i").result == str(count)
        return count / seconds
    finally:
        session.dispose()


def false_conditions_per_second_lldb(programs, count):
    """The same in LLDB, on the same server."""
    from .lldb_session import Session
    session = Session(programs, programs.ticks, [str(count + 1)])
    try:
        breakpoint = session.target.BreakpointCreateByName("tick")
        breakpoint.SetCondition(f"i == {count}")
        begin = time.perf_counter()
        session.process.Continue()
        seconds = time.perf_counter() - begin
        frame = session.process.GetSelectedThread().GetFrameAtIndex(0)
        assert frame.FindVariable("i").GetValueAsSigned() == count
        return count / seconds
    finally:
        session.close()


def first_stop(programs, module, function):
    """Seconds from launch to the first stop in `function`, the adapter's largest memory in bytes, and how many
    progress events there were."""
    session = _adapter(programs)
    try:
        begin = time.perf_counter()
        session.launch(str(module))
        session.connection.request("setFunctionBreakpoints", {"breakpoints": [{"name": function}]}, seconds=120)
        session.configured()
        session.stopped(120)
        seconds = time.perf_counter() - begin
        status = pathlib.Path(f"/proc/{session.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        progress = [message for _, message in session.connection.log
                    if message.get("event", "").startswith("progress")]
        return seconds, peak, len(progress)
    finally:
        session.dispose()
