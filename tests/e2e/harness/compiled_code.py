# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What differs from the interpreter where the guest runs compiled (AOT), per optimisation level:
expected differences, as data. A test listed here is a strict xfail under these engines, so that an
engine which does better is noticed."""
import pathlib
from typing import NamedTuple

import pytest

from harness import paths

MOVED = "several lines share a native instruction: a step passes them at once"
LOST = "optimized out: LLVM keeps the value nowhere at this place"
FOLDED = "LLVM reads the variable once, or leaves the loop out: what the test waits for does not happen"
MERGED = "LLVM makes one access to memory of several, or moves it"
ELSEWHERE = "the code has the value in a register as well, and goes on with that one"
PROLOGUE = "stops in the prologue of the function that does not fit, where it has no locals yet, and " \
    "LLDB 22 takes the frames of one function for the innermost one"
KEYS = "the hardware watches four aligned pieces of 8 bytes, and this processor has no protection keys"
STATE = "compiled code keeps its state in other places at each instruction: it cannot go on elsewhere"


class Difference(NamedTuple):
    engines: tuple[str, ...]
    test: str  # "test_file.py::test_name", with its parameters if only some of them differ
    reason: str
    always: bool = True  # False: depends on how threads run, or where the stack begins
    runs: bool = True    # False: the test waits for what never comes


G = ("aot-g",)

O3 = ("aot-3",)
ALL = G + O3

STORE = "watchpoints.py::test_write_watchpoint_sees_every_overlapping_store"
LOAD = "watchpoints.py::test_read_watchpoint_sees_every_overlapping_load"
TRAP = "traps.py::test_trap_stops_where_it_happens"

OPTIMISED = {
    LOST: (
        "breakpoints.py::test_line_breakpoint_stops_before_the_line",
        "breakpoints.py::test_breakpoint_in_a_loop_hits_each_iteration",
        "breakpoints.py::test_conditional_breakpoint_stops_once",
        "breakpoints.py::test_ignore_count",
        "cpp.py::test_overloads_are_told_apart",
        "interrupt.py::test_sleep_is_interrupted_and_goes_on",
        "stepping.py::test_until_a_line",
        "stepping.py::test_every_instruction_of_a_breakpoint_can_be_stepped_from",
        "values.py::test_locals_of_every_frame",
        *(f"{TRAP}[{kind}]" for kind in ("unreachable", "divide", "remainder", "overflow", "convert",
                                         "null-call", "table")),
    ),
    MOVED: (
        "breakpoints.py::test_line_breakpoint_counts_every_hit[control-O2]",
        "breakpoints.py::test_breakpoint_in_inlined_code_has_every_location",
        "sqlite.py::test_steps_through_a_large_function",
        "stepping.py::test_next_leaves_the_function_at_its_end",
        "stepping.py::test_finish_after_an_indirect_call",
        "stepping.py::test_instruction_steps_advance_and_stay_in_order",
        "stepping.py::test_steps_through_inlined_code",
        "values.py::test_recursion_shows_every_level",
        "watchpoints.py::test_stepping_with_a_watchpoint",
    ),
    FOLDED: (
        "interrupt.py::test_interrupt_takes_less_than_50_ms[busy-O2]",
        "attach.py::test_no_wait_starts_at_once",
        "attach.py::test_attach_again_a_hundred_times",
        "attach.py::test_breakpoints_of_a_detached_client_are_gone",
        "attach.py::test_client_that_vanishes_while_the_guest_runs",
    ),
    ELSEWHERE: ("values.py::test_assignment_changes_the_guest",),
    MERGED: (
        *(f"{STORE}[{case}]" for case in (
            "0-1-watch-O2", "3-1-watch-O2", "4-4-watch-O0", "4-4-watch-O2", "0-4-watch-O2",
            "0-8-watch-O0", "0-8-watch-O2", "2-2-watch-O2", "7-1-watch-O0", "7-1-watch-O2")),
        *(f"{LOAD}[{case}]" for case in ("3-1-watch-O2", "4-4-watch-O2", "0-8-watch-O2")),
        "watchpoints.py::test_access_watchpoint_sees_loads_and_stores",
    ),
}

DIFFERENCES = (
    Difference(O3, "test_stepping.py::test_steps_off_the_end_of_a_block", MOVED),
    Difference(ALL, "test_traps.py::test_stack_overflow", PROLOGUE, always=False),
    Difference(ALL, "test_stepping.py::test_jump", STATE),
    *(Difference(ALL, f"test_watchpoints.py::test_{test}", KEYS) for test in (
        "large_range", "large_range_sees_what_the_host_writes", "many_watchpoints")
      if " ospke" not in pathlib.Path("/proc/cpuinfo").read_text()),
    Difference(O3, "test_interrupt.py::test_setting_a_variable_ends_the_loop", FOLDED, always=False),
    *(Difference(O3, f"test_{test}", reason, runs=reason != FOLDED) for reason, tests in OPTIMISED.items()
      for test in tests),
)


def mark_expected_differences(items) -> None:
    """For pytest_collection_modifyitems."""
    for item in items:
        for difference in DIFFERENCES:
            if paths.engine() in difference.engines and \
                    difference.test in (item.nodeid, item.nodeid.partition("[")[0]):
                item.add_marker(pytest.mark.xfail(reason=difference.reason, run=difference.runs,
                                                  strict=difference.always))
