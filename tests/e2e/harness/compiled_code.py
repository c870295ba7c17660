# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What differs from the interpreter where the guest runs compiled (AOT), per optimisation level:
expected differences, as data. A test listed here is a strict xfail under these engines, so that an
engine which does better is noticed."""
from typing import NamedTuple

import pytest

from harness import paths

MOVED = "several lines share a native instruction: a step passes them at once"
NO_RETURN = "a call that never returns is compiled as a jump: its caller's frame is gone"
PROLOGUE = "stops in the prologue of the function that does not fit, where it has no locals yet, and " \
    "LLDB 22 takes the frames of one function for the innermost one"
HARDWARE = "the hardware watches four aligned pieces of 8 bytes; page protection is to come"


class Difference(NamedTuple):
    engines: tuple[str, ...]
    test: str  # "test_file.py::test_name", with its parameters if only some of them differ
    reason: str
    always: bool = True  # False: depends on how threads run, or where the stack begins


G = ("aot-g",)

DIFFERENCES = (
    Difference(G, "test_stepping.py::test_steps_through_inlined_code", MOVED),
    Difference(G, "test_traps.py::test_abort_is_a_trap_with_the_caller", NO_RETURN),
    Difference(G, "test_traps.py::test_stack_overflow", PROLOGUE, always=False),
    Difference(G, "test_watchpoints.py::test_large_range", HARDWARE),
    Difference(G, "test_watchpoints.py::test_many_watchpoints", HARDWARE),
)


def mark_expected_differences(items) -> None:
    """For pytest_collection_modifyitems."""
    for item in items:
        for difference in DIFFERENCES:
            if paths.engine() in difference.engines and \
                    difference.test in (item.nodeid, item.nodeid.partition("[")[0]):
                item.add_marker(pytest.mark.xfail(reason=difference.reason,
                                                  strict=difference.always))
