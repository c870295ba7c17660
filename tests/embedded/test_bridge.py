# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg bridge` on compiled code in a microcontroller, through the native debug server of qemu: LLDB sees the
guest's source. Symbols of the firmware tell where its table of modules is."""
import re
import socket

import pytest

import native
from boards import FOLDER, GUEST, compiled
from client.session import Session as Adapter
from elf import Elf
from harness.watching import address_of, watch
from link_cost import LinkCost
from relay import Relay
from test_compiled import Target as Bare

ALL = ["mps2-aot", "mps2-xip", "an500-aot", "virt32-aot"]
SUM = 140
MODES = ("SUM", "DIVIDE", "OUT_OF_BOUNDS", "SPIN", "IDLE")  # the guest's enum
SOURCE = "../firmware/guest/app.c"


class Target:
    """A board whose firmware runs as far as the debugger lets it, and what connects to it."""

    def __init__(self, name: str, keep) -> None:
        self.name = name
        self.code = FOLDER / f"app-{name}.aot"
        self.firmware = FOLDER / name / "firmware"
        self.board = keep(compiled(name))
        host, port = self.board.address().split(":")
        self.line = socket.create_connection((host, int(port)))
        self._keep = keep

    def go(self, how: bytes = b"\n") -> None:
        """What the firmware waits for before it runs the guest; `r`: it loads it again behind that."""
        self.line.sendall(how)

    def bridge(self, *options: str, code=None, symbols: bool = True,
               address: str = "") -> native.Bridge:
        """`address`: of the native server, if not the board's own."""
        host_file = [f"--host-file={self.firmware}"] if symbols else []
        return self._keep(native.Bridge(address or self.board.native_address(), code or self.code,
                                        GUEST, *host_file, *options))

    def dispose(self) -> None:
        self.line.close()


@pytest.fixture
def keep(request):
    parts = []

    def add(part):
        parts.append(part)
        return part

    yield add
    failed = getattr(request.node, "report_call", None) is not None and request.node.report_call.failed
    for part in reversed(parts):
        if failed and isinstance(part, native.Bridge):
            log = part.native_log
            request.node.report_call.sections += [
                ("bridge", part.stderr.text()),
                ("native packets (end)", log.read_text(errors="replace")[-6000:] if log.exists() else "")]
        part.dispose()


@pytest.fixture
def start(keep):
    return lambda name: keep(Target(name, keep))


@pytest.fixture(params=ALL)
def target(request, start):
    return start(request.param)


@pytest.fixture
def session(target, new_session):
    """Stopped before the guest's first instruction."""
    session = new_session(target.bridge())
    target.go()
    return session


def choose(session, mode: str) -> None:
    """What the guest does next; it stands in `run`, before it decides."""
    session.run_to("first")
    session.evaluate(f"mode = {MODES.index(mode)}")


def test_breakpoint_frames_and_values(session, target):
    session.run_to("scaled")
    assert session.frames() == ["scale", "measure", "work", "run"]
    assert session.path("scaled") == "1"
    assert session.path("reading->channel") == "1"
    session.select_frame(1)
    assert session.path("wide") == "4294967297"
    assert session.path("reading.unit") == '"mV"'
    assert session.evaluate("total + 1") == "1"
    session.run_to("bottom")
    assert session.frames() == ["factorial"] * 5 + ["work", "run"]
    assert session.go_to_exit() == SUM
    target.board.wait_for_console("guest: end\nprogram: end\n")


def test_steps(session):
    session.run_to("measure")
    session.expect_at(session.step_over(), "measured", "step")
    assert session.step_out().function == "work"
    session.run_to("factorial")
    assert session.step_in().function == "factorial"
    assert session.step_out().function == "work"


@pytest.mark.parametrize("mode, marker, text", [
    ("DIVIDE", "divide", "integer divide by zero"),
    ("OUT_OF_BOUNDS", "wild", "out of bounds memory access"),
])
def test_trap_stops_where_it_happens(session, mode, marker, text):
    choose(session, mode)
    stop = session.go()
    session.expect_at(stop, marker, "exception")
    assert text in stop.description
    assert session.frames()[1:] == ["work", "run"]
    assert session.go_to_exit() == 134


def test_watchpoints(session):
    session.run_to("first")
    written = watch(session, address_of(session, "total"), 4)
    for before, after in ((0, 2), (2, 6)):
        stop = session.go()
        assert stop.reason == "watchpoint"
        assert session.frames() == ["work", "run"]
        assert session.path("total") == str(after)
    session.target.DeleteWatchpoint(written.GetID())
    assert session.go_to_exit() == SUM


