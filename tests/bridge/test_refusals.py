# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does not belong together is refused, with what would be right."""
import os
import re

import native


def refused(parts, server, *options, aot="control-Og", module="control-O0") -> str:
    bridge = parts(native.Bridge(server, native.guest(aot), module, *options))
    status, stderr = bridge.finish()
    assert status == 1, stderr
    return stderr


def busy(parts) -> tuple[native.Host, native.Gdbserver]:
    host = parts(native.Host(native.guest("busy-O3"), native.ROUNDS))
    host.stdout.wait_for("ready", native.SECONDS)
    return host, parts(native.Gdbserver("--attach", str(host.pid)))


def test_code_that_is_not_there(parts):
    host, server = busy(parts)
    stderr = refused(parts, server.address(), "--load-limit=0")
    assert re.search(r"build id [0-9a-f]{40}\) is not in the target's memory", stderr)
    assert host.running() and host.tracer() == 0


def test_other_code_at_the_address(parts):
    host, server = busy(parts)
    begin = next(line.split("-")[0] for line in host.code()
                 if "/" not in line and "[" not in line)
    stderr = refused(parts, server.address(), f"--load-address=0x{begin}", "--load-limit=0")
    assert re.search(r"build id [0-9a-f]{40}.*made with [0-9a-f]+…, this is [0-9a-f]+…", stderr)
    assert host.running() and host.tracer() == 0


def test_another_machine(parts):
    _, server = busy(parts)
    stderr = refused(parts, server.address(), aot="control-aarch64")
    assert "the target is x86-64, the debug file is for aarch64" in stderr


def test_nobody_listens(parts):
    assert "cannot connect to 127.0.0.1:1:" in refused(parts, "127.0.0.1:1")


def test_a_debug_file_that_is_none(parts):
    stderr = refused(parts, "127.0.0.1:1",
                     f"--debug-file={os.environ['WDBG_STOCK_RUNNER']}")
    assert "127.0.0.1" not in stderr and "wamr_stock_runner" in stderr
