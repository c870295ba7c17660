# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Watchpoints: read, write and access, every width, bulk operations, writes by the host; exact."""
import pytest

from harness.deadline import DeadlineError
from harness.watching import address_of, watch

WATCH = "c/watch.c"
VARIANTS = ["watch-O0", "watch-O2"]

# Which stores of stores() touch bytes [at, at + size) of `cell`, in order.
STORES = [("byte", 3, 1), ("half", 2, 2), ("word", 0, 4), ("long", 0, 8), ("single", 0, 4),
          ("double", 0, 8), ("beside", 4, 4)]


def touching(at, size):
    return [name for name, start, length in STORES if start < at + size and at < start + length]


def lines_hit(session, kind, until):
    """Names of the markers of `kind` at which a watchpoint stopped, up to the line `until`."""
    names = {session.place(name, kind).line: name for name, _, _ in STORES}
    end = session.break_at(until)
    hit = []
    while True:
        stop = session.go()
        if stop.reason == "breakpoint":
            session.target.BreakpointDelete(end.GetID())
            return hit
        assert stop.reason == "watchpoint", stop
        # The store ends its statement: the pc behind it is on the next line.
        hit.append(names.get(stop.line - 1))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("at, size", [(0, 1), (3, 1), (4, 4), (0, 4), (0, 8), (2, 2), (7, 1), (8, 8)])
def test_write_watchpoint_sees_every_overlapping_store(debug, variant, at, size):
    session = debug(variant, WATCH)
    session.run_to("main")
    watchpoint = watch(session, address_of(session, "cell") + at, size)
    hit = lines_hit(session, "STORE", "loads")
    assert len(hit) == len(touching(at, size))
    assert watchpoint.GetHitCount() == len(hit)
    if variant == "watch-O0":
        assert hit == touching(at, size)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("at, size", [(3, 1), (4, 4), (0, 8)])
def test_read_watchpoint_sees_every_overlapping_load(debug, variant, at, size):
    session = debug(variant, WATCH)
    session.run_to("loads")
    watch(session, address_of(session, "cell") + at, size, read=True, write=False)
    hit = lines_hit(session, "LOAD", "bulk")
    assert len(hit) == len(touching(at, size))


