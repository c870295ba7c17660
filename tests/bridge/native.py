# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A stock WAMR process, a gdbserver on it, and `wdbg bridge` on that."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile

from harness import paths
from harness.deadline import wait_for
from harness.guest import Child

SECONDS = 30.0
# For the guest `busy`: longer than any test, but it ends should a test be cut off.
ROUNDS = "40000000000"


def guest(name: str) -> pathlib.Path:
    """The compiled guest `name`, e.g. "control-Og"."""
    return pathlib.Path(os.environ["WDBG_BRIDGE_GUESTS"]) / f"{name}.aot"


class Host(Child):
    """A stock WAMR process that runs an .aot by itself, in no process group of its own."""

    def __init__(self, aot: pathlib.Path, *args: str) -> None:
        super().__init__([os.environ["WDBG_STOCK_RUNNER"], str(aot), *args])

    def tracer(self) -> int:
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"TracerPid:\s*(\d+)", status)[1])

    def code(self) -> dict[str, bytes]:
        """All executable memory, by its line in /proc/PID/maps."""
        found = {}
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            for line in pathlib.Path(f"/proc/{self.pid}/maps").read_text().splitlines():
                span, permissions = line.split()[:2]
                if "x" in permissions and "[v" not in line:
                    begin, end = (int(number, 16) for number in span.split("-"))
                    memory.seek(begin)
                    found[line] = memory.read(end - begin)
        return found

    def dispose(self) -> None:
        self.kill()


class Gdbserver(Child):
    """gdbserver on a port of its choice; `target` is what it starts, or --attach PID."""

    def __init__(self, *target: str) -> None:
        options = []
        if target[0] == "--attach":
            options, target = ["--attach"], target[1:]
        super().__init__([os.environ["WDBG_GDBSERVER"], "--once", *options, "127.0.0.1:0", *target],
                         stdin=subprocess.DEVNULL)
        self.stderr.wait_for("Listening on port", SECONDS)
        wait_for("the port", self._port)

    def _port(self) -> str:
        match = re.search(r"Listening on port (\d+)\n", self.stderr.text())
        return match[1] if match else ""

    def address(self) -> str:
        return f"127.0.0.1:{self._port()}"

    def dispose(self) -> None:
        started = re.search(r"created; pid = (\d+)", self.stderr.text())
        if started:  # a bridge may have let it go
            self._end_host(int(started[1]))
        self.end(SECONDS)

    @staticmethod
    def _end_host(pid: int) -> None:
        """Ends the process if it is still the one that was started."""
        try:
            if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(os.environ["WDBG_STOCK_RUNNER"]):
                os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass


class Qemu(Child):
    """QEMU's user mode with its GDB server, on a stock WAMR host for `machine`."""

    def __init__(self, machine: str, *args: str) -> None:
        self.host = pathlib.Path(os.environ["WDBG_BRIDGE_GUESTS"]) / machine / "host"
        with socket.socket() as link:  # QEMU does not tell a port of its own choice
            link.bind(("127.0.0.1", 0))
            self._port = link.getsockname()[1]
        super().__init__(
            [os.environ[f"WDBG_QEMU_{machine}"], "-g", str(self._port), str(self.host), *args],
            stdin=subprocess.DEVNULL)
        wait_for("QEMU's port", self._listens, SECONDS)

    def _listens(self) -> bool:
        """Without a connection: QEMU takes one only."""
        if not self.running():
            raise AssertionError(f"QEMU ended: {self.stderr.text()}")
        listening = f":{self._port:04X} 00000000:0000 0A"
        return listening in pathlib.Path("/proc/net/tcp").read_text()

    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def dispose(self) -> None:
        self.kill()


class Bridge(Child):
    """`wdbg bridge`; stands for the guest in a harness.session.Session."""

    def __init__(self, native: str, aot: pathlib.Path, module: str | pathlib.Path,
                 *options: str) -> None:
        """`module`: a fixture's name, or a path."""
        self._folder = tempfile.TemporaryDirectory(prefix="wdbg-bridge-")
        self._listen_file = pathlib.Path(self._folder.name) / "listen"
        self.native_log = pathlib.Path(self._folder.name) / "native.log"
        self.module = module if isinstance(module, pathlib.Path) else paths.fixture(module)
        self.command = [str(paths.wdbg()), "bridge", "-v", f"--native={native}",
                        f"--module={self.module}", f"--debug-file={aot}.debug",
                        f"--listen-file={self._listen_file}", f"--log-native={self.native_log}",
                        *options]
        super().__init__(self.command, stdin=subprocess.DEVNULL)

    def address(self) -> str:
        def read() -> str:
            if not self.running():
                raise AssertionError(f"the bridge ended: {self.stderr.text()}")
            text = self._listen_file.read_text() if self._listen_file.exists() else ""
            return text.strip() if text.endswith("\n") else ""

        return wait_for("the listen file", read, SECONDS)

    def finish(self) -> tuple[int, str]:
        """Exit status and stderr."""
        status = self._process.wait(SECONDS)
        return status, self.stderr.at_end(SECONDS)

    def packets(self) -> int:
        """Sent to the native server so far."""
        lines = self.native_log.read_text(errors="replace").splitlines()
        return sum(1 for line in lines if " -> $" in line)

    def dispose(self) -> None:
        self.end(SECONDS)
        self._folder.cleanup()
