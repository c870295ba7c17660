# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real LLDB over loopback. Its Python module belongs to one Python; found through lldb -P."""

import re
import subprocess
import sys
import time
from typing import NamedTuple

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
    """wdbg stopped at the guest's entry, and LLDB connected to it. `aot`: what runs, if compiled."""

    def __init__(self, programs, guest, arguments=(), aot=None, **options):
        self.lldb = _lldb()
        self.server = Server(programs, aot or guest, arguments, ["--log-packets"], **options)
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

    def run_to(self, function):
        """Its one breakpoint is hit and gone."""
        breakpoint = self.target.BreakpointCreateByName(function)
        self.process.Continue()
        thread = self.process.GetSelectedThread()
        if thread.GetStopReason() != self.lldb.eStopReasonBreakpoint:
            raise RuntimeError(f"the breakpoint in {function} was not reached")
        self.target.BreakpointDelete(breakpoint.GetID())
        return thread

    def look(self):
        """What an editor shows at a stop: all frames, and the variables of the innermost one."""
        thread = self.process.GetSelectedThread()
        names = [frame.GetFunctionName() for frame in thread.frames]
        return names, [each.GetValue() for each in thread.frames[0].GetVariables(True, True, False, True)]

    def our_milliseconds(self, since=0):
        """What wdbg took for the packets behind the first `since` ones; and how many there are."""
        times = packet_times(self.server.packet_log)
        return sum(each for each, _ in times[since:]), len(times)

    def close(self):
        self.process.Kill()
        self.lldb.SBDebugger.Destroy(self.debugger)
        self.server.close()


def connect_times(programs, rounds, guest=None, aot=None):
    """Per round: (milliseconds from connecting to the first stop, ours of them)."""
    times = []
    for _ in range(rounds):
        session = Session(programs, guest or programs.sqlite, aot=aot)
        times.append((1000 * session.connect_seconds, session.our_milliseconds()[0]))
        session.close()
    return times


class Steps(NamedTuple):
    total: list  # milliseconds per source step
    ours: list  # milliseconds of them in wdbg
    packets: list  # (milliseconds, kind) of each packet


def _steps_of_one_session(programs, steps, guest, aot):
    session = Session(programs, guest, aot=aot)
    thread = session.run_to("sqlite3_step")
    warm_up = seen = session.our_milliseconds()[1]
    total, ours = [], []
    for number in range(steps):
        begin = time.perf_counter()
        if number % 5 == 4:
            thread.StepInto()
        else:
            thread.StepOver()
        total.append(1000 * (time.perf_counter() - begin))
        if session.process.GetState() != session.lldb.eStateStopped:
            raise RuntimeError(f"the guest ended after {number} steps")
        milliseconds, seen = session.our_milliseconds(seen)
        ours.append(milliseconds)
    packets = packet_times(session.server.packet_log)[warm_up:]
    session.close()
    return Steps(total, ours, packets)


# LLDB 22 has room for 16 bytes of an instruction and crashes sooner or later behind a long br_table,
# as SQLite's tokenizer has one: the way from sqlite3_step to there takes 180 steps, in optimised code 61.
STEPS_PER_SESSION = 100


def step_times(programs, sessions, guest=None, aot=None, steps=STEPS_PER_SESSION):
    """Source steps in SQLite, every fifth one into calls."""
    times = Steps([], [], [])
    for _ in range(sessions):
        for each, more in zip(times, _steps_of_one_session(programs, steps, guest or programs.sqlite, aot)):
            each += more
    return times


def packets_by_kind(steps):
    return {kind: [t for t, each in steps.packets if each == kind] for kind in ("ask", "step", "run")}


def p50_p95(values):
    return percentile(values, 0.5), percentile(values, 0.95)