def test_interrupt_and_detach(session, target):
    choose(session, "SPIN")
    session.interrupt_in(["spin", "work", "run"], "spin")
    session.evaluate("mode = 0")
    assert session.process.Detach().Success()
    target.board.wait_for_console("guest: end\nprogram: end\n")


def test_interrupt_in_a_host_function(session):
    choose(session, "IDLE")
    session.interrupt_in(["work", "run"], "idle")


@pytest.mark.parametrize("name", ["mps2-aot-O3", "an500-aot-O3", "virt32-aot-O3"])
def test_optimised_code(start, new_session, name):
    target = start(name)
    session = new_session(target.bridge())
    target.go()
    session.break_at("factorial")
    stop = session.go()
    assert stop.reason == "breakpoint"
    assert session.frames()[-1] == "run"
    assert session.go_to_exit() == SUM


# --- Modules that come and go --------------------------------------------------------------------

def test_module_is_loaded_again(target, new_session):
    """A breakpoint is hit in what is loaded at the same address later, too."""
    session = new_session(target.bridge())
    target.go(b"r\n")
    session.break_at("factorial")
    for _ in range(2):
        session.expect_at(session.go(), "factorial")
        assert session.frames() == ["work", "run"]
    assert session.go_to_exit() == SUM
    assert target.board.console().count("guest: end") == 2


def test_breakpoints_before_the_module_is_there(target, new_session):
    """The firmware has not run at all when the client comes."""
    bridge = target.bridge("--load-limit=0")
    session = new_session(bridge)
    bridge.stderr.wait_for("has not loaded the modules yet", native.SECONDS)
    target.go()
    session.break_at("factorial")
    session.expect_at(session.go(), "factorial")
    assert session.go_to_exit() == SUM


def test_reset_while_connected(target, new_session):
    bridge = target.bridge()
    session = new_session(bridge)
    target.go()
    choose(session, "SPIN")
    session.run_free()
    target.board.wait_for_console("guest: begin\n")
    breakpoint = session.break_at("factorial")
    target.board.reset()
    target.go()
    session.expect_at(session.wait_for_stop(), "factorial")
    assert session.frames() == ["work", "run"]
    bridge.stderr.wait_for("the target was reset", native.SECONDS)
    session.target.BreakpointDelete(breakpoint.GetID())
    assert session.go_to_exit() == SUM


def test_another_build_is_refused(start):
    target = start("mps2-aot")
    target.go()
    status, stderr = target.bridge(code=FOLDER / "app-mps2-aot-O3.aot").finish()
    ids = [Elf(FOLDER / f"app-{name}.aot.debug").section(".note.gnu.build-id")[16:].hex()
           for name in ("mps2-aot", "mps2-aot-O3")]
    assert status == 1
    assert re.search(rf"app\.wasm has build id {ids[0]}, \S+ has build id {ids[1]}", stderr)


# --- A lost link ---------------------------------------------------------------------------------

def test_link_comes_back(target, keep, new_session):
    relay = keep(Relay(target.board.native_address()))
    bridge = target.bridge("--reconnect=30", address=relay.address())
    session = new_session(bridge)
    target.go()
    choose(session, "SPIN")
    session.break_at("end")
    session.run_free()
    target.board.wait_for_console("guest: begin\n")
    relay.cut()
    assert session.wait_for_stop().reason == "signal"
    assert session.frames()[-1] == "run"
    bridge.stderr.wait_for("trying to reach it again", native.SECONDS)
    session.evaluate("mode = 0")
    session.expect_at(session.go(), "end")
    assert session.path("result") == "1"


def test_link_comes_back_to_a_target_that_stands(start, keep, new_session):
    target = start("virt32-aot")
    relay = keep(Relay(target.board.native_address()))
    bridge = target.bridge("--reconnect=30", address=relay.address())
    session = new_session(bridge)
    target.go()
    session.run_to("factorial")
    session.break_at("bottom")
    relay.cut()
    bridge.stderr.wait_for("is there again", native.SECONDS)
    session.expect_at(session.go(), "bottom")
    assert session.go_to_exit() == SUM


def test_loss_is_told(start, keep, new_session):
    target = start("mps2-aot")
    relay = keep(Relay(target.board.native_address()))
    bridge = target.bridge(address=relay.address())
    session = new_session(bridge)
    target.go()
    session.run_to("factorial")
    relay.cut()
    status, stderr = bridge.finish()
    assert status == 1
    assert "the connection to the server is lost" in stderr
    assert "could not be removed from the target's code at 0x" in stderr


# --- Without symbols -----------------------------------------------------------------------------

def areas(target, *names: str) -> list[str]:
    """--search options for what lies between pairs of the firmware's symbols."""
    symbols = Elf(target.firmware).symbols
    places = [symbols[name] for name in names]
    return [f"--search=0x{begin:x}+0x{end - begin:x}" for begin, end in zip(places[::2], places[1::2])]


