# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Walks through a guest: stops at many places and writes down all that LLDB shows there, so that
two engines can be compared."""
import difflib
import random
from typing import Iterator, NamedTuple

import lldb

from harness.session import Session

SEED = 20
MOST_FRAMES = 12  # of which the variables are looked at
MOST_CHILDREN = 12

Values = dict[str, str | None]  # by path such as "point.x"; None: not available


class FrameRecord(NamedTuple):
    pc: int
    function: str
    line: int
    values: Values
    addresses: dict[str, int]  # in memory, of those variables that are there

    def place(self) -> tuple[str, int]:
        return self.function, self.line


class StopRecord(NamedTuple):
    pc: int
    frames: tuple[FrameRecord, ...]


class Comparison:
    """What two walks that ought to be the same have shown."""

    def __init__(self) -> None:
        self.stops = 0
        self.places_equal = 0
        self.places = 0
        self.equal = 0
        self.different: list[str] = []  # of variables that are wasm locals or globals
        self.moved: list[str] = []      # of variables in memory: their store has been moved
        self.elsewhere: list[str] = []  # frames that differ
        self.missing: list[str] = []    # values that are not available

    @property
    def values(self) -> int:
        return self.equal + len(self.missing) + len(self.different) + len(self.moved)

    def __str__(self) -> str:
        share = 100 * self.equal / max(1, self.values)
        return (f"{self.stops} stops; {self.places_equal} of {self.places} frames at the same function "
                f"and line; {self.values} values: {share:.1f} % equal, {len(self.missing)} unavailable, "
                f"{len(self.moved)} of a moved store, {len(self.different)} different")


def statement_addresses(target: lldb.SBTarget, files: tuple[str, ...], limit: int) -> list[int]:
    """File addresses of up to `limit` statements, each of a line of its own, in the guest's order.
    The first row of a function is left out: there its frame is not made yet."""
    found: dict[tuple[str, int, str], int] = {}
    module = target.GetModuleAtIndex(0)
    for unit in (module.GetCompileUnitAtIndex(i) for i in range(module.GetNumCompileUnits())):
        for entry in (unit.GetLineEntryAtIndex(i) for i in range(unit.GetNumLineEntries())):
            name = entry.GetFileSpec().GetFilename()
            address = entry.GetStartAddress()
            function = address.GetFunction()
            if name in files and entry.GetLine() and function.IsValid() and \
                    address.GetFileAddress() > function.GetStartAddress().GetFileAddress() + \
                    function.GetPrologueByteSize():
                found.setdefault((name, entry.GetLine(), function.GetName()), address.GetFileAddress())
    addresses = sorted(set(found.values()))
    if len(addresses) > limit:
        addresses = sorted(random.Random(SEED).sample(addresses, limit))
    return addresses


def _text(value: lldb.SBValue) -> str | None:
    if not value.GetError().Success():
        return None
    return value.GetValue()


def _scalars(value: lldb.SBValue, path: str, depth: int) -> Iterator[tuple[str, str | None]]:
    value = value.GetNonSyntheticValue()
    kind = value.GetType().GetCanonicalType().GetTypeClass()
    aggregate = kind in (lldb.eTypeClassStruct, lldb.eTypeClassClass, lldb.eTypeClassUnion,
                         lldb.eTypeClassArray)
    if not aggregate:
        yield path, _text(value)
        return
    if not value.GetError().Success():
        yield path, None
        return
    if depth == 0:
        return
    for i in range(min(value.GetNumChildren(MOST_CHILDREN), MOST_CHILDREN)):
        child = value.GetChildAtIndex(i)
        yield from _scalars(child, f"{path}.{child.GetName()}", depth - 1)


def _variables(frame: lldb.SBFrame) -> tuple[Values, dict[str, int]]:
    values: Values = {}
    addresses: dict[str, int] = {}
    for variable in frame.GetVariables(True, True, False, True):
        path = variable.GetName() or "?"
        if path in values:  # a name that another one hides
            path += f"@{variable.GetDeclaration().GetLine()}"
        values.update(_scalars(variable, path, 2))
        if variable.GetLoadAddress() != lldb.LLDB_INVALID_ADDRESS:
            addresses[path] = variable.GetLoadAddress()
    return values, addresses


def record_stop(thread: lldb.SBThread) -> StopRecord:
    frames = []
    for i in range(thread.GetNumFrames()):
        frame = thread.GetFrameAtIndex(i)
        frames.append(FrameRecord(frame.GetPCAddress().GetFileAddress(), frame.GetFunctionName() or "",
                                  frame.GetLineEntry().GetLine(),
                                  *(_variables(frame) if i < MOST_FRAMES else ({}, {}))))
    return StopRecord(frames[0].pc if frames else 0, tuple(frames))


def walk(session: Session, addresses: list[int], *, hits: int, most_stops: int,
         seconds: float) -> list[StopRecord]:
    """Stops at each address `hits` times, until the guest ends or `most_stops` are written down."""
    records: list[StopRecord] = []
    module = session.target.GetModuleAtIndex(0)
    breakpoints: dict[int, lldb.SBBreakpoint] = {}
    counts: dict[int, int] = {}
    for address in addresses:
        breakpoint = session.target.BreakpointCreateBySBAddress(module.ResolveFileAddress(address))
        breakpoints[breakpoint.GetID()] = breakpoint
    while len(records) < most_stops:
        session.command("process continue")
        if session.wait_for_state((lldb.eStateStopped, lldb.eStateExited), seconds) == lldb.eStateExited:
            break
        thread = session.thread
        if thread.GetStopReason() != lldb.eStopReasonBreakpoint:
            break
        records.append(record_stop(thread))
        for i in range(0, thread.GetStopReasonDataCount(), 2):
            number = thread.GetStopReasonDataAtIndex(i)
            counts[number] = counts.get(number, 0) + 1
            if counts[number] == hits:
                breakpoints[number].SetEnabled(False)
    return records


def _compare_values(ours: FrameRecord, theirs: FrameRecord, into: Comparison) -> None:
    for path, expected in theirs.values.items():
        if expected is None:
            continue
        value = ours.values.get(path)
        if value is None:
            into.missing.append(f"{ours.pc:#x} {ours.function}:{ours.line} {path}")
        elif value == expected:
            into.equal += 1
        else:
            in_memory = path.partition(".")[0] in ours.addresses
            (into.moved if in_memory else into.different).append(
                f"{ours.pc:#x} {ours.function}:{ours.line} {path}: {value}, not {expected}")


def _same_moment(stop: StopRecord, other: StopRecord) -> bool:
    """A loop passes a place again and again: variables in memory tell which call it is."""
    for frame, wanted in zip(stop.frames, other.frames):
        if any(wanted.addresses.get(path, address) != address
               for path, address in frame.addresses.items()):
            return False
    return True


def compare(ours: list[StopRecord], reference: list[StopRecord]) -> Comparison:
    """Pairs the stops by their order and place, and compares each pair frame by frame."""
    result = Comparison()
    matcher = difflib.SequenceMatcher(None, [stop.pc for stop in ours],
                                      [stop.pc for stop in reference], autojunk=False)
    for first, second, length in matcher.get_matching_blocks():
        for stop, other in zip(ours[first:first + length], reference[second:second + length]):
            if _same_moment(stop, other):
                _compare_stops(stop, other, result)
    return result


def _compare_stops(stop: StopRecord, other: StopRecord, into: Comparison) -> None:
    into.stops += 1
    into.places += max(len(stop.frames), len(other.frames))
    same = 0
    for frame, wanted in zip(stop.frames, other.frames):
        if frame.place() != wanted.place():
            break
        same += 1
        _compare_values(frame, wanted, into)
    into.places_equal += same
    if same < max(len(stop.frames), len(other.frames)):
        into.elsewhere.append(f"{stop.pc:#x} {[frame.place() for frame in stop.frames[same:]]}, not "
                              f"{[frame.place() for frame in other.frames[same:]]}")
