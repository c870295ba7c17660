# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the two debuggers may differ, each with its reason. All else that differs is an error of ours."""
import re

REASONS = {
    "locals-of-recursive-frames": "LLDB 22: every CFA is 0, so that frames of the same function are taken for the "
                                  "innermost one (llvm-project#208061)",
    "caller-location-list": "LLDB 22-23: caller frames evaluate location lists at the innermost pc "
                            "(llvm-project#212326)",
    "missing-piece": "LLDB reads a piece that has no location (DW_OP_piece behind nothing) as zeros; it is optimised "
                     "out (DWARF 5 2.6.1.2)",
    "taken-operand": "LLVM ends location list entries late that name values on wasm's operand stack: LLDB shows what is "
                     "in the value's place behind the instruction that has taken it",
    "rust-enum": "LLDB shows all variants of an enum and a union of them, the adapter the active one",
    "random": "the guest's own random numbers: each run has others",
}

_RANDOM = re.compile(r"/hash_builder/k[01]$")


def is_optimised(program: str) -> bool:
    return "-O0" not in program


def whole_frame(program: str, function: str, index: int, seen: set[str]) -> str:
    """Why a frame's values are not compared; `seen` has the functions of the frames further in."""
    if function in seen:
        return "locals-of-recursive-frames"
    return "caller-location-list" if index > 0 and is_optimised(program) else ""


def reason(difference) -> str:
    """A key of REASONS, or nothing."""
    if "$variants$" in difference.name:
        return "rust-enum"
    if _RANDOM.search(difference.name):
        return "random"
    if difference.adapter.bits is None and "taken from wasm's operand stack" in difference.adapter.note:
        return "taken-operand"
    missing = difference.adapter.bits is None and "optimized out" in difference.adapter.note
    return "missing-piece" if missing and difference.lldb.bits == 0 and is_optimised(difference.program) else ""
