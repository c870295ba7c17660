# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the debugger costs a guest that runs: CPU time against WAMR's own interpreters."""

from .programs import Server, run_alone
from .rsp_client import RspClient, stop_pc
from .statistics import interleave, median, ratio
from .wasm_code import function_range

BREAKPOINTS = 100


def _attached(programs, guest, arguments, breakpoints):
    with Server(programs, guest, arguments) as server:
        client = RspClient(server.address)
        instance = stop_pc(client.request(b"?")) >> 32 << 32
        for offset in breakpoints:
            reply = client.request(b"Z0,%x,0" % (instance | offset))
            assert reply == b"OK", reply
        reply = client.request(b"c")
        assert reply.startswith(b"W00"), reply
        return server.wait()


def _variants(programs, guest, arguments, debug_arguments, cold_function):
    begin, end = function_range(guest, cold_function)
    step = (end - begin) // (BREAKPOINTS + 1)
    cold = [begin + step * (i + 1) for i in range(BREAKPOINTS)]
    return {
        "stock": lambda: run_alone(programs.stock_plain, guest, *arguments),
        "wdbg": lambda: run_alone(programs.wdbg, "run", guest, *arguments),
        "stock-debug": lambda: run_alone(programs.stock_debug, guest, *debug_arguments),
        "attached": lambda: _attached(programs, guest, debug_arguments, []),
        "attached-100": lambda: _attached(programs, guest, debug_arguments, cold),
    }


# variant, what the row says, the variant it is compared with
_ROWS = [
    ("stock", "stock WAMR without debug support", None),
    ("wdbg", "wdbg run, no listener", "stock"),
    ("stock-debug", "stock WAMR debug interpreter, nobody attached", None),
    ("attached", "wdbg, client attached, no breakpoint", "stock-debug"),
    ("attached-100", "wdbg, client attached, 100 breakpoints not hit", "stock-debug"),
]


def measure(programs, rounds):
    """Rows: guest, variant, median CPU seconds, ratio to its base or None.

    SQLite inserts fewer rows in the debug interpreters: WAMR's own looks up the end of each block
    by a scan when its small cache misses, and takes 60 times as long as the plain one."""
    guests = [("loops", programs.loops, [], [], "cold"),
              ("SQLite", programs.sqlite, ["150"], ["10"], "sqlite3AlterRenameTable")]
    rows = []
    for name, *guest in guests:
        results = interleave(_variants(programs, *guest), rounds)
        for variant, text, base in _ROWS:
            against = ratio(results, variant, base) if base else None
            rows.append([name, text, median(results[variant]), against])
    return rows
