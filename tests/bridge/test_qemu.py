# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLDB on compiled code of another machine, behind QEMU's user mode: no file requests, no memory map."""
import pytest

import native

MACHINES = ["aarch64", "arm", "riscv64"]


@pytest.fixture(params=MACHINES)
def machine(request) -> str:
    return request.param


@pytest.fixture
def session(machine, parts, debug):
    aot = native.guest(f"control-{machine}")
    qemu = parts(native.Qemu(machine, str(aot)))
    bridge = parts(native.Bridge(qemu.address(), aot, "control-O0", f"--host-file={qemu.host}"))
    return debug(bridge, "c/control.c")


def test_breakpoint_backtrace_and_locals(session):
    session.run_to("steps")
    assert session.frames()[:3] == ["steps", "main", "_start"]
    assert session.integer("start") == 10
    assert session.integer("total", frame=1) == 4950
    assert session.go_to_exit() == 0


def test_steps(session):
    session.run_to("steps")
    session.expect_at(session.step_over(), "steps-call", "step")
    assert session.step_in().function == "util_scale"
    session.step_out()
    assert session.frames()[0] == "steps"
    session.run_to("factorial-end")
    assert session.frames().count("factorial") == 5
