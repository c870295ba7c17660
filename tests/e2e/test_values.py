# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Variables and expressions in C: every scalar type, aggregates, statics; in every frame."""
import re

import pytest

from harness.limitations import expected_difference
from harness.session import CommandError

TYPES = "c/types.c"
VARIANTS = ["types-O0", "types-O0-dwarf4", "types-O0-dwarf5"]

SCALARS = {
    "seed": "42", "yes": "true", "letter": "'w'", "tiny": "'\\xf9'", "byte": "'\\xc8'",
    "small": "-3000", "word": "60000", "number": "-58", "natural": "4000000000",
    "extended": "123456", "big": "-9000000000000", "huge": "18000000000000000000",
    "single": "1.5", "real": "-2.25",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_scalar_type(debug, variant):
    session = debug(variant, TYPES)
    session.run_to("scalars")
    values = {name: session.local(name).GetValue() for name in SCALARS}
    assert values == SCALARS


@pytest.mark.parametrize("variant", VARIANTS)
def test_aggregates(debug, variant):
    session = debug(variant, TYPES)
    session.run_to("aggregates")
    expected = {
        "list[3]": "40", "grid[1][2]": "6", "point.x": "7", "point.y": "-8", "p->y": "2",
        "bits.low": "5", "bits.middle": "100", "bits.sign": "-3", "number.real": "1",
        "number.whole": "1065353216", "number.bytes[3]": "'?'", "color": "BLUE",
        "text": '"hello"', "first.next->next->value": "3",
    }
    values = {path: session.path(path) for path in expected}
    assert values == expected
    assert session.local("nothing").GetValueAsUnsigned() == 0


@pytest.mark.parametrize("expression, value", [
    ("p[1]", ""), ("p[1].x", "3"), ("p[2].y + 1", "7"), ("list[1] + grid[1][2]", "26"),
    ("(p + 1)->y * 10 - 3", "37"), ("*(list + 4)", "50"), ("(char)(text[1])", "'e'"),
    ("(long long)point.x << 40", "7696581394432"), 
    ("sizeof(struct Point)", "8"), ("&list[2] - &list[0]", "2"), ("color == BLUE", "true"),
    ("(unsigned char)-1", "'\\xff'"), ("bits.middle / 3", "33"), ("first.next->value", "2"),
    ("global_points[2].x", "5"), ("static_long", "-5000000000"), ("point.x > 3 && point.y < 0",
                                                                   "true"),
    ("~list[0]", "-11"), ("1 + 2", "3"), ("(int)1.75", "1"), ("list[0] % 3", "1"),
])
def test_expressions(debug, expression, value):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    assert session.evaluate(expression) == value


def test_expression_results_are_kept(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    assert "$0 = 20" in session.command("expression list[1]")
    assert session.evaluate("$0 + 1") == "21"


def test_p_of_an_element_shows_its_members(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    output = session.command("p p[1]")
    assert "x = 3" in output and "y = 4" in output


def test_convenience_variables(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    session.command("expression int $mine = list[4]")
    assert session.evaluate("$mine * 2") == "100"


def test_assignment_changes_the_guest(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    session.evaluate("list[1] = 1000")
    session.evaluate("point.x = -1")
    session.evaluate("p = &global_points[1]")
    session.step_over()
    assert session.integer("total") == 1000 + 6 - 1 + 6


def test_setting_a_variable_by_the_api(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    assert session.local("point").GetChildMemberWithName("y").SetValueFromCString("77")
    assert session.evaluate("point.y") == "77"


def test_globals_and_statics(debug):
    session = debug("types-O0", TYPES)
    session.run_to("main")

    def variable(name):
        return session.target.FindFirstGlobalVariable(name)

    assert variable("global_int").GetValueAsSigned() == 1234
    assert variable("static_long").GetValueAsSigned() == -5000000000
    assert variable("global_text").GetSummary() == '"global text"'
    assert variable("global_points").GetChildAtIndex(2).GetChildAtIndex(1).GetValue() == "6"
    session.run_to("end")
    assert session.integer("calls") == 1
    assert variable("static_long").GetValueAsSigned() == -4999999999
    assert "global_int" in session.command("target variable global_int")


def test_locals_of_every_frame(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("clamp", source="c/control_util.c")
    assert session.frames()[:4] == ["clamp", "util_scale", "steps", "main"]
    assert session.integer("value", 0) == 22
    assert (session.integer("value", 1), session.integer("factor", 1)) == (11, 2)
    assert (session.integer("start", 2), session.integer("a", 2)) == (10, 11)
    assert session.integer("total", 3) == 4950


def test_backtrace_has_files_and_lines(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("clamp", source="c/control_util.c")
    frames = [session.thread.GetFrameAtIndex(i).GetLineEntry() for i in range(3)]
    assert [frame.GetFileSpec().GetFilename() for frame in frames] == [
        "control_util.c", "control_util.c", "control.c"]
    assert frames[2].GetLine() == session.place("steps-call").line
    assert frames[1].GetLine() in (session.place("scale", source="c/control_util.c").line + 1,)


def test_backtrace_goes_down_to_the_entry_without_invented_frames(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("add")
    frames = session.frames()
    assert frames[:3] == ["add", "util_apply", "main"]
    assert frames[-1].startswith("_start")
    assert len(frames) <= 6


def test_recursion_shows_every_level(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("factorial-end")
    assert session.frames()[:6] == ["factorial"] * 5 + ["main"]


@expected_difference("locals-of-recursive-frames")
def test_recursion_shows_the_locals_of_every_level(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("factorial-end")
    output = session.command("thread backtrace --count 5")
    assert re.findall(r"factorial\(n=(\d+)\)", output) == ["1", "2", "3", "4", "5"]


def test_recursion_of_depth_ten_thousand(debug):
    session = debug("recursion-O0", "c/recursion.c", args=[10000])
    session.run_to("bottom", 30)
    assert session.thread.GetNumFrames() >= 10001
    assert session.frames()[:1] == ["descend"]
    assert session.frames()[1:10000] == ["descend"] * 9999
    assert session.frames()[10000] == "main"


@pytest.mark.parametrize("expression", ["function(1)", "scalars(1)"])
def test_calling_a_guest_function_fails_cleanly(debug, expression):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    with pytest.raises(CommandError):
        session.evaluate(expression)
    assert session.evaluate("list[0]") == "10"


@expected_difference("call-guest-function")
def test_calling_a_guest_function(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    session.evaluate("scalars(1)")


@expected_difference("float-arithmetic")
def test_float_arithmetic(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    assert session.evaluate("(float)list[0] / 4") == "2.5"


@expected_difference("conditional-operator")
def test_conditional_operator(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    assert session.evaluate("point.x > 3 ? 1 : 2") == "1"


def test_unknown_name_is_an_error(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    with pytest.raises(CommandError, match="no_such_name"):
        session.evaluate("no_such_name")


def test_optimised_variables_are_right_or_unavailable(debug):
    session = debug("inlined-O2", "c/inlined.c")
    session.target.BreakpointCreateByName("outer")
    session.go()
    expected = {"first": 21, "second": 22}
    for name, value in expected.items():
        variable = session.local(name, session.frames().index("outer"))
        if variable.GetError().Success() and variable.GetValue() is not None:
            assert variable.GetValueAsSigned() == value


def test_memory_reads_and_writes(debug):
    import lldb

    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    address = session.local("list").GetLoadAddress()
    error = lldb.SBError()
    assert session.process.ReadMemory(address, 12, error) == \
        b"\x0a\0\0\0\x14\0\0\0\x1e\0\0\0"
    assert session.process.WriteMemory(address, b"\x63\0\0\0", error) == 4
    assert session.evaluate("list[0]") == "99"
    assert session.process.ReadMemory(0x7fffff00, 4, error) is None
    assert error.Fail()


def test_memory_regions(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    address = session.local("list").GetLoadAddress()
    assert "rw" in session.command(f"memory region {address:#x}")


def test_memory_find(debug):
    session = debug("types-O0", TYPES)
    session.run_to("aggregates")
    output = session.command("memory find -s 'global text' -- 0x10000 0x11000")
    assert "data found at location" in output


def test_registers(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    output = session.command("register read pc")
    assert f"{session.frame.GetPC():016x}" in output


def test_disassembly(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    output = session.command("disassemble --frame")
    for mnemonic in ("local.get", "i32.add", "i32.const", "call"):
        assert mnemonic in output
    assert "->" in output
    assert "unreachable" not in output.split("->")[1].splitlines()[0]


def test_disassembly_hides_planted_breakpoints(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    before = session.command("disassemble --name util_scale")
    for name in ("scale", "scale-end"):
        session.break_at(name, source="c/control_util.c")
    assert session.command("disassemble --name util_scale") == before


@expected_difference("read-wasm-locals")
def test_wasm_locals_are_registers(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    assert "local" in session.command("register read --all")


def test_frame_variable_lists_everything(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps-end")
    output = session.command("frame variable")
    for text in ("start = 10", "a = 11", "b = 22", "c = 33"):
        assert text in output


def test_source_is_listed(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    assert "BREAK: steps-call" in session.command(
        f"source list -f control.c -l {session.place('steps').line} -c 5")


def test_image_lookup(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("scale", source="c/control_util.c")
    output = session.command(f"image lookup --verbose --address {session.frame.GetPC():#x}")
    assert "util_scale" in output and "control_util.c" in output