def test_table_is_found_by_its_magic_number(target, new_session):
    session = new_session(target.bridge(*areas(target, "board_bss", "board_bss_end"), symbols=False))
    target.go()
    session.run_to("factorial")
    assert session.frames() == ["work", "run"]
    assert session.go_to_exit() == SUM


@pytest.mark.parametrize("name", ["mps2-aot", "virt32-aot"])
def test_code_is_found_where_it_runs(start, new_session, name):
    """Without the table, in memory that holds the loader's input as well: there the same code is not
    relocated."""
    target = start(name)
    symbols = Elf(target.firmware).symbols
    options = [f"--search=0x{symbols['image']:x}+0x10000", f"--search=0x{symbols['pool']:x}+0x100000"]
    session = new_session(target.bridge(*options, symbols=False))
    target.go()
    session.run_to("factorial")
    assert session.frames() == ["work", "run"]
    assert session.go_to_exit() == SUM


def test_load_address_of_code_that_is_not_there_yet(start, keep, new_session):
    bare = keep(Bare("mps2-aot"))
    bare.native.run_to(bare.changed)
    address = bare.modules()[0].code
    target = start("mps2-aot")
    session = new_session(target.bridge(f"--load-address=0x{address:x}", symbols=False))
    target.go()
    session.run_to("factorial")
    assert session.go_to_exit() == SUM


# --- DAP -----------------------------------------------------------------------------------------

def test_an_editor_attaches(target, keep):
    adapter = keep(Adapter())
    adapter.connection.seconds = native.SECONDS
    adapter.attach(native=target.board.native_address(), module=str(GUEST),
                   debugFile=f"{target.code}.debug", hostFile=str(target.firmware))
    adapter.breakpoints(SOURCE, "measure")
    target.go()
    adapter.configured()
    assert adapter.stopped(native.SECONDS).reason == "breakpoint"
    assert [frame.name for frame in adapter.stack()] == ["measure", "work", "run"]
    assert adapter.locals()["channel"].value == "1"
    adapter.step("stepIn")
    assert adapter.top().name == "scale"
    adapter.step("stepOut")
    adapter.step("next")
    assert adapter.at(SOURCE, "measured")
    adapter.breakpoints(SOURCE)
    adapter.resume()
    assert adapter.exited(native.SECONDS) == SUM


# --- What it costs -------------------------------------------------------------------------------

STEP_TRIPS, STEP_MILLISECONDS, STOP_TRIPS = 12, 400, 20


@pytest.mark.parametrize("marker", ["bottom", "measure", "loop"])
def test_round_trips(target, keep, marker):
    bridge = target.bridge("--dap=127.0.0.1:0")
    adapter = keep(Adapter(bridge.address()))
    adapter.connection.seconds = native.SECONDS
    adapter.attach(connect="127.0.0.1:1")
    adapter.breakpoints(SOURCE, marker)
    target.go()
    adapter.configured()
    adapter.stopped(native.SECONDS)
    report = LinkCost(bridge.native_log)
    frames = adapter.stack(levels=10)
    for frame in frames:
        adapter.locals(frame.id)
    print(f"stop report, {len(frames)} frames: {report.trips()} trips, {report.bytes()} bytes, "
          f"{report.milliseconds():.0f} ms")
    report.assert_nothing_twice()
    assert report.trips() <= STOP_TRIPS
    for _ in range(4):
        step = LinkCost(bridge.native_log)
        adapter.step("next")
        print(f"step: {step.trips()} trips, {step.bytes()} bytes, {step.milliseconds():.0f} ms")
        step.assert_nothing_twice()
        assert step.trips() <= STEP_TRIPS
        assert step.milliseconds() <= STEP_MILLISECONDS


def test_an_editors_link_comes_back(start, keep):
    target = start("virt32-aot")
    relay = keep(Relay(target.board.native_address()))
    adapter = keep(Adapter())
    adapter.connection.seconds = native.SECONDS
    adapter.attach(native=relay.address(), module=str(GUEST), reconnect=30,
                   debugFile=f"{target.code}.debug", hostFile=str(target.firmware))
    adapter.breakpoints(SOURCE, "measure")
    target.go()
    adapter.configured()
    adapter.stopped(native.SECONDS)
    relay.cut()
    while "is there again" not in adapter.connection.event("output")["body"]["output"]:
        pass
    adapter.stopped(native.SECONDS)
    adapter.step("stepIn")
    assert adapter.top().name == "scale"
    adapter.breakpoints(SOURCE)
    adapter.resume()
    assert adapter.exited(native.SECONDS) == SUM
