# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same stops in LLDB and in the debug adapter, each with a guest of its own."""
import dataclasses
import re

import lldb
from client.session import Session as Adapter
from harness import paths
from harness.guest import Guest
from harness.session import Session as Debugger

import expected
from trees import AdapterTree, Leaf, lldb_tree

MARKER = re.compile(r"// BREAK: ([\w-]+)")
FRAMES = 8


@dataclasses.dataclass
class Difference:
    program: str
    place: str
    name: str
    lldb: Leaf
    adapter: Leaf

    def __str__(self) -> str:
        show = lambda leaf: f"{leaf.bits:#x}" if leaf.bits is not None else f"<{leaf.note}>"  # noqa: E731
        return f"{self.place}: {self.name}: LLDB {show(self.lldb)}, adapter {show(self.adapter)}"


@dataclasses.dataclass
class Walk:
    """What has been compared on the way through one program."""

    program: str
    source: str
    args: tuple = ()
    markers: tuple = ()  # none: all of the source
    hits: int = 2  # of each marker
    stops: int = 0
    frames: int = 0
    scalars: int = 0
    unknown: int = 0  # to both
    more: int = 0  # known to the adapter only
    differences: list = dataclasses.field(default_factory=list)
    skipped: dict = dataclasses.field(default_factory=dict)  # reason -> frames or scalars

    def lines(self) -> dict[int, str]:
        text = (paths.SOURCES / self.source).read_text(encoding="utf-8").splitlines()
        found = {number: match[1] for number, line in enumerate(text, 1) if (match := MARKER.search(line))}
        return {line: name for line, name in found.items() if not self.markers or name in self.markers}

    # --- Running ---
    def run(self) -> "Walk":
        debugger, adapter = Debugger(self.source), Adapter()
        try:
            self._begin(debugger, adapter)
            self._stops(debugger, adapter)
        finally:
            adapter.dispose()
            debugger.dispose()
        return self

    def _begin(self, debugger: Debugger, adapter: Adapter) -> None:
        debugger.connect(Guest(paths.fixture(self.program), self.args))
        adapter.launch(str(paths.fixture(self.program)), args=[str(each) for each in self.args])
        self._set(debugger, adapter, list(self.lines()))
        adapter.configured()

    def _set(self, debugger: Debugger, adapter: Adapter, lines: list[int]) -> None:
        """At the places that LLDB finds on these lines, by address: how a line without code of its own is
        taken is another matter."""
        debugger.target.DeleteAllBreakpoints()
        addresses: dict[int, None] = {}
        for line in lines:
            file = lldb.SBFileSpec(self.source.rsplit("/", 1)[-1], False)
            found = debugger.target.BreakpointCreateByLocation(file, line, 0, 0, lldb.SBFileSpecList(), False)
            for index in range(found.GetNumLocations()):
                addresses[found.GetLocationAtIndex(index).GetLoadAddress()] = None
        adapter.connection.request("setInstructionBreakpoints", {
            "breakpoints": [{"instructionReference": f"{address:#x}"} for address in addresses]})

    def _stops(self, debugger: Debugger, adapter: Adapter) -> None:
        left = {line: self.hits for line in self.lines()}
        while left:
            debugger.command("process continue")
            states = (lldb.eStateStopped, lldb.eStateExited)
            if debugger.wait_for_state(states, 60) == lldb.eStateExited:
                assert adapter.exited(60) is not None, "LLDB's guest has ended, the adapter's not"
                return
            adapter.stopped(60)
            self._compare(debugger, adapter)
            line = debugger.thread.GetFrameAtIndex(0).GetLineEntry().GetLine()
            left[line] = left.get(line, 1) - 1
            if left[line] <= 0:
                del left[line]
                self._set(debugger, adapter, list(left))
            adapter.resume()

    # --- Comparing ---
    def _compare(self, debugger: Debugger, adapter: Adapter) -> None:
        self.stops += 1
        stack = adapter.stack(levels=FRAMES)
        seen: set[str] = set()
        for index, ours in enumerate(stack):
            theirs = debugger.thread.GetFrameAtIndex(index)
            line = theirs.GetLineEntry()
            if ours.line == 0 or not line.IsValid() or not ours.source.get("path"):
                continue
            name = theirs.GetFunctionName() or ""
            place = f"{self.program} {ours.name} {line.GetFileSpec().GetFilename()}:{line.GetLine()} #{index}"
            where = (line.GetFileSpec().GetFilename(), line.GetLine())
            reason = expected.whole_frame(self.program, name, index, seen)
            seen.add(name)
            if reason:
                self.skipped[reason] = self.skipped.get(reason, 0) + 1
                continue
            assert (ours.file, ours.line) == where, f"{place}: the adapter says {ours.file}:{ours.line}"
            self.frames += 1
            self._compare_frame(theirs, AdapterTree(adapter, ours.id), place, statics=index == 0)

    def _compare_frame(self, frame: lldb.SBFrame, adapter: AdapterTree, place: str, statics: bool) -> None:
        options = (True, True, statics, True)  # arguments, locals, statics, in scope only
        names = dict.fromkeys(value.GetName() for value in frame.GetVariables(*options))
        for name in names:
            if name is None:
                continue
            for path, theirs in lldb_tree(frame.FindVariable(name, lldb.eNoDynamicValues)).items():
                ours = adapter.leaf(name, path, theirs.size)
                whole = "/".join((name, *path))
                self._judge(Difference(self.program, place, whole, theirs, ours))

    def _judge(self, found: Difference) -> None:
        if found.lldb.bits == found.adapter.bits:
            self.scalars += found.lldb.bits is not None
            self.unknown += found.lldb.bits is None
        elif found.lldb.bits is None:
            self.more += 1
        elif reason := expected.reason(found):
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
        else:
            self.differences.append(found)
