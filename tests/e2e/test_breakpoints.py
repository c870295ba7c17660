# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Line, function, address, conditional and one-shot breakpoints."""
import pytest

CONTROL = ("control-O0", "c/control.c")
UTIL = "c/control_util.c"


def test_line_breakpoint_stops_before_the_line(debug):
    session = debug(*CONTROL)
    session.run_to("loop")
    assert session.integer("i") == 0
    assert session.integer("total") == 0


@pytest.mark.parametrize("fixture", ["control-O0", "control-O2"])
def test_line_breakpoint_counts_every_hit(debug, fixture):
    session = debug(fixture, "c/control.c")
    breakpoint = session.break_at("scale", source=UTIL)
    session.break_at("end")
    stop = session.go()
    session.expect_at(stop, "scale", source=UTIL)
    assert session.integer("value") == 11
    session.expect_at(session.go(), "end")
    assert breakpoint.GetHitCount() == 1


def test_breakpoint_in_a_loop_hits_each_iteration(debug):
    session = debug(*CONTROL)
    breakpoint = session.break_at("loop")
    for i in range(100):
        session.expect_at(session.go(), "loop")
        assert session.integer("i") == i
    assert session.go_to_exit() == 0
    assert breakpoint.GetHitCount() == 100


def test_function_breakpoint_by_name(debug):
    session = debug(*CONTROL)
    session.target.BreakpointCreateByName("factorial")
    stop = session.go()
    assert (stop.reason, stop.function) == ("breakpoint", "factorial")
    assert session.integer("n") == 5


def test_function_breakpoint_in_a_file(debug):
    session = debug(*CONTROL)
    session.command("breakpoint set --name clamp --file control_util.c")
    assert session.go().function == "clamp"


def test_address_breakpoint(debug):
    session = debug(*CONTROL)
    location = session.break_at("scale-end", source=UTIL).GetLocationAtIndex(0)
    address = location.GetLoadAddress()
    session.target.DeleteAllBreakpoints()
    breakpoint = session.target.BreakpointCreateByAddress(address)
    session.expect_at(session.go(), "scale-end", source=UTIL)
    assert session.frame.GetPC() == address
    assert breakpoint.GetHitCount() == 1


def test_conditional_breakpoint_stops_once(debug):
    session = debug(*CONTROL)
    session.break_at("loop", condition="i == 57 && total > 10")
    session.expect_at(session.go(30), "loop")
    assert session.integer("i") == 57
    assert session.go_to_exit(30) == 0


def test_ignore_count(debug):
    session = debug(*CONTROL)
    session.break_at("loop").SetIgnoreCount(42)
    session.expect_at(session.go(), "loop")
    assert session.integer("i") == 42


def test_one_shot_breakpoint_goes_after_its_hit(debug):
    session = debug(*CONTROL)
    session.break_at("add", one_shot=True)
    session.break_at("loop", one_shot=True)
    session.expect_at(session.go(), "loop")
    session.expect_at(session.go(), "add")
    assert session.target.GetNumBreakpoints() == 0
    assert session.go_to_exit() == 0


def test_disabled_breakpoint_is_not_hit(debug):
    session = debug(*CONTROL)
    breakpoint = session.break_at("loop")
    session.expect_at(session.go(), "loop")
    breakpoint.SetEnabled(False)
    assert session.go_to_exit() == 0
    assert breakpoint.GetHitCount() == 1


def test_breakpoint_commands_run_at_the_hit(debug):
    session = debug(*CONTROL)
    breakpoint = session.break_at("loop-end")
    breakpoint.SetCommandLineCommands(_commands("expression total = 1000"))
    session.expect_at(session.go(), "loop-end")
    session.run_to("steps")
    assert session.guest.stdout.text() == ""


def _commands(*lines):
    import lldb

    commands = lldb.SBStringList()
    for line in lines:
        commands.AppendString(line)
    return commands


def test_regular_expression_breakpoint(debug):
    session = debug(*CONTROL)
    breakpoint = session.target.BreakpointCreateByRegex("^util_")
    assert breakpoint.GetNumLocations() == 2
    assert session.go().function == "util_scale"
    assert session.go().function == "util_apply"


def test_two_breakpoints_at_one_place(debug):
    session = debug(*CONTROL)
    first = session.break_at("scale", source=UTIL)
    second = session.break_at("scale", source=UTIL)
    session.expect_at(session.go(), "scale", source=UTIL)
    assert (first.GetHitCount(), second.GetHitCount()) == (1, 1)
    session.target.BreakpointDelete(first.GetID())
    assert session.go_to_exit() == 0


def test_breakpoint_removed_while_stopped_on_it(debug):
    session = debug(*CONTROL)
    breakpoint = session.break_at("loop")
    session.go()
    session.target.BreakpointDelete(breakpoint.GetID())
    assert session.go_to_exit() == 0


def test_breakpoint_set_before_the_module_is_known(new_session, run):
    session = new_session("c/control.c")
    guest = run("control-O0", listen=True)
    session.connect(guest, create_target=False, wait=False)
    where = session.place("add")
    session.target.BreakpointCreateByLocation(where.file, where.line)
    session.reconnect()
    session.expect_at(session.go(), "add")


def test_a_hundred_breakpoints(debug):
    session = debug("sqlite-O0", "sqlite/main.c")
    functions = session.target.BreakpointCreateByRegex("^sqlite3Btree")
    assert functions.GetNumLocations() >= 75  # 23 has one less than 22
    functions.SetEnabled(True)
    session.break_at("end")
    stop = session.go()
    assert stop.function.startswith("sqlite3Btree")
    functions.SetEnabled(False)
    session.expect_at(session.go(), "end")


def test_source_regex_breakpoint(debug):
    session = debug(*CONTROL)
    session.command("breakpoint set -p 'BREAK: multiply' -f control.c")
    session.expect_at(session.go(), "multiply")
    assert (session.integer("left"), session.integer("right")) == (6, 7)


def test_breakpoint_in_a_constructor_before_main(debug):
    session = debug("ctors-O0", "c/ctors.c")
    session.break_at("constructor")
    session.break_at("main")
    session.break_at("atexit")
    for name in ("constructor", "main", "atexit"):
        session.expect_at(session.go(), name)
    assert session.go_to_exit() == 0


def test_breakpoint_in_inlined_code_has_every_location(debug):
    session = debug("inlined-O2", "c/inlined.c")
    session.break_at("twice", locations=2)
    session.expect_at(session.go(), "twice")
    assert session.frames()[:3] == ["twice", "outer", "main"] or "outer" in session.frames()
    session.expect_at(session.go(), "twice")
    assert session.go_to_exit() == 0
