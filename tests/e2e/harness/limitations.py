# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What LLDB itself gets wrong whatever the stub, per version: expected differences, as data.

Each entry has the versions of LLDB it holds for and the reason. `expected_difference(name)` marks a
test with a strict xfail where the entry applies, so that an LLDB which does better is noticed.
"""
import functools
import os
import re
import subprocess
from typing import NamedTuple

import pytest


class Limitation(NamedTuple):
    first: int  # LLDB's major version
    last: int
    reason: str


LIMITATIONS = {
    "step-over-recursion": Limitation(
        22, 22, "every CFA is 0: a step over a recursive call ends in the wrong frame "
                "(llvm-project#208061)"),
    "next-over-short-call": Limitation(
        22, 22, "every CFA is 0: where a line is one constant and a call, LLDB steps by instruction "
                "and takes the callee for a step's end (llvm-project#208061)"),
    "locals-of-recursive-frames": Limitation(
        22, 22, "every CFA is 0: frames of the same function are taken for the innermost one "
                "(llvm-project#208061)"),
    "locals-of-another-thread": Limitation(
        22, 99, "qWasmLocal names no thread: once stacks of several threads are cached, LLDB reads "
                "the locals of one and the stub must guess which"),
    "float-arithmetic": Limitation(
        22, 22, "the IR interpreter has no floating point"),
    "call-guest-function": Limitation(
        22, 99, "expressions cannot call guest functions: there is no JIT for wasm"),
    "conditional-operator": Limitation(
        22, 99, "the IR interpreter does not run `?:`"),
    "variable-in-bss": Limitation(
        23, 23, "a .bss section of its own, in which variables of a large module are looked for at a "
                "wrong offset (DW_OP_addr 0x10e5d0 of SQLite becomes 0x10f706)"),
    "watch-variable-in-bss": Limitation(
        23, 23, "`watchpoint set variable` takes the size of a variable in .bss for 0; an expression "
                "with -s works"),
    "return-value": Limitation(22, 99, "no ABI plugin for wasm: `finish` shows no return value"),
    "dynamic-type": Limitation(
        22, 99, "the vtable pointer is read without an address space: no dynamic C++ types"),
    "read-wasm-locals": Limitation(22, 99, "no view of wasm locals, globals or the operand stack"),
    "write-wasm-local": Limitation(22, 99, "values in wasm locals cannot be written"),
    "caller-location-list": Limitation(
        22, 23, "caller frames evaluate location lists at the innermost pc (llvm-project#212326)"),
    "external-debug-info-from-memory": Limitation(
        22, 99, "external_debug_info is looked up beside a module file only"),
}


@functools.cache
def _version_of_program() -> int:
    """Without loading liblldb into this process: tests fork."""
    program = os.environ.get("WDBG_LLDB", "lldb-22")
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"version (\d+)", text)[1])


def expected_difference(name: str):
    """Decorator: this test shows what LLDB cannot do in the versions of the entry."""
    entry = LIMITATIONS[name]
    applies = entry.first <= _version_of_program() <= entry.last
    return pytest.mark.xfail(applies, reason=f"LLDB {entry.first}-{entry.last}: {entry.reason}",
                             strict=True)
