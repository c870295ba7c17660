# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the debug information is: nowhere, in another file, split, in memory only; two modules."""
import shutil

import pytest

from harness import paths
from harness.limitations import expected_difference

UTIL = "c/control_util.c"


@pytest.mark.parametrize("name", ["external-O0", "control-O0-split", "packed"])
def test_debug_information_elsewhere(debug, name):
    session = debug(name, "c/control.c")
    session.run_to("clamp", source=UTIL)
    assert session.frames()[:4] == ["clamp", "util_scale", "steps", "main"]
    assert session.integer("value") == 22
    assert session.integer("start", 2) == 10
    assert session.step_out().function == "util_scale"


def test_external_debug_file_in_a_search_path(new_session, run, scratch):
    module = scratch / "app.wasm"
    shutil.copy(paths.fixture("external-O0"), module)
    session = new_session("c/control.c")
    session.command(f"settings set target.debug-file-search-paths {paths.fixture('packed').parent}")
    session.connect(run(module, listen=True))
    session.run_to("scale", source=UTIL)
    assert session.integer("factor") == 2


def test_g0_module_has_functions_and_no_lines(debug):
    session = debug("control-g0")
    breakpoint = session.target.BreakpointCreateByName("util_scale")
    assert breakpoint.GetNumLocations() == 1
    stop = session.go()
    assert (stop.function, stop.file) == ("util_scale", "")
    assert session.frames()[1] == "steps"
    assert session.frames()[2] in ("main", "__original_main")
    assert "local.get" in session.command("disassemble --frame")
    session.step_instruction()
    assert session.go_to_exit() == 0


def test_module_without_names(debug):
    session = debug("bare-O0")
    assert session.thread.GetNumFrames() >= 1
    address = session.frame.GetPC()
    counters = set()
    for _ in range(10):
        session.step_instruction()
        counters.add(session.frame.GetPC())
    assert len(counters) >= 5 and all(counter >> 62 == address >> 62 for counter in counters)
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "control 5239\n"


def test_hand_written_module(debug):
    session = debug("values")
    session.target.BreakpointCreateByName("mixed")
    assert session.go().function == "mixed"
    assert session.go_to_exit() == 0


def test_debug_information_read_from_memory(new_session, run, scratch):
    """The client has no such file: LLDB reads the module's bytes from the stub."""
    module = scratch / "gone.wasm"
    shutil.copy(paths.fixture("control-O0"), module)
    guest = run(module, listen=True)
    guest.address()
    module.unlink()
    session = new_session("c/control.c")
    session.connect(guest, create_target=False)
    session.run_to("scale", source=UTIL)
    assert session.integer("factor") == 2
    assert session.frames()[:3] == ["util_scale", "steps", "main"]


@expected_difference("external-debug-info-from-memory")
def test_external_debug_info_of_a_module_in_memory(new_session, run, scratch):
    module = scratch / "gone.wasm"
    shutil.copy(paths.fixture("external-O0"), module)
    guest = run(module, listen=True)
    guest.address()
    module.unlink()
    session = new_session("c/control.c")
    session.connect(guest, create_target=False)
    session.break_at("scale", source=UTIL)


def multi(run):
    main = paths.fixture("multi/main")
    return run(main, listen=True, cwd=main.parent)


def test_two_modules_are_listed(new_session, run):
    session = new_session("multi/main.c")
    session.connect(multi(run))
    session.run_to("main")
    names = {module.GetFileSpec().GetFilename() for module in session.target.module_iter()}
    assert {"main.wasm", "mathlib.wasm"} <= names


def test_step_into_another_module(new_session, run):
    session = new_session("multi/main.c")
    session.connect(multi(run))
    session.run_to("main")
    stop = session.step_in()
    assert (stop.function, stop.file) == ("mul_add", "mathlib.c")
    assert session.frames()[1] == "main"
    session.step_over()
    assert [session.integer(name) for name in ("left", "right", "more")] == [6, 7, 8]
    assert session.step_out().function == "main"


def test_breakpoint_in_another_module(new_session, run):
    session = new_session("multi/main.c")
    session.connect(multi(run))
    breakpoint = session.break_at("deposit", source="multi/mathlib.c")
    for balance in (100, 150):
        session.expect_at(session.go(), "deposit", source="multi/mathlib.c")
        assert session.path("account->balance") == str(balance)
    assert breakpoint.GetHitCount() == 2
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "multi 50 175 2\n"
