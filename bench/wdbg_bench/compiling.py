# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the debug file costs when a module is compiled: CPU time of the same compilation without it."""

import pathlib
import tempfile
from typing import NamedTuple

from .programs import run_alone
from .statistics import interleave, median, ratio

LIMIT = 1.15


class Row(NamedTuple):
    guest: str
    options: str
    seconds: float
    ratio: float


def measure(programs, rounds, guests=None):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "guest.aot")
        for name, guest in (guests or {"SQLite -O2": programs.sqlite_o2}).items():
            for options in (["-O3"], ["-O3", "--plain-code"], ["-Og"]):
                command = [programs.wdbg, "compile", *options, guest, "-o", output]
                results = interleave({
                    "with": lambda: run_alone(*command),
                    "without": lambda: run_alone(*command, "--no-debug-file"),
                }, rounds)
                rows.append(Row(name, " ".join(options), median(results["with"]),
                                ratio(results, "with", "without")))
    return rows
