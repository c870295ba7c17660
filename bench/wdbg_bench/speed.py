# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the debugger costs a guest that runs: CPU time against WAMR's own interpreters."""

from typing import NamedTuple

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
        "even": lambda: run_alone(programs.even_plain, guest, *arguments),
        "wdbg": lambda: run_alone(programs.wdbg, "run", guest, *arguments),
        "even-debug": lambda: run_alone(programs.even_debug, guest, *debug_arguments),
        "attached": lambda: _attached(programs, guest, debug_arguments, []),
        "attached-100": lambda: _attached(programs, guest, debug_arguments, cold),
    }


class Row(NamedTuple):
    guest: str
    variant: str
    seconds: float  # of CPU, median
    ratio: float | None  # to the row it is compared with; None: it is such a row itself
    has_goal: bool


# variant, what the row says, the variant it is compared with, whether there is a goal for that.
# `even` and `even-debug` have a cache of block ends as large as ours: what is left is the debugger's.
_ROWS = [
    ("even", "WAMR without debug support", None, False),
    ("stock", "… with its own, smaller cache of block ends", "even", False),
    ("wdbg", "wdbg run, no listener", "even", True),
    ("even-debug", "WAMR's debug interpreter, nobody attached", None, False),
    ("attached", "wdbg, client attached, no breakpoint", "even-debug", True),
    ("attached-100", "wdbg, client attached, 100 breakpoints not hit", "even-debug", True),
]


def measure(programs, rounds):
    """Rows of all guests. SQLite inserts fewer rows in the debug interpreters: WAMR's own is many times
    slower than the plain one, also with the larger cache."""
    guests = [("loops", programs.loops, [], [], "cold"),
              ("SQLite", programs.sqlite, ["600"], ["10"], "sqlite3AlterRenameTable")]
    rows = []
    for name, *guest in guests:
        results = interleave(_variants(programs, *guest), rounds)
        for variant, text, base, has_goal in _ROWS:
            against = ratio(results, variant, base) if base else None
            rows.append(Row(name, text, median(results[variant]), against, has_goal))
    return rows
