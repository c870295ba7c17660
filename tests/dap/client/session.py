# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One debug session as a test sees it: `wdbg dap` and what an editor would do with it."""
import os
import pathlib
import platform
import subprocess
from typing import Any

from client.connection import DEFAULT_SECONDS, Connection, RequestFailed
from client.types import (Breakpoint, Evaluated, Frame, Instruction, Scope, Stopped, Thread, Variable,
                          parse)

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"


def wdbg() -> str:
    return os.environ["WDBG"]


def engine() -> dict[str, str]:
    """Launch settings of the variant under test: WDBG_DAP_ENGINE is "interp", or "aot-g", …"""
    kind, _, level = os.environ.get("WDBG_DAP_ENGINE", "interp").partition("-")
    settings = {"engine": "aot", "optLevel": level} if kind == "aot" else {}
    if level == "3" and platform.machine() == "x86_64":
        settings["cpu"] = "x86-64-v3"  # as the guests of tests/e2e, see harness/paths.py there
    return settings


def fixture(name: str) -> str:
    path = pathlib.Path(os.environ["WDBG_FIXTURES"], f"{name}.wasm")
    assert path.exists(), f"no guest {path}: build the target `fixtures`"
    return str(path)


def marker(source: str, name: str) -> int:
    """Line (from 1) of `BREAK: name` in a source such as "c/control.c"."""
    lines = (SOURCES / source).read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1)
             if line.rstrip().endswith((f"BREAK: {name}", f"TRAP: {name}", f"STORE: {name}"))]
    assert len(found) == 1, f"{source}: {len(found)} markers {name}"
    return found[0]


