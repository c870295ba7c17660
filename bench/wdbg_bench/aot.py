# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the debugger costs compiled code: CPU time of the same .aot in WAMR without wdbg."""

import subprocess
from typing import NamedTuple

from .programs import Server, cpu_seconds, run_alone
from .rsp_client import RspClient, stop_pc
from .statistics import interleave, median, ratio
from .wasm_code import function_range

BREAKPOINTS = 100


class Row(NamedTuple):
    guest: str
    variant: str
    seconds: float
    ratio: float | None
    limit: float | None


def compile_guest(programs, guest, options, name):
    """The path of the .aot."""
    path = guest.with_name(f"{guest.stem}-{name}.aot")
    subprocess.run([programs.wdbg, "compile", *options, guest, "-o", path], check=True,
                   capture_output=True)
    return path


def _attached(programs, aot, arguments, breakpoints):
    with Server(programs, aot, arguments) as server:
        client = RspClient(server.address)
        instance = stop_pc(client.request(b"?")) >> 32 << 32
        planted = 0
        for offset in breakpoints:  # some of which did not become code
            if planted < BREAKPOINTS:
                planted += client.request(b"Z0,%x,0" % (instance | offset)) == b"OK"
        assert not breakpoints or planted == BREAKPOINTS, planted
        before = cpu_seconds(server.process.pid)  # opening the debug file is not the guest's speed
        reply = client.request(b"c")
        assert reply.startswith(b"W00"), reply
        return server.wait() - before


def _cold_offsets(guest, function):
    begin, end = function_range(guest, function)
    return list(range(begin, end, max(1, (end - begin) // (4 * BREAKPOINTS))))


# variant, what the row says, what it is compared with, the limit
_ROWS = [
    ("plain", "WAMR, wdbg compile --plain-code", None, None),
    ("stock", "WAMR, wdbg compile (trap blocks, patchable entries)", "plain", 1.02),
    ("wdbg", "wdbg run, no listener", "stock", 1.02),
    ("attached", "wdbg, client attached, no breakpoint", "stock", 1.02),
    ("attached-100", "wdbg, client attached, 100 breakpoints not hit", "stock", 1.02),
    ("debuggable", "WAMR, wdbg compile -Og", "stock", 1.5),
]


def measure(programs, rounds):
    rows = []
    for name, guest, arguments, cold in (
            ("loops", programs.loops, ["125"], "cold"),
            ("SQLite -O2", programs.sqlite_o2, ["300000"], "sqlite3AlterRenameTable")):
        plain = compile_guest(programs, guest, ["-O3", "--plain-code"], "plain")
        fast = compile_guest(programs, guest, ["-O3"], "O3")
        debuggable = compile_guest(programs, guest, ["-Og"], "Og")
        offsets = _cold_offsets(guest, cold)
        results = interleave({
            "plain": lambda: run_alone(programs.stock_plain, plain, *arguments),
            "stock": lambda: run_alone(programs.stock_plain, fast, *arguments),
            "wdbg": lambda: run_alone(programs.wdbg, "run", fast, *arguments),
            "attached": lambda: _attached(programs, fast, arguments, []),
            "attached-100": lambda: _attached(programs, fast, arguments, offsets),
            "debuggable": lambda: run_alone(programs.stock_plain, debuggable, *arguments),
        }, rounds)
        for variant, text, base, limit in _ROWS:
            against = ratio(results, variant, base) if base else None
            if variant == "debuggable" and guest != programs.sqlite_o2:
                limit = None  # the goal is for guests built with -O2
            rows.append(Row(name, text, median(results[variant]), against, limit))
        sizes = [path.stat().st_size for path in (plain, fast)]
        rows.append(Row(name, "size of the .aot over --plain-code", 0.0, sizes[1] / sizes[0], 1.03))
    return rows
