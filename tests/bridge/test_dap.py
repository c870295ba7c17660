# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A DAP client on compiled code behind gdbserver, and what it costs on the link."""
import os

import pytest

import native
from client.session import Session, fixture

SOURCE = "c/control.c"
# The bounds, in round trips to the native server.
STEP_TRIPS = 12
STOP_TRIPS = 20


class Adapter(Session):
    """A session that a test keeps; it has no process to show."""

    def __init__(self, address: str = "") -> None:
        super().__init__(address)
        self.connection.seconds = native.SECONDS


@pytest.fixture
def server(parts):
    def make(name: str) -> native.Gdbserver:
        return parts(native.Gdbserver(os.environ["WDBG_STOCK_RUNNER"], str(native.guest(name))))

    return make


def walk(session: Adapter, name: str, **launch) -> None:
    """Attaches, stops in a function, steps, and lets the guest end."""
    session.attach(module=fixture("control-O0"), debugFile=f"{native.guest(name)}.debug", **launch)
    session.breakpoints(SOURCE, "steps")
    session.configured()
    assert session.stopped(native.SECONDS).reason == "breakpoint"
    assert session.at(SOURCE, "steps")
    assert session.locals()["start"].value == "10"
    session.step("next")
    assert session.at(SOURCE, "steps-call")
    session.step("stepIn")
    assert session.top().name.startswith("util_scale")
    session.breakpoints(SOURCE)
    session.resume()
    assert session.exited(native.SECONDS) == 0


def test_attach_by_native(parts, server):
    walk(parts(Adapter()), "control-Og", native=server("control-Og").address())


@pytest.mark.parametrize("machine", ["aarch64", "arm", "riscv64"])
def test_attach_to_another_machine(parts, machine):
    name = f"control-{machine}"
    qemu = parts(native.Qemu(machine, str(native.guest(name))))
    walk(parts(Adapter()), name, native=qemu.address(), hostFile=str(qemu.host))


def test_attach_says_what_is_wrong(parts, server):
    session = parts(Adapter())
    session.initialize()
    assert "module" in session.refused("attach", {"native": "127.0.0.1:1"})
    message = session.refused("attach", {
        "native": server("control-Og").address(), "module": fixture("control-O0"),
        "debugFile": f"{native.guest('control-aarch64')}.debug"})
    assert "aarch64" in message


def test_round_trips(parts, server):
    aot = native.guest("control-Og")
    bridge = parts(native.Bridge(server("control-Og").address(), aot, "control-O0",
                                 "--dap=127.0.0.1:0"))
    session = parts(Adapter(bridge.address()))
    session.attach(connect="127.0.0.1:1")
    session.breakpoints(SOURCE, "factorial-end")
    session.configured()
    session.stopped(native.SECONDS)
    before = bridge.packets()
    frames = session.stack(levels=10)
    for frame in frames:
        session.locals(frame.id)
    report = bridge.packets() - before
    steps = []
    for _ in range(4):
        before = bridge.packets()
        session.step("next")
        steps.append(bridge.packets() - before)
    print(f"stop report with {len(frames)} frames: {report}, steps: {steps}")
    assert report <= STOP_TRIPS
    assert max(steps) <= STEP_TRIPS
