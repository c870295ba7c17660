# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real LLDB on compiled SQLite (-O2)."""

import subprocess
import time
from typing import NamedTuple

from .aot import compile_guest
from .lldb_session import Session, connect_times, step_times
from .programs import anonymous_bytes, is_asleep, library_bytes, llvm_libraries, paused_alone, private_bytes, wait_for
from .raw import source_steps


class Memory(NamedTuple):
    stock: int  # private bytes of WAMR without wdbg
    wdbg: int  # more than that, behind a stop with all frames and variables; without libLLVM's
    anonymous: int  # of these, what is no file's
    llvm: int
    debug_file: int


class Measured(NamedTuple):
    steps: object  # lldb_session.Steps
    engine_steps: list  # milliseconds
    connects: list  # (milliseconds, ours)
    first_looks: list  # from connecting to the variables at a function breakpoint: (milliseconds, ours)
    memory: Memory


def _first_looks(programs, rounds, guest, aot):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        session = Session(programs, guest, aot=aot)
        session.run_to("sqlite3_step")
        session.look()
        times.append((1000 * (time.perf_counter() - begin), session.our_milliseconds()[0]))
        session.close()
    return times


def _memory(programs, guest, aot):
    arguments = ["50", "pause"]
    with paused_alone(programs.stock_plain, aot, *arguments) as stock:
        wait_for(lambda: is_asleep(stock.pid, 1), "stock WAMR does not wait")
        stock_bytes = private_bytes(stock.pid)
        stock_anonymous = anonymous_bytes(stock.pid)
    session = Session(programs, guest, arguments, aot, stdin=subprocess.PIPE)
    session.run_to("sqlite3_step")
    session.look()
    session.debugger.SetAsync(True)
    session.process.Continue()
    pid = session.server.process.pid
    time.sleep(1)
    wait_for(lambda: is_asleep(pid, 2), "the guest does not wait")
    libraries = llvm_libraries(programs)
    llvm = library_bytes(pid, *libraries)
    ours = private_bytes(pid) - llvm - stock_bytes
    anonymous = anonymous_bytes(pid, libraries) - stock_anonymous
    session.close()
    return Memory(stock_bytes, ours, anonymous, llvm, aot.with_name(f"{aot.name}.debug").stat().st_size)


def measure(programs, option, rounds):
    guest = programs.sqlite_o2
    aot = compile_guest(programs, guest, [option], option.lstrip("-"))
    return Measured(step_times(programs, rounds, guest, aot, steps=50),
                    source_steps(programs, guest, aot, "sqlite3_step", 50 * rounds),
                    connect_times(programs, rounds, guest, aot), _first_looks(programs, rounds, guest, aot),
                    _memory(programs, guest, aot))
