# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg bridge` on SQLite (-O2, compiled with -Og) in plain WAMR behind gdbserver: what a DAP client costs
the link, and the bridge's memory."""
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile

from .aot import compile_guest
from .programs import library_bytes, private_bytes, wait_for

_ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tests" / "dap"), str(_ROOT / "tests" / "bridge")]

STEPS = 20


@contextlib.contextmanager
def _process(command, **options):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _look(session):
    for frame in session.stack(levels=10):
        session.locals(frame.id)


def _cost(log, action):
    from link_cost import LinkCost
    cost = LinkCost(log)
    action()
    return cost.trips(), cost.bytes(), cost.milliseconds()


def _drive(address, log):
    """Costs of the stop report and of each step: round trips, bytes, milliseconds at 115 200 baud."""
    from client.session import Session
    session = Session(address)
    try:
        session.attach(connect="127.0.0.1:1")
        session.connection.request("setFunctionBreakpoints", {"breakpoints": [{"name": "sqlite3_step"}]})
        session.configured()
        session.stopped(60)
        session.connection.request("setFunctionBreakpoints", {"breakpoints": []})
        report = _cost(log, lambda: _look(session))
        steps = [_cost(log, lambda: session.step("stepIn" if i % 5 == 4 else "next")) for i in range(STEPS)]
        return report, steps
    finally:
        session.dispose()


def measure(programs):
    """Cost of a report, costs of steps, the bridge's private bytes without libLLVM's."""
    aot = compile_guest(programs, programs.sqlite_o2, ["-Og"], "Og")
    with tempfile.TemporaryDirectory(prefix="wdbg-bench-") as folder:
        listen_file, log, told = (pathlib.Path(folder) / name for name in ("listen", "native", "gdbserver"))
        with told.open("w") as output, _process(
                ["gdbserver", "--once", "127.0.0.1:0", programs.stock_plain, aot, "10"], stderr=output):
            found = wait_for(lambda: re.search(r"Listening on port (\d+)\n", told.read_text()), "gdbserver")
            with _process([programs.wdbg, "bridge", f"--native=127.0.0.1:{found[1]}",
                           f"--module={programs.sqlite_o2}", f"--debug-file={aot}.debug", "--dap=127.0.0.1:0",
                           f"--listen-file={listen_file}", f"--log-native={log}"]) as bridge:
                wait_for(listen_file.exists, "wdbg does not listen", 60)
                report, steps = _drive(listen_file.read_text().strip(), log)
                memory = private_bytes(bridge.pid) - library_bytes(bridge.pid, "libLLVM")
    return report, steps, memory