class Session:
    def __init__(self, address: str = "") -> None:
        self.process = None
        if address:
            self.connection = Connection.to_socket(address)
        else:
            self.process = subprocess.Popen([wdbg(), "dap"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.connection = Connection(self.process.stdout, self.process.stdin)
        self.capabilities: dict[str, Any] = {}
        self.output: list[tuple[str, str]] = []

    # --- Beginning and end ---
    def initialize(self, **more: Any) -> dict:
        arguments = {"adapterID": "wdbg", "clientID": "test", "supportsProgressReporting": True,
                     "supportsInvalidatedEvent": True, "supportsMemoryEvent": True, **more}
        self.capabilities = self.connection.request("initialize", arguments)
        return self.capabilities

    def launch(self, program: str, **settings: Any) -> None:
        """Until the adapter wants the breakpoints."""
        if not self.capabilities:
            self.initialize()
        path = program if "/" in program else fixture(program)
        self.connection.request("launch", {"program": path, **engine(), **settings}, seconds=60)
        self.connection.event("initialized", seconds=60)

    def attach(self, **settings: Any) -> None:
        if not self.capabilities:
            self.initialize()
        self.connection.request("attach", settings)
        self.connection.event("initialized")

    def configured(self) -> None:
        self.connection.request("configurationDone")

    def run_to(self, source: str, name: str, program: str, **settings: Any) -> Stopped:
        """Launches and stops at a marker."""
        self.launch(program, **settings)
        self.breakpoints(source, name)
        self.configured()
        return self.stopped()

    def disconnect(self, **arguments: Any) -> None:
        self.connection.request("disconnect", arguments)

    def exited(self, seconds: float = DEFAULT_SECONDS) -> int:
        """The exit code; the terminated event must follow."""
        code = self.connection.event("exited", seconds=seconds)["body"]["exitCode"]
        self.connection.event("terminated", seconds=seconds)
        return code

    def text(self, category: str = "stdout") -> str:
        self.output += [(body["category"], body["output"])
                        for body in self.connection.taken("output")]
        return "".join(text for kind, text in self.output if kind == category)

    def dispose(self) -> None:
        if self.process is None:
            return
        try:  # a guest would outlive a client that is only gone
            self.connection.send_request("disconnect", {"terminateDebuggee": True})
            self.connection.close()
        except (OSError, ValueError):
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    # --- Breakpoints ---
    def breakpoints(self, source: str, *names: str | int, **options: Any) -> list[Breakpoint]:
        """At markers or lines of a source below tests/fixtures; `options` are for all of them."""
        return self.different_breakpoints(source, {name: options for name in names})

    def different_breakpoints(self, source: str,
                              wanted: dict[str | int, dict[str, Any]]) -> list[Breakpoint]:
        """As breakpoints(), each with options of its own."""
        lines = {name if isinstance(name, int) else marker(source, name): options
                 for name, options in wanted.items()}
        body = self.connection.request("setBreakpoints", {
            "source": {"path": str(SOURCES / source)},
            "breakpoints": [{"line": line, **options} for line, options in lines.items()]},
            seconds=60)
        return [parse(Breakpoint, each) for each in body["breakpoints"]]

    # --- Run control ---
    def stopped(self, seconds: float = DEFAULT_SECONDS) -> Stopped:
        event = self.connection.event("stopped", "terminated", seconds=seconds)
        assert event["event"] == "stopped", f"the guest has ended: {self.text('console')}"
        return parse(Stopped, event["body"])

    def resume(self, thread: int = 1) -> None:
        self.connection.request("continue", {"threadId": thread})

    def step(self, command: str, thread: int = 1, **arguments: Any) -> Stopped:
        """`next`, `stepIn`, `stepOut`; the stop that follows."""
        self.connection.request(command, {"threadId": thread, **arguments})
        return self.stopped()

    # --- State ---
    def threads(self) -> list[Thread]:
        return [parse(Thread, each) for each in self.connection.request("threads")["threads"]]

    def stack(self, thread: int = 1, **arguments: Any) -> list[Frame]:
        body = self.connection.request("stackTrace", {"threadId": thread, **arguments})
        return [parse(Frame, each) for each in body["stackFrames"]]

    def top(self, thread: int = 1) -> Frame:
        return self.stack(thread, levels=1)[0]

    def at(self, source: str, name: str) -> bool:
        """Whether the guest stands at a marker."""
        frame = self.top()
        return (frame.file, frame.line) == (source.rsplit("/", 1)[-1], marker(source, name))

    def scopes(self, frame: int) -> dict[str, Scope]:
        body = self.connection.request("scopes", {"frameId": frame})
        return {each["name"]: parse(Scope, each) for each in body["scopes"]}

    def children(self, reference: int, **arguments: Any) -> dict[str, Variable]:
        body = self.connection.request("variables",
                                       {"variablesReference": reference, **arguments})
        return {each["name"]: parse(Variable, each) for each in body["variables"]}

    def locals(self, frame: int | None = None) -> dict[str, Variable]:
        """Arguments and locals of a frame (the innermost one)."""
        found: dict[str, Variable] = {}
        for name, scope in self.scopes(frame or self.top().id).items():
            if name in ("Arguments", "Locals"):
                found.update(self.children(scope.variablesReference))
        return found

    def evaluate(self, expression: str, frame: int | None = None, context: str = "watch",
                 **arguments: Any) -> Evaluated:
        body = self.connection.request("evaluate", {
            "expression": expression, "frameId": frame or self.top().id, "context": context,
            **arguments})
        return parse(Evaluated, body)

    def disassemble(self, reference: str, count: int, offset: int = 0) -> list[Instruction]:
        body = self.connection.request("disassemble", {
            "memoryReference": reference, "instructionCount": count, "instructionOffset": offset})
        return [parse(Instruction, each) for each in body["instructions"]]

    def refused(self, command: str, arguments: dict[str, Any] | None = None) -> str:
        """The message of a request that must fail."""
        try:
            body = self.connection.request(command, arguments)
        except RequestFailed as failure:
            return failure.message
        raise AssertionError(f"{command} succeeded: {body}")
