# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An LLDB session on one guest, over LLDB's Python API.

LLDB runs in asynchronous mode: every command that resumes the guest returns at once, and the test
waits for the stop with a deadline. So a stub that never answers fails a test instead of hanging it.
"""
import pathlib
import re
import tempfile
from typing import NamedTuple

import lldb

from harness import paths
from harness.deadline import DEFAULT_SECONDS, Deadline, DeadlineError, wait_for
from harness.guest import Guest
from harness.markers import Place, place

_REASONS = {
    lldb.eStopReasonNone: "none",
    lldb.eStopReasonTrace: "trace",
    lldb.eStopReasonBreakpoint: "breakpoint",
    lldb.eStopReasonWatchpoint: "watchpoint",
    lldb.eStopReasonSignal: "signal",
    lldb.eStopReasonException: "exception",
    lldb.eStopReasonPlanComplete: "step",
}


_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")


def _plain_name(frame: lldb.SBFrame) -> str:
    """LLDB shows linkage names: `main(argc, argv)` is __main_argc_argv in wasm, and Rust's have a
    hash at their end."""
    name = _RUST_HASH.sub("", frame.GetFunctionName() or "")
    return "main" if name == "__main_argc_argv" else name


class Stop(NamedTuple):
    """Why and where the selected thread stopped."""

    reason: str
    description: str
    function: str
    file: str
    line: int


class CommandError(AssertionError):
    """LLDB refused a command."""


class Session:
    def __init__(self, source: str = "") -> None:
        """`source` is the guest's source under tests/fixtures, for markers."""
        self.source = source
        self.guest: Guest | None = None
        self.target = lldb.SBTarget()
        self._folder = tempfile.TemporaryDirectory(prefix="wdbg-lldb-")
        self.log = pathlib.Path(self._folder.name) / "packets.log"
        self.debugger = lldb.SBDebugger.Create(False)
        self.debugger.SetAsync(True)
        for setting in ("plugin.process.gdb-remote.packet-timeout 10",
                        "target.process.thread.step-in-avoid-nodebug true",
                        "symbols.enable-external-lookup false",
                        "stop-line-count-before 0", "use-color false"):
            self.command(f"settings set {setting}")
        self.command(f"log enable -f {self.log} gdb-remote packets")
        self.listener = self.debugger.GetListener()

    # --- Starting -------------------------------------------------------------------------------
    def connect(self, guest: Guest, *, create_target: bool = True, wait: bool = True) -> Stop | None:
        self.guest = guest
        path = str(guest.module) if create_target else ""
        self.target = self.debugger.CreateTarget(path)
        assert self.target.IsValid(), f"no target for {path!r}"
        return self.reconnect() if wait else None

    def reconnect(self) -> Stop:
        error = lldb.SBError()
        self.target.ConnectRemote(self.listener, f"connect://{self.guest.address()}", "wasm", error)
        assert error.Success(), f"process connect: {error.GetCString()}"
        return self.wait_for_stop()

    def launch(self, module: pathlib.Path, args=(), *, port_argument: str = "-g=127.0.0.1:") -> Stop:
        """LLDB launches `wdbg run` by its wasm platform."""
        self.use_wasm_platform(port_argument)
        self.target = self.debugger.CreateTarget(str(module))
        assert self.target.IsValid()
        self.command("process launch --stop-at-entry -- " + " ".join(map(str, args)))
        return self.wait_for_stop()

    def use_wasm_platform(self, port_argument: str = "-g=127.0.0.1:") -> None:
        # By the API: as a command, LLDB takes a value that starts with "-" for an option.
        settings = {"runtime-path": str(paths.wdbg()), "port-arg": port_argument,
                    "runtime-args": " ".join(["run", *paths.engine_options()])}
        for name, value in settings.items():
            error = lldb.SBDebugger.SetInternalVariable(
                f"platform.plugin.wasm.{name}", value, self.debugger.GetInstanceName())
            assert error.Success(), error.GetCString()
        self.command("settings set target.disable-aslr false")
        self.command("platform select wasm")

    @property
    def process(self) -> lldb.SBProcess:
        return self.target.GetProcess()

    @property
    def thread(self) -> lldb.SBThread:
        return self.process.GetSelectedThread()

    @property
    def frame(self) -> lldb.SBFrame:
        return self.thread.GetSelectedFrame()

    # --- Running --------------------------------------------------------------------------------
    def wait_for_state(self, wanted, seconds: float = DEFAULT_SECONDS) -> int:
        deadline = Deadline(seconds)
        event = lldb.SBEvent()
        while not deadline.passed():
            if not self.listener.WaitForEvent(max(1, int(deadline.left() + 0.999)), event):
                continue
            if not lldb.SBProcess.EventIsProcessEvent(event):
                continue
            state = lldb.SBProcess.GetStateFromEvent(event)
            if lldb.SBProcess.GetRestartedFromEvent(event):
                continue
            if state in wanted and event.GetType() & lldb.SBProcess.eBroadcastBitStateChanged:
                return state
            if state in (lldb.eStateExited, lldb.eStateDetached, lldb.eStateCrashed):
                raise AssertionError(f"unexpected state {self._state_name(state)}")
        raise DeadlineError(f"waited {seconds} s for "
                            f"{[self._state_name(state) for state in wanted]}")

    @staticmethod
    def _state_name(state: int) -> str:
        return lldb.SBDebugger.StateAsCString(state)

    def wait_for_stop(self, seconds: float = DEFAULT_SECONDS) -> Stop:
        self.wait_for_state((lldb.eStateStopped,), seconds)
        self._select_stopped_thread()
        return self.stop()

    def _select_stopped_thread(self) -> None:
        """What LLDB's own event loop does: the selected thread is one that has a reason to stop."""
        if self.thread.GetStopReason() not in (lldb.eStopReasonNone, lldb.eStopReasonInvalid):
            return
        for thread in self.threads():
            if thread.GetStopReason() not in (lldb.eStopReasonNone, lldb.eStopReasonInvalid):
                self.process.SetSelectedThread(thread)
                return

    def threads(self) -> list[lldb.SBThread]:
        return [self.process.GetThreadAtIndex(i) for i in range(self.process.GetNumThreads())]

    def wait_for_exit(self, seconds: float = DEFAULT_SECONDS) -> int:
        self.wait_for_state((lldb.eStateExited,), seconds)
        return self.process.GetExitStatus()

    @staticmethod
    def reason(thread: lldb.SBThread) -> str:
        return _REASONS.get(thread.GetStopReason(), str(thread.GetStopReason()))

    def stop(self) -> Stop:
        thread = self.thread
        frame = thread.GetFrameAtIndex(0)
        entry = frame.GetLineEntry()
        return Stop(self.reason(thread),
                    thread.GetStopDescription(1000) or "", _plain_name(frame),
                    entry.GetFileSpec().GetFilename() or "", entry.GetLine())

    def resume(self, command: str = "process continue", seconds: float = DEFAULT_SECONDS) -> Stop:
        """Runs a command that resumes the guest, and waits for the stop."""
        self.command(command)
        return self.wait_for_stop(seconds)

    def go(self, seconds: float = DEFAULT_SECONDS) -> Stop:
        return self.resume("process continue", seconds)

    def go_to_exit(self, seconds: float = DEFAULT_SECONDS) -> int:
        self.command("process continue")
        return self.wait_for_exit(seconds)

    def run_free(self) -> None:
        """Resumes and waits only until LLDB has noticed it."""
        self.command("process continue")
        self.wait_for_state((lldb.eStateRunning,))

    def interrupt(self) -> Stop:
        self.process.SendAsyncInterrupt()
        return self.wait_for_stop()

    def interrupt_in(self, frames: list[str], place: str = "") -> None:
        """Lets it run until it is in these functions, and at this marker, when it is interrupted."""

        def is_there() -> bool:
            self.run_free()
            assert self.interrupt().reason == "signal"
            return self.frames() == frames and (not place or self.stop().line == self.place(place).line)

        wait_for(f"an interrupt in {frames}", is_there)

    def step_over(self) -> Stop:
        return self.resume("thread step-over")

    def step_in(self) -> Stop:
        return self.resume("thread step-in")

    def step_out(self) -> Stop:
        return self.resume("thread step-out")

    def step_instruction(self) -> Stop:
        return self.resume("thread step-inst")

    # --- Breakpoints ----------------------------------------------------------------------------
    def place(self, name: str, kind: str = "BREAK", source: str = "") -> Place:
        return place(source or self.source, name, kind)

    def break_at(self, name: str, *, kind: str = "BREAK", source: str = "", condition: str = "",
                 one_shot: bool = False, locations: int | None = None) -> lldb.SBBreakpoint:
        where = self.place(name, kind, source)
        breakpoint = self.target.BreakpointCreateByLocation(where.file, where.line)
        found = breakpoint.GetNumLocations()
        assert found == locations if locations is not None else found > 0, \
            f"{found} locations at {where}"
        if condition:
            breakpoint.SetCondition(condition)
        breakpoint.SetOneShot(one_shot)
        return breakpoint

    def run_to(self, name: str, seconds: float = DEFAULT_SECONDS, **options) -> Stop:
        """Continues to a marker, by a breakpoint of its own."""
        breakpoint = self.break_at(name, **options)
        stop = self.go(seconds)
        self.expect_at(stop, name, kind=options.get("kind", "BREAK"),
                       source=options.get("source", ""))
        self.target.BreakpointDelete(breakpoint.GetID())
        return stop

    def expect_at(self, stop: Stop, name: str, reason: str = "breakpoint", *, kind: str = "BREAK",
                  source: str = "") -> None:
        where = self.place(name, kind, source)
        assert (stop.file, stop.line, stop.reason) == (where.file, where.line, reason), stop

    # --- Looking --------------------------------------------------------------------------------
    def frames(self, thread: lldb.SBThread | None = None) -> list[str]:
        """Function names, innermost first, without arguments."""
        thread = thread or self.thread
        return [_plain_name(thread.GetFrameAtIndex(i)) for i in range(thread.GetNumFrames())]

    def select_frame(self, index: int) -> None:
        self.thread.SetSelectedFrame(index)

    def local(self, name: str, frame: int | None = None) -> lldb.SBValue:
        where = self.frame if frame is None else self.thread.GetFrameAtIndex(frame)
        value = where.FindVariable(name)
        assert value.IsValid(), f"no variable {name} in {where.GetFunctionName()}"
        return value

    def integer(self, name: str, frame: int | None = None) -> int:
        value = self.local(name, frame)
        assert value.GetError().Success(), f"{name}: {value.GetError().GetCString()}"
        return value.GetValueAsSigned()

    def evaluate(self, expression: str) -> str:
        """The value by LLDB's expression evaluator, as LLDB writes it."""
        options = lldb.SBExpressionOptions()
        options.SetTimeoutInMicroSeconds(5_000_000)
        value = self.frame.EvaluateExpression(expression, options)
        if not value.GetError().Success():
            raise CommandError(f"{expression}: {value.GetError().GetCString()}")
        return value.GetSummary() or value.GetValue() or ""

    def path(self, expression: str) -> str:
        """The value by LLDB's own parser of paths (`frame variable`)."""
        value = self.frame.GetValueForVariablePath(expression)
        assert value.IsValid() and value.GetError().Success(), \
            f"{expression}: {value.GetError().GetCString()}"
        return value.GetSummary() or value.GetValue() or ""

    def command(self, text: str) -> str:
        result = lldb.SBCommandReturnObject()
        self.debugger.GetCommandInterpreter().HandleCommand(text, result)
        if not result.Succeeded():
            raise CommandError(f"(lldb) {text}\n{result.GetError()}{result.GetOutput()}")
        return result.GetOutput() or ""

    def packets(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def dispose(self) -> None:
        if self.guest is not None:
            self.guest.dispose()
        lldb.SBDebugger.Destroy(self.debugger)
        self._folder.cleanup()