def test_read_watchpoint_is_silent_about_stores(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("main")
    watch(session, address_of(session, "cell"), 8, read=True, write=False)
    session.run_to("loads")


def test_access_watchpoint_sees_loads_and_stores(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("main")
    watch(session, address_of(session, "cell") + 4, 4, read=True)
    assert lines_hit(session, "STORE", "loads") == touching(4, 4)
    assert len(lines_hit(session, "LOAD", "bulk")) == len(touching(4, 4))


def test_values_before_and_after(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("before-count")
    session.command("watchpoint set variable counter")
    for i in range(1, 11):
        stop = session.go()
        assert stop.reason == "watchpoint"
        assert session.target.FindFirstGlobalVariable("counter").GetValueAsUnsigned() == i
    session.run_to("before-grow")


def test_watchpoint_command_names_the_values(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("before-count")
    session.command("watchpoint set variable counter")
    session.go()
    session.go()
    output = session.command("watchpoint list --verbose")
    assert "new value: 2" in output and "old value: 1" in output


def test_conditional_watchpoint(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("before-count")
    session.command("watchpoint set variable counter")
    session.command("watchpoint modify -c 'counter == 7'")
    assert session.go(30).reason == "watchpoint"
    assert session.target.FindFirstGlobalVariable("counter").GetValueAsUnsigned() == 7


def test_expression_watchpoint_on_a_local(debug):
    session = debug("control-O0", "c/control.c")
    session.run_to("steps")
    session.command("watchpoint set expression -s 4 -- &b")
    stop = session.go()
    assert (stop.reason, stop.function) == ("watchpoint", "steps")
    assert session.integer("b") == 22


@pytest.mark.parametrize("offset", [0, 64, 127])
def test_memory_fill_and_copy_are_seen(debug, offset):
    session = debug("watch-O0", WATCH)
    session.run_to("bulk")
    watch(session, address_of(session, "array") + offset, 1)
    hits = []
    end = session.break_at("before-count")
    while (stop := session.go()).reason == "watchpoint":
        hits.append(stop)
    assert stop.reason == "breakpoint" and end.GetHitCount() == 1
    assert [hit.function for hit in hits] == ["bulk", "bulk"]


def test_memory_copy_source_is_read(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("bulk")
    watch(session, address_of(session, "array") + 128 + 5, 2, read=True, write=False)
    stop = session.go()
    assert (stop.reason, stop.function) == ("watchpoint", "bulk")
    session.run_to("before-count")


def test_large_range(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("main")
    cell, array = address_of(session, "cell"), address_of(session, "array")
    start, end = min(cell, array), max(cell + 16, array + 256)
    watch(session, start, end - start)
    assert session.go().function == "stores"


def test_many_watchpoints(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("main")
    array = address_of(session, "array")
    watchpoints = [watch(session, array + 4 * i, 4) for i in range(32)]
    stop = session.go()
    assert (stop.reason, stop.function) == ("watchpoint", "bulk")
    session.target.DeleteAllWatchpoints()
    assert len(watchpoints) == 32
    session.run_to("before-count")


def test_removed_watchpoint_is_silent(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("before-count")
    session.command("watchpoint set variable counter")
    assert session.go().reason == "watchpoint"
    session.target.DeleteAllWatchpoints()
    session.run_to("before-grow")


def test_watch_memory_that_grew(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("grown")
    address = session.local("fresh").GetValueAsUnsigned()
    watch(session, address, 4)
    stop = session.go()
    assert (stop.reason, stop.function) == ("watchpoint", "grow")
    session.run_to("end")
    assert session.target.FindFirstGlobalVariable("sink").GetValueAsUnsigned() == 0xfeed


def test_write_by_the_host_is_reported_when_the_call_returns(debug):
    session = debug("watch-O0", WATCH, args=["read"])
    session.run_to("host-write")
    watch(session, address_of(session, "input") + 2, 2)
    session.guest.write("abcdef\n")
    stop = session.go()
    assert stop.reason == "watchpoint"
    import lldb

    data = session.process.ReadMemory(address_of(session, "input"), 7, lldb.SBError())
    assert data == b"abcdef\n"
    assert "main" in session.frames()
    session.run_to("host-written")
    assert session.go_to_exit() == 0


def test_watched_memory_can_be_read_into_by_the_host(debug):
    """A watched page must not make the system call fail."""
    session = debug("watch-O0", WATCH, args=["read"])
    session.run_to("host-write")
    watch(session, address_of(session, "counter"), 4)
    session.guest.write("xyz\n")
    session.run_to("host-written")
    assert session.target.FindFirstGlobalVariable("sink").GetValueAsUnsigned() == 4


def test_watchpoint_outside_the_memory_is_refused(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("main")
    with pytest.raises((AssertionError, DeadlineError)):
        watch(session, 0x7fff0000, 4)
    session.run_to("loads")


def test_stepping_with_a_watchpoint(debug):
    session = debug("watch-O0", WATCH)
    session.run_to("count")
    session.command("watchpoint set variable counter")
    assert session.step_over().reason == "watchpoint"
    session.target.DeleteAllWatchpoints()
    assert session.step_over().function == "count"


def test_large_range_sees_what_the_host_writes(debug):
    session = debug("watch-O0", WATCH, args=["read"])
    session.run_to("host-write")
    address = address_of(session, "input")
    watch(session, address & ~0xff, 512)
    session.guest.write("abcdef\n")
    while session.path("input[0]") != "'a'":
        assert session.go().reason == "watchpoint"
    session.target.DeleteAllWatchpoints()
    assert session.go_to_exit() == 0
