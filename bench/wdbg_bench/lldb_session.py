# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real LLDB over loopback. Its Python module belongs to one Python; found through lldb -P."""

import re
import subprocess
import sys
import time

from .programs import Server
from .statistics import percentile

LLDB = "lldb-22"
_STEP = re.compile(r"vCont;s|s$")
_RUN = re.compile(r"vCont;|c$|C|S")


def _lldb():
    path = subprocess.run([LLDB, "-P"], capture_output=True, text=True, check=True).stdout.strip()
    if path not in sys.path:
        sys.path.insert(0, path)
    import lldb
    return lldb


def _kind(packet):
    return "step" if _STEP.match(packet) else "run" if _RUN.match(packet) else "ask"


def packet_times(log):
    """(milliseconds from packet in to packet out, kind) per packet. Kinds: "ask", "step" (one
    instruction), "run" (the guest runs to a breakpoint meanwhile)."""
    times, asked = [], None
    for line in log.read_text().splitlines():
        at, direction, packet = line.split(" ", 2)
        if direction == "->":
            asked = (float(at), _kind(packet))
        elif asked:
            times.append((float(at) - asked[0], asked[1]))
            asked = None
    return times


class Session:
    """wdbg stopped at the guest's entry, and LLDB connected to it."""

    def __init__(self, programs, guest, arguments=()):
        self.lldb = _lldb()
        self.server = Server(programs, guest, arguments, ["--log-packets"])
        self.debugger = self.lldb.SBDebugger.Create()
        self.debugger.SetAsync(False)
        self.target = self.debugger.CreateTarget(str(guest))
        result = self.lldb.SBCommandReturnObject()
        begin = time.perf_counter()
        self.debugger.GetCommandInterpreter().HandleCommand(
            f"process connect --plugin wasm connect://{self.server.address}", result)
        self.process = self.target.GetProcess()
        if not result.Succeeded() or self.process.GetState() != self.lldb.eStateStopped:
            raise RuntimeError(f"LLDB did not connect: {result.GetError()}")
        self.connect_seconds = time.perf_counter() - begin

    def close(self):
        self.process.Kill()
        self.lldb.SBDebugger.Destroy(self.debugger)
        self.server.close()


def connect_times(programs, rounds):
    """Per round: (milliseconds from connecting to the first stop, ours of them)."""
    times = []
    for _ in range(rounds):
        session = Session(programs, programs.sqlite)
        ours = sum(each for each, _ in packet_times(session.server.packet_log))
        times.append((1000 * session.connect_seconds, ours))
        session.close()
    return times


def _steps_of_one_session(programs, steps):
    session = Session(programs, programs.sqlite)
    lldb = session.lldb
    session.target.BreakpointCreateByName("sqlite3_step")
    session.process.Continue()
    thread = session.process.GetSelectedThread()
    if thread.GetStopReason() != lldb.eStopReasonBreakpoint:
        raise RuntimeError("the breakpoint in sqlite3_step was not reached")
    session.target.DeleteAllBreakpoints()
    warm_up = len(packet_times(session.server.packet_log))
    times = []
    for number in range(steps):
        begin = time.perf_counter()
        if number % 5 == 4:
            thread.StepInto()
        else:
            thread.StepOver()
        times.append(1000 * (time.perf_counter() - begin))
        if session.process.GetState() != lldb.eStateStopped:
            raise RuntimeError(f"the guest ended after {number} steps")
    packets = packet_times(session.server.packet_log)[warm_up:]
    session.close()
    return times, packets


# LLDB 22 has room for 16 bytes of an instruction and crashes sooner or later behind a long br_table,
# as SQLite's tokenizer has one: the way from sqlite3_step to there takes 180 steps.
STEPS_PER_SESSION = 100


def step_times(programs, sessions):
    """Source steps in SQLite, every fifth one into calls. Returns milliseconds per step, and our
    milliseconds per packet, by its kind."""
    times, packets = [], []
    for _ in range(sessions):
        more_times, more_packets = _steps_of_one_session(programs, STEPS_PER_SESSION)
        times += more_times
        packets += more_packets
    return times, {kind: [t for t, each in packets if each == kind]
                   for kind in ("ask", "step", "run")}


def p50_p95(values):
    return percentile(values, 0.5), percentile(values, 0.95)
