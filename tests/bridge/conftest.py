# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures of pytest for the tests of `wdbg bridge`."""
import os

import pytest

import native


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture
def parts(request):
    """Keeps what a test starts and ends it, the last first; shows its output if the test fails."""
    kept = []

    def keep(part):
        kept.append(part)
        return part

    yield keep
    report = getattr(request.node, "report_call", None)
    for part in reversed(kept):
        if report is not None and report.failed and hasattr(part, "stderr"):
            report.sections.append((type(part).__name__,
                                    f"{part.stdout.text()}\n{part.stderr.text()}"))
        if report is not None and report.failed and hasattr(part, "native_log"):
            log = part.native_log
            text = log.read_text(errors="replace")[-6000:] if log.exists() else ""
            report.sections.append(("native packets (end)", text))
        part.dispose()


@pytest.fixture
def start(parts):
    """start(guest, fixture, *args): gdbserver starts the host; gives the Bridge."""

    def make(name: str, module: str, *args: str, options=()) -> native.Bridge:
        aot = native.guest(name)
        server = parts(native.Gdbserver(os.environ["WDBG_STOCK_RUNNER"], str(aot), *args))
        return parts(native.Bridge(server.address(), aot, module, *options))

    return make


@pytest.fixture
def attach(parts):
    """attach(guest, fixture, *args): a host that runs already; gives Host and Bridge. The host's
    code before anybody came near is `host.untouched`."""

    def make(name: str, module: str, *args: str, ready: str = "ready", options=()):
        aot = native.guest(name)
        host = parts(native.Host(aot, *args))
        host.stdout.wait_for(ready, native.SECONDS)
        host.untouched = host.code()
        server = parts(native.Gdbserver("--attach", str(host.pid)))
        return host, parts(native.Bridge(server.address(), aot, module, *options))

    return make


@pytest.fixture
def debug(parts):
    """debug(bridge, source): an LLDB session on it, stopped."""
    from harness.session import Session  # loads liblldb: in the test's own process only

    def make(bridge: native.Bridge, source: str) -> Session:
        session = parts(Session(source))
        session.connect(bridge)
        return session

    return make
